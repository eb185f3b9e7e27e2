// One run over the fleet: locked on all its hosts, rolled out step by step, written down, and unlocked however it ends.
import { otherCommand, sameCommand } from '../process/command-line.ts';
import { setTimeout as wait } from 'node:timers/promises';
import { Failure } from '../contract/diagnostic.ts';
import { acquire, releaseAll, renewAll, type HeldLock, type HeldByOther, type LockedLook } from './guard/hold.ts';
import { LEASE, lockText, newLock } from './guard/lock.ts';
import { isGood, type HostResult } from './result.ts';
import { rollOut, type Rollout, type RolloutStep } from './rollout.ts';
import type { Recorder } from './run-record.ts';
import type { Connection } from './connect/ssh.ts';

export interface Run {
  /** By name, sorted: the hosts of the run. */
  readonly connections: ReadonlyMap<string, Connection>;
  /** Hosts at a time. */
  readonly limit: number;
  /** Aborted when the run shall stop. */
  readonly stop: AbortSignal;
  readonly lock: { readonly action: string; readonly commit: string | null; readonly message: string };
  /** Milliseconds to wait for the lock of somebody else. */
  readonly patience: number;
  readonly recorder: Recorder | null;
  /** What goes on, for people. */
  note(line: string): void;
  /** What a host came to. */
  onResult(result: HostResult): void;
}

export interface Ran { readonly results: readonly HostResult[]; readonly halted: string | null }

export interface HostWork {
  do(connection: Connection): Promise<HostResult>;
  undo(connection: Connection, result: HostResult): Promise<HostResult>;
}

export const untouched = (host: string, why: string): HostResult =>
  ({ host, result: 'untouched', why, was: null, is: null, seconds: 0 });
export const unreachable = (host: string, why: string): HostResult =>
  ({ ...untouched(host, why), result: 'unreachable' });

/** Does the work on all hosts but those whose result is known already. */
export async function overHosts(
  run: Run, rollout: Rollout, known: ReadonlyMap<string, HostResult>, work: HostWork,
): Promise<Ran> {
  const names = [...run.connections.keys()];
  const connectionOf = (name: string): Connection => run.connections.get(name) as Connection;
  const tell = (result: HostResult): HostResult => {
    run.recorder?.set(result.host, result.result);
    run.onResult(result);
    return result;
  };
  known.forEach(tell);
  const { results, halted } = await rollOut(names, rollout, {
    do: async name => tell(await work.do(connectionOf(name))),
    isGood,
    undo: async (name, result) => tell(await work.undo(connectionOf(name), result)),
  }, {
    limit: run.limit,
    isStopped: () => run.stop.aborted,
    onStep: (step: RolloutStep, number, count) => {
      if (count > 1) run.note(`${step.isCanary ? 'canary' : `step ${number} of ${count}`}: ${step.hosts.join(', ')}`);
    },
    pause: async time => {
      run.note(`pausing ${time / 1000} s`);
      await wait(time, undefined, { signal: run.stop }).catch(() => undefined);
    },
  }, known);
  const why = halted ?? (run.stop.aborted ? 'stopped' : '');
  return { results: names.map(name => results.get(name) ?? tell(untouched(name, why))), halted };
}

/** What is told of a lock that keeps a run out. */
export const lockedOut = ({ host, lock }: HeldByOther): Failure => new Failure(
  `${host} is ${lockText(lock)}; nothing was touched. To wait for it: `
    + `${sameCommand(['--wait 10m'])}; if nobody is at work there: `
    + otherCommand(['unlock', '--on', host, '--force']),
  { exit: 3 },
);

/** What a lock over hosts needs of a run. */
type Locking = Pick<Run, 'connections' | 'limit' | 'stop' | 'lock' | 'patience' | 'note'>;

/**
 * Holds the fleet lock on all hosts whose result is not known already, and gives it back however the work ends. With
 * `look` each is looked at as soon as it is locked. Throws a Failure with exit 3 when somebody else has
 * the lock of one; nothing is touched then.
 */
export async function withHostLocks<T>(
  run: Locking, known: ReadonlyMap<string, HostResult>, work: (held: HeldLock) => Promise<T>,
  look?: (host: string) => LockedLook,
): Promise<T> {
  const lock = newLock(run.lock.action, run.lock);
  const connections = [...run.connections].filter(([name]) => !known.has(name)).map(([, connection]) => connection);
  const until = Date.now() + run.patience;
  const tell = ({ host, lock: other }: HeldByOther): void =>
    run.note(`${host} was ${lockText(other)}; that vgen has ended, so its lock is taken over`);
  let said = false;
  let held: HeldLock;
  for (;;) {
    held = await acquire(connections, lock, LEASE, { onTakeOver: tell, look });
    if (held.refused === null) break;
    const { host, lock: other } = held.refused;
    if (Date.now() >= until || run.stop.aborted) {
      throw lockedOut(held.refused);
    }
    if (!said) run.note(`${host} is ${lockText(other)}; waiting`);
    said = true;
    await wait(1000, undefined, { signal: run.stop }).catch(() => undefined);
  }
  const timer = setInterval(() => void renewAll(connections, lock, run.limit), LEASE * 1000 / 3);
  try {
    return await work(held);
  } finally {
    clearInterval(timer);
    const left = await releaseAll(connections.filter(({ target }) => !held.lost.has(target.name)), lock.id, run.limit);
    for (const [host, why] of left) run.note(`${host}: the fleet lock stays until it expires: ${why}`);
  }
}
