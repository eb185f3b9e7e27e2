// How a change goes over many hosts: the canary first, then batches, and what happens when hosts fail.
import { Failure } from '../contract/diagnostic.ts';
import { eachLimited } from './connect/pool.ts';

export interface Rollout {
  /** Names of hosts that go first, alone. */
  readonly canary: ReadonlySet<string>;
  /** Hosts at a time: a number, a share such as "25%" of all, or null for all at once. */
  readonly batch: number | string | null;
  /** Milliseconds between two steps. */
  readonly pause: number;
  /** More failed hosts than this stop the rollout. */
  readonly failures: number;
  readonly onFailure: 'halt' | 'rollback' | 'continue';
}

export interface RolloutStep {
  readonly isCanary: boolean;
  readonly hosts: readonly string[];
}

/** Milliseconds of "30s", "5m" and so on. Throws a Failure for anything else. */
export function milliseconds(duration: string): number {
  const [, number = '', unit = ''] = /^([1-9]\d{0,5})(ms|s|m|h)$/.exec(duration) ?? [];
  const factor = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }[unit];
  if (factor === undefined) {
    throw new Failure(`"${duration}" is no duration; write a number with ms, s, m or h, such as 30s`);
  }
  return Number(number) * factor;
}

/**
 * Hosts of one batch, out of `count` hosts: a share is rounded down, but never to
 * none. Throws a Failure for other words.
 */
export function batchSize(batch: number | string | null, count: number): number {
  if (batch === null) return Math.max(1, count);
  const [, share, number] = /^(?:([1-9]\d?|100)%|([1-9]\d*))$/.exec(String(batch)) ?? [];
  if (share === undefined && number === undefined) {
    throw new Failure(`"${batch}" is no batch; write a number of hosts, or a share such as 25%`);
  }
  return share === undefined ? Number(number) : Math.max(1, Math.floor(count * Number(share) / 100));
}

/** The hosts in the order in which they are touched. */
export function stepsOf(hosts: readonly string[], rollout: Rollout): RolloutStep[] {
  const canary = hosts.filter(name => rollout.canary.has(name));
  const rest = hosts.filter(name => !rollout.canary.has(name));
  const size = batchSize(rollout.batch, hosts.length);
  const batches = Array.from({ length: Math.ceil(rest.length / size) }, (_, i) => rest.slice(i * size, (i + 1) * size));
  return [...canary.length ? [{ isCanary: true, hosts: canary }]
    : [], ...batches.map(batch => ({ isCanary: false, hosts: batch }))];
}

export interface Work<R> {
  do(host: string): Promise<R>;
  isGood(result: R): boolean;
  /** Takes back what `do` did on a host, for the policy "rollback". */
  undo(host: string, result: R): Promise<R>;
}

export interface Watch {
  /** How many hosts at a time, whatever the batch. */
  readonly limit: number;
  /** Once true, no further host is touched. */
  isStopped(): boolean;
  onStep(step: RolloutStep, number: number, count: number): void;
  /** Resolves after so many milliseconds, or when stopped. */
  pause(milliseconds: number): Promise<void>;
}

export interface RolledOut<R> {
  /** Hosts that are not in here were not touched. */
  readonly results: ReadonlyMap<string, R>;
  /** Why the rollout stopped early; null if it went through or was stopped from outside. */
  readonly halted: string | null;
}

/**
 * Goes over the hosts step by step. `known` are results from before the first touch, such as hosts that cannot be
 * reached: they count, and are not tried. A failed canary stops every policy, since the rest is what it is to protect.
 */
export async function rollOut<R>(
  hosts: readonly string[], rollout: Rollout, work: Work<R>, watch: Watch, known: ReadonlyMap<string, R> = new Map(),
): Promise<RolledOut<R>> {
  const results = new Map(known);
  const steps = stepsOf(hosts, rollout);
  const failed = (among: readonly string[] = hosts): string[] =>
    among.filter(name => results.has(name) && !work.isGood(results.get(name) as R));
  const reason = (): string | null => {
    const canary = failed(steps[0]?.isCanary ? steps[0].hosts : []);
    if (canary.length) return `the canary ${canary.join(', ')} failed`;
    const count = failed().length;
    return rollout.onFailure === 'continue' || count <= rollout.failures ? null
      : `${count} ${count === 1 ? 'host' : 'hosts'} failed and ${rollout.failures} may`;
  };
  for (const [i, step] of steps.entries()) {
    const left = step.hosts.filter(name => !results.has(name));
    if (reason() !== null || watch.isStopped() || left.length === 0) continue;
    if (i > 0 && rollout.pause > 0) await watch.pause(rollout.pause);
    if (watch.isStopped()) break;
    watch.onStep(step, i + 1, steps.length);
    const proceed = (): boolean => reason() === null && !watch.isStopped();
    await eachLimited(left, watch.limit, async name => void results.set(name, await work.do(name)), proceed);
  }
  const halted = reason();
  if (halted !== null && rollout.onFailure === 'rollback') {
    const done = [...results].filter(([name, result]) => !known.has(name) && work.isGood(result));
    await eachLimited(done, watch.limit, async ([name, result]) =>
      void results.set(name, await work.undo(name, result)));
  }
  return { results, halted };
}
