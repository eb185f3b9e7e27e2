// Clients of the load balancer: one request, a load of them, a websocket. Each request has a connection of its own, so
// that a reload, which ends idle connections, cannot be taken for a failure; nothing is retried.
import { request as plain, type IncomingHttpHeaders } from 'node:http';
import { request as encrypted } from 'node:https';
import { connect } from 'node:tls';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** What the tests' app says. */
export interface Seen {
  readonly host: string;
  readonly release: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}
export const seen = ({ text }: Answer): Seen => JSON.parse(text) as Seen;

export class Client {
  readonly #address: string;
  readonly #ca: () => string;

  /** `ca`: whom it believes, asked at each request. */
  constructor(address: string, ca: () => string) {
    this.#address = address;
    this.#ca = ca;
  }

  /** A request, sent to the load balancer whatever its domain. */
  get(url: string, headers: Readonly<Record<string, string>> = {}, method = 'GET'): Promise<Answer> {
    const { protocol, hostname, pathname, search } = new URL(url);
    const options = {
      method, host: this.#address, path: pathname + search, headers: { host: hostname, ...headers }, agent: false,
      timeout: 15_000,
    } as const;
    return new Promise((resolve, reject) => {
      const request = protocol === 'https:' ? encrypted({ ...options, servername: hostname, ca: this.#ca() })
        : plain(options);
      request.on('response', response => {
        let text = '';
        response.on('data', data => { text += String(data); });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
      });
      request.on('timeout', () => request.destroy(new Error('no answer in 15 s')));
      request.on('error', reject);
      request.end();
    });
  }

  /**
   * Asks with several at once while `work` runs, and a second longer; with the methods in turn (a POST may be sent to
   * one host only).
   */
  async load(
    url: string, work: () => Promise<unknown>, methods = ['GET'],
  ): Promise<{ asked: number; failed: string[]; slowest: number; answers: Seen[] }> {
    let isOver = false;
    const [failed, answers]: [string[], Seen[]] = [[], []];
    let [asked, slowest] = [0, 0];
    const one = async (): Promise<void> => {
      while (!isOver) {
        const start = performance.now();
        const method = methods[asked++ % methods.length];
        try {
          const answer = await this.get(url, {}, method);
          if (answer.status === 200) answers.push(seen(answer));
          else failed.push(`${method}: HTTP ${answer.status}`);
        } catch (cause) {
          failed.push(String(cause));
        }
        slowest = Math.max(slowest, performance.now() - start);
        await new Promise(resolve => setTimeout(resolve, 10));
      }
    };
    const clients = Array.from({ length: 4 }, one);
    await new Promise(resolve => setTimeout(resolve, 500));
    try {
      await work();
      await new Promise(resolve => setTimeout(resolve, 1000));
    } finally {
      isOver = true;
      await Promise.all(clients);
    }
    return { asked, failed, slowest, answers };
  }

  /** Upgrades, says one line, and returns the first lines of the answer and what came back. */
  upgrade(domain: string, line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(
        { host: this.#address, port: 443, servername: domain, ca: this.#ca(), ALPNProtocols: ['http/1.1'] }, () => {
          socket.write(`GET /ws HTTP/1.1\r\nHost: ${domain}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
        },
      );
      socket.on('data', data => {
        const isFirst = text === '';
        text += String(data);
        if (isFirst) socket.write(`${line}\n`);
        if (text.endsWith(`${line}\n`)) socket.end();
      });
      socket.on('close', () => resolve(text));
      socket.on('error', reject);
      setTimeout(() => socket.destroy(), 5000).unref();
    });
  }
}
