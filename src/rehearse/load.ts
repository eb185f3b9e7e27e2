/** Load on a rehearsal host, sent from this machine by a process inside the host's network. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { RehearsalHost } from './host.ts';
import type { LoadOptions } from './load/options.ts';
import type { LoadResult } from './load/tally.ts';
import { environment, lastLines } from '../process/run.ts';
import { sleep } from '../process/sleep.ts';
import { ownFile } from '../process/own-files.ts';

/** Node runs what was compiled; the tests run from src/. */
const worker = fileURLToPath(ownFile('dist/rehearse/load/worker.js'));

type Message = { ready: true } | { requests: number; seen: number } | { result: LoadResult };

/** Seconds in which each client must have seen a switch. */
const patience = 15;

export class Load {
  /** Requests sent so far. */
  requests = 0;
  #seen = 0;
  #ready = false;
  #result: LoadResult | null = null;
  #ended = false;
  #stderr = '';
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on('message', (message: Message) => {
      if ('ready' in message) this.#ready = true;
      else if ('result' in message) this.#result = message.result;
      else {
        this.requests = message.requests;
        this.#seen = message.seen;
      }
    });
    child.stderr?.on('data', (chunk: Buffer) => { this.#stderr = lastLines(this.#stderr + String(chunk), 10); });
    child.on('error', cause => {
      this.#stderr += cause.message;
      this.#ended = true;
    });
    child.on('exit', () => { this.#ended = true; });
  }

  /**
   * Starts the load and waits until each client has had an answer and each websocket is open (or failed to).
   * @throws Error when it cannot be started.
   */
  static async start(host: RehearsalHost, options: LoadOptions): Promise<Load> {
    const load = new Load(spawn('setpriv', [
      '--pdeathsig=TERM', 'nsenter', `--target=${host.leader}`, '--net', process.execPath, worker,
      JSON.stringify(options),
    ], { env: environment(), stdio: ['ignore', 'ignore', 'pipe', 'ipc'] }));
    while (!load.#ready) {
      load.#check();
      await sleep(20);
    }
    return load;
  }

  /**
   * Waits until that many requests were sent.
   * @throws Error when the load ends before.
   */
  async reached(requests: number): Promise<void> {
    while (this.requests < requests) {
      this.#check();
      if (this.#result !== null) throw new Error('the load took its time before all was done');
      await sleep(20);
    }
  }

  /** Waits until each client has seen that many changes of release; a client that does not is left to the result. */
  async saw(changes: number): Promise<void> {
    for (const begun = Date.now(); this.#seen < changes && Date.now() - begun < patience * 1000;) {
      this.#check();
      await sleep(20);
    }
  }

  /** Lets it send what was wanted, ends it, and returns what it saw. */
  async stop(): Promise<LoadResult> {
    if (this.#child.connected) this.#child.send('stop');
    while (this.#result === null) {
      this.#check();
      await sleep(20);
    }
    return this.#result;
  }

  /** Ends it at once. */
  abandon(): void {
    this.#child.kill('SIGKILL');
  }

  #check(): void {
    if (this.#ended && this.#result === null) throw new Error(`the load ended without a result\n${this.#stderr}`);
    if (this.#result !== null && !this.#ready) {
      throw new Error('the load took its time without an answer to each client');
    }
  }
}
