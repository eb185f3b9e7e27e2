/** One keep-alive connection of a client, as bytes on a socket: nothing is retried and no broken answer is forgiven. */
import type { Socket } from 'node:net';
import { openSocket, type Destination } from './socket.ts';

export interface Answer {
  status: number;
  body: Buffer;
  /** The server said that it closes the connection after this answer, which is no fault: RFC 9112, 9.6. */
  closes: boolean;
}

/** The connection ended though nobody had announced it. */
export class Cut extends Error {}

/** Seconds that an answer may take. */
const patience = 30;
const none: Buffer = Buffer.alloc(0);

interface Waiting {
  resolve: (answer: Answer) => void;
  reject: (reason: Error) => void;
}

export class HttpConnection {
  readonly #socket: Socket;
  #received: Buffer = none;
  #waiting: Waiting | null = null;
  #broken: Error | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setTimeout(patience * 1000, () => this.#fail(new Error(`no answer in ${patience} s`)));
    socket.on('data', chunk => this.#take(chunk));
    socket.on('error', cause => this.#fail(new Cut(cause.message)));
    socket.on('close', () =>
      this.#fail(new Cut(this.#received.length > 0 ? 'cut in an answer' : 'closed unannounced')));
  }

  /** @throws Error when nobody takes the connection, or its certificate is not right. */
  static open(to: Destination): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const socket = openSocket(to, () => {
        socket.off('error', reject);
        resolve(new HttpConnection(socket));
      });
      socket.once('error', reject);
    });
  }

  /**
   * Sends one request and waits for its answer; one at a time.
   * @throws Cut when the connection ends first, Error when what comes back is no answer.
   */
  ask(request: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#broken !== null) {
        reject(this.#broken);
        return;
      }
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  end(): void {
    this.#broken = new Cut('ended here');
    this.#socket.destroy();
  }

  #fail(reason: Error): void {
    this.#broken ??= reason;
    const waiting = this.#waiting;
    this.#waiting = null;
    this.#socket.destroy();
    waiting?.reject(this.#broken);
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    const waiting = this.#waiting;
    if (waiting === null) {
      this.#fail(new Error('bytes that nobody asked for'));
      return;
    }
    let answer: Answer | null;
    try {
      answer = readResponse(this.#received);
    } catch (cause) {
      this.#fail(cause as Error);
      return;
    }
    if (answer === null) return;
    this.#received = none;
    this.#waiting = null;
    waiting.resolve(answer);
  }
}

/**
 * An answer that is there whole, RFC 9112; null while more has to come.
 * @throws Error when it is none, or something follows it.
 */
export function readResponse(bytes: Buffer): Answer | null {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) {
    if (bytes.length > 65_536) throw new Error('a head without an end');
    return null;
  }
  const head = bytes.toString('latin1', 0, end + 2);
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  if (!status) throw new Error(`no answer of HTTP/1.1: ${JSON.stringify(head.slice(0, 40))}`);
  const rest = bytes.subarray(end + 4);
  const closes = /\r\nconnection: *close\r\n/i.test(head);
  if (status === 204 || status === 304) return whole(status, none, closes, rest.length);
  if (/\r\ntransfer-encoding: *chunked\r\n/i.test(head)) {
    const chunks = readChunks(rest);
    return chunks === null ? null : whole(status, chunks.body, closes, rest.length - chunks.size);
  }
  const size = Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1] ?? Number.NaN);
  if (Number.isNaN(size)) throw new Error('an answer that does not say how long it is');
  return rest.length < size ? null : whole(status, rest.subarray(0, size), closes, rest.length - size);
}

function whole(status: number, body: Buffer, closes: boolean, surplus: number): Answer {
  if (surplus > 0) throw new Error(`${surplus} bytes more than the answer has`);
  return { status, body, closes };
}

function readChunks(bytes: Buffer): { body: Buffer; size: number } | null {
  const parts: Buffer[] = [];
  for (let at = 0; ;) {
    const end = bytes.indexOf('\r\n', at);
    if (end < 0) return null;
    const size = Number.parseInt(bytes.toString('latin1', at, end), 16);
    if (Number.isNaN(size)) throw new Error('a chunk that does not say how long it is');
    const next = end + 2 + size + 2;
    if (bytes.length < next) return null;
    if (size === 0) return { body: Buffer.concat(parts), size: next };
    parts.push(bytes.subarray(end + 2, end + 2 + size));
    at = next;
  }
}
