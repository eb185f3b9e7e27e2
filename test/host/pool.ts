// Hosts that tests take in turns: one after the other on each host, as many at once as there are hosts.
import type { Victim } from './killer.ts';
import type { Letter } from './pair.ts';

interface Waiter {
  readonly from: Letter | null;
  readonly take: (victim: Victim) => void;
}

export class Pool {
  readonly #all: Victim[];
  readonly #free: Victim[];
  readonly #waiting: Waiter[] = [];

  constructor(victims: Victim[]) {
    this.#all = victims;
    this.#free = [...victims];
  }

  /**
   * Runs `action` on a host that has tree `from` (null: any), once one is free. After a failure nobody knows what is on
   * the host; whoever comes next then installs first.
   */
  async use(from: Letter | null, action: (victim: Victim) => Promise<void>): Promise<void> {
    const victim = await new Promise<Victim>(take => {
      this.#waiting.push({ from, take });
      this.#hand();
    });
    try {
      if (victim.has === null || (from !== null && victim.has !== from)) await victim.installed(from ?? 'a');
      await action(victim);
    } catch (cause) {
      victim.has = null;
      throw cause;
    } finally {
      this.#free.push(victim);
      this.#hand();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#all.map(victim => victim.machine.stop()));
  }

  /** A host goes to who needs what is on it; to somebody else only when no busy host could still come to fit. */
  #hand(): void {
    for (const victim of [...this.#free]) {
      const idle = this.#free.length === this.#all.length;
      const fits = this.#waiting.findIndex(({ from }) => from === null || from === victim.has);
      const index = fits < 0 && idle ? 0 : fits;
      const [waiter] = index < 0 ? [] : this.#waiting.splice(index, 1);
      if (waiter === undefined) continue;
      this.#free.splice(this.#free.indexOf(victim), 1);
      waiter.take(victim);
    }
  }
}
