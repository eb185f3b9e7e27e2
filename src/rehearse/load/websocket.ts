/** A websocket that says something again and again and wants it back, RFC 6455; no more of it than that takes. */
import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { hostOf, openSocket, type Destination } from './socket.ts';

/** Milliseconds between two messages, and how long an echo may take. */
const pause = 100;
const patience = 10_000;

export interface SocketReport {
  opened: boolean;
  echoes: number;
  /** Why it ended before it was asked to; null if it did not. */
  dropped: string | null;
}

export class WebSocketClient {
  readonly report: SocketReport = { opened: false, echoes: 0, dropped: null };
  readonly #socket: Socket;
  readonly #key = randomBytes(16).toString('base64');
  readonly #settle: () => void;
  /** Resolves when it is open, or will never be. */
  readonly settled: Promise<void>;
  #received = Buffer.alloc(0);
  /** The release that answered first: the connection stays with its slot, so that no other may answer later. */
  #release: string | null = null;
  #sent = '';
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(to: Destination, path: string) {
    let settle = (): void => undefined;
    this.settled = new Promise(resolve => { settle = resolve; });
    this.#settle = settle;
    this.#socket = openSocket(to);
    this.#socket.setTimeout(patience, () => this.#drop(`silent for ${patience / 1000} s`));
    this.#socket.on('data', chunk => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#read();
    });
    this.#socket.on('error', cause => this.#drop(cause.message));
    this.#socket.on('close', () => this.#drop('closed'));
    this.#socket.write([
      `GET ${path} HTTP/1.1`, `Host: ${hostOf(to)}`, 'Connection: Upgrade', 'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${this.#key}`, '', '',
    ].join('\r\n'));
  }

  /** Closes it; what comes after is no drop. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
    if (!this.#socket.destroyed) this.#socket.end(frame(8, ''));
    this.#socket.destroySoon();
  }

  #read(): void {
    if (!this.report.opened) {
      const end = this.#received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.#received.toString('latin1', 0, end + 2);
      this.#received = this.#received.subarray(end + 4);
      const accept = createHash('sha1').update(`${this.#key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
      if (!head.startsWith('HTTP/1.1 101 ') || !head.includes(`: ${accept}\r\n`)) {
        this.#drop(`no websocket: ${head.split('\r\n')[0] ?? ''}`);
        return;
      }
      this.report.opened = true;
      this.#settle();
      this.#say();
    }
    for (let message = this.#next(); message !== null; message = this.#next()) this.#hear(message.kind, message.text);
  }

  /** Takes one whole frame of the server off what was received; they are not masked. */
  #next(): { kind: number; text: string } | null {
    const [first = 0, second = 0] = this.#received;
    const long = second === 126;
    const start = long ? 4 : 2;
    if (this.#received.length < start) return null;
    const size = long ? this.#received.readUInt16BE(2) : second;
    if (this.#received.length < start + size) return null;
    const text = this.#received.toString('utf8', start, start + size);
    this.#received = this.#received.subarray(start + size);
    return { kind: first & 15, text };
  }

  #hear(kind: number, text: string): void {
    if (kind === 9) this.#socket.write(frame(10, text));
    if (kind === 8) this.#drop('closed by the server');
    if (kind !== 1) return;
    const [release = '', echo = ''] = text.split(' ');
    this.#release ??= release;
    if (release !== this.#release || echo !== this.#sent) {
      this.#drop(`wrong echo "${text.slice(0, 60)}"`);
      return;
    }
    this.report.echoes += 1;
    this.#timer = setTimeout(() => this.#say(), pause);
  }

  #say(): void {
    this.#sent = `message-${this.report.echoes}`;
    this.#socket.write(frame(1, this.#sent));
  }

  #drop(reason: string): void {
    if (!this.#ended) this.report.dropped ??= reason;
    this.#ended = true;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    this.#settle();
  }
}

/** A masked frame with less than 126 bytes. */
function frame(kind: number, text: string): Buffer {
  const [data, mask] = [Buffer.from(text), randomBytes(4)];
  return Buffer.concat([
    Buffer.from([0x80 | kind, 0x80 | data.length]), mask, data.map((byte, i) => byte ^ (mask[i % 4] ?? 0)),
  ]);
}
