// A stand-in for a slot's process, which says what came to it, and a client; both with sockets of a namespace.
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { once } from 'node:events';
import type { Inside } from './namespace.ts';

/** What a slot saw of a request; every header with all its values. */
export interface Seen { readonly slot: string; readonly method: string; readonly url: string;
  readonly headers: Record<string, string[]>; readonly bytes: number }

const all = async (message: IncomingMessage): Promise<Buffer> => {
  const pieces: Buffer[] = [];
  for await (const piece of message) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
};

function headersOf({ rawHeaders }: IncomingMessage): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let i = 0; i < rawHeaders.length;
    i += 2) (headers[rawHeaders[i]!.toLowerCase()] ??= []).push(rawHeaders[i + 1]!);
  return headers;
}

/** Serves a slot's port: answers with what it saw; what it upgrades, it repeats with its name before. */
export async function serveSlot(host: Inside, slot: string, port: number): Promise<{ close(): void }> {
  const sockets = new Set<Socket>();
  const web: Server = createServer((message, response) => {
    void all(message).then(body => {
      const seen: Seen = { slot, method: message.method ?? '', url: message.url ?? '', headers: headersOf(message),
        bytes: body.length };
      response.end(JSON.stringify(seen));
    }, () => response.destroy());
  });
  web.on('upgrade', (message, socket: Socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n'
      + `Sec-WebSocket-Accept: for-${String(message.headers['sec-websocket-key'])}\r\n\r\n`);
    socket.on('data', data => socket.write(`${slot}:${String(data)}`));
    socket.on('error', () => socket.destroy());
  });
  const listening = await host.listen(port);
  listening.on('connection', socket => {
    sockets.add(socket);
    web.emit('connection', socket);
    socket.resume();
  });
  return {
    close: () => {
      listening.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

export interface Asked { readonly method?: string; readonly headers?: Record<string, string>;
  readonly body?: readonly Buffer[]; readonly address?: string }
export interface Answer { readonly status: number; readonly text: string; seen(): Seen }

/** One request on a connection of its own. A body is sent in pieces, without a length. */
export async function ask(host: Inside, port: number, path: string,
    { method = 'GET', headers = {}, body = [], address }: Asked = {}): Promise<Answer> {
  const socket = await host.connect(port, address);
  const sent = request({ method, path, headers: { Host: 'app.example:8443', ...headers }, createConnection: () =>
    socket });
  sent.on('error', () => undefined);
  for (const piece of body) sent.write(piece);
  if (headers['Content-Length'] === undefined) sent.end();
  else sent.flushHeaders();
  const [response] = await once(sent, 'response', { signal: AbortSignal.timeout(5000) }) as [IncomingMessage];
  const text = String(await all(response));
  socket.destroy();
  return { status: response.statusCode ?? 0, text, seen: () => JSON.parse(text) as Seen };
}

/** Opens a websocket; the answer to the handshake, and a way to say something and hear the reply. */
export async function upgrade(host: Inside, port: number): Promise<{ accept: string;
    say(text: string): Promise<string>; close(): void }> {
  const socket = await host.connect(port);
  const sent = request({ path: '/socket', createConnection: () => socket,
    headers: { Host: 'app.example', Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Key': 'k',
      'Sec-WebSocket-Version': '13' } });
  sent.end();
  const [response, upgraded] = await once(sent, 'upgrade', { signal: AbortSignal.timeout(5000) }) as [IncomingMessage,
    Socket];
  return {
    accept: String(response.headers['sec-websocket-accept']),
    say: async text => {
      upgraded.write(text);
      return String((await once(upgraded, 'data', { signal: AbortSignal.timeout(5000) }))[0]);
    },
    close: () => upgraded.destroy(),
  };
}
