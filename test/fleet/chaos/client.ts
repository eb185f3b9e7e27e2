// The client of the chaos test: asks every app on every host again and again, each time over a new connection, and
// knows when a failure is excused: from a fault until the first answer after it.
import { request } from 'node:http';
import { sleep } from '../../../src/process/sleep.ts';

export interface Target {
  readonly host: string;
  readonly address: string;
  readonly app: string;
}

/** Milliseconds between two requests for one target, and what one may take. */
const PACE = 40;
const PATIENCE = 20_000;
/** More than nginx keeps in memory of a body that it buffers. */
const UPLOAD = Buffer.alloc(200_000, 'x');

export class ChaosClient {
  asked = 0;
  excused = 0;
  /** Failures that nothing excuses, with the moment at which the request was sent. */
  readonly failed: string[] = [];
  readonly #faults = new Map<string, { from: number; until: number }[]>();
  readonly #loops: Promise<void>[];
  #isOver = false;

  constructor(targets: readonly Target[]) {
    this.#loops = targets.map(target => this.#loop(target));
  }

  /**
   * Excuses failures of a host from now until every app of it has answered anew after `action`.
   * @throws Error when one does not answer within `seconds` after it.
   */
  async during(targets: readonly Target[], seconds: number, action: () => Promise<unknown>): Promise<void> {
    const fault = { from: Date.now(), until: Infinity };
    const host = targets[0]?.host ?? '';
    this.#faults.set(host, [...this.#faults.get(host) ?? [], fault]);
    await action();
    const end = Date.now() + seconds * 1000;
    await Promise.all(targets.map(async target => {
      for (;;) {
        const is = await ask(target).then(({ status }) => `HTTP ${status}`, (cause: unknown) => String(cause));
        if (is === 'HTTP 200') return;
        if (Date.now() > end) throw new Error(`${target.app} on ${host}: ${is} still ${seconds} s after the fault`);
        await sleep(PACE);
      }
    }));
    fault.until = Date.now();
  }

  /** Ends it; all that was asked is answered or failed then. */
  async stop(): Promise<void> {
    this.#isOver = true;
    await Promise.all(this.#loops);
  }

  async #loop(target: Target): Promise<void> {
    while (!this.#isOver) {
      const sent = Date.now();
      const body = this.asked++ % 8 === 0 ? UPLOAD : null;
      try {
        const { status } = await ask(target, body);
        if (status !== 200) this.#judge(target, sent, `HTTP ${status}`);
      } catch (cause) {
        this.#judge(target, sent, (cause as Error).message);
      }
      await sleep(PACE);
    }
  }

  #judge({ host, app }: Target, sent: number, what: string): void {
    const now = Date.now();
    const isExcused = (this.#faults.get(host) ?? []).some(({ from, until }) => now >= from && sent <= until);
    if (isExcused) this.excused++;
    else this.failed.push(`${new Date(sent).toISOString()} ${app} on ${host}: ${what} after ${now - sent} ms`);
  }
}

/** One GET through nginx, or a POST of a body. Rejects when there is no answer. */
export function ask({ address, app }: Target, body: Buffer | null = null): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const one = request({
      host: address, port: 80, path: '/', method: body === null ? 'GET' : 'POST', agent: false, timeout: PATIENCE,
      headers: { host: `${app}.example`, ...body === null ? {} : { 'content-length': body.length } },
    }, response => {
      let text = '';
      response.on('data', data => { text += String(data); });
      response.on('error', reject);
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text: text.trim() }));
    });
    one.on('timeout', () => one.destroy(new Error(`no answer in ${PATIENCE / 1000} s`)));
    one.on('error', reject);
    one.end(body);
  });
}
