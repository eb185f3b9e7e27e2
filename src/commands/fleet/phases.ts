// What deploy, switch and rollback do over many hosts, in phases.
import type { Following } from '../../fleet/apply/action.ts';
import { statusOf, type HostState } from '../../fleet/observe/state.ts';
import { switchBack, switchHost } from '../../fleet/release/release.ts';
import { isGood, type HostResult, type HostStatus } from '../../fleet/result.ts';
import {
  overHosts, unreachable, untouched, withHostLocks, type HostWork, type Ran, type Run,
} from '../../fleet/run.ts';
import type { Connection } from '../../fleet/connect/ssh.ts';
import { observeAll, type ConnectedFleet } from './open.ts';
import { conclude, following, rolloutOf, runOf, sift, type RunOptions } from './run.ts';

type Act = (connection: Connection, looked: HostState, following: Following) => Promise<HostResult>;

export interface Phase {
  readonly act: Act;
  readonly undo: HostWork['undo'];
  /** What would be done, for --dry-run. */
  readonly would: string;
}

/** Does the phases one after another over the hosts; the next begins when all hosts are through the one before. */
export async function runPhases(
  fleet: ConnectedFleet, what: { action: string; app: string | null; release?: string }, list: readonly Phase[],
  options: RunOptions,
  slot: 'live' | 'next',
): Promise<number> {
  const form = { app: what.app, slot, markdown: options.markdown };
  const rollout = rolloutOf(fleet, options);
  const { seen, lost } = sift(await observeAll(fleet, 'state'));
  if (fleet.stop.aborted) return 1;
  const standing = (name: string): HostStatus | null => {
    const one = seen.get(name);
    return one ? statusOf(one) : null;
  };
  if (options.dryRun) {
    const results = fleet.hosts.map(({ name }): HostResult => lost.get(name) ?? {
      ...untouched(name, list.map(({ would }) => would).join(', then ')), was: standing(name), is: standing(name),
    });
    conclude(fleet, what.action, { results, halted: null }, { ...form, isDry: true });
    return lost.size ? 2 : 0;
  }
  const run: Run = runOf(fleet, options, { ...what, release: what.release ?? null, commit: null });
  const ran = await withHostLocks(run, lost, async ({ lost: late }) => {
    let known = new Map<string, HostResult>(lost);
    for (const [host, why] of late) known.set(host, unreachable(host, why));
    let last: Ran = { results: [], halted: null };
    for (const [i, phase] of list.entries()) {
      if (i > 0) fleet.progress.note('all are healthy: switching');
      last = await overHosts(run, i === list.length - 1 ? rollout : { ...rollout, pause: 0 }, known, {
        do: connection => {
          const { name } = connection.target;
          return phase.act(connection, seen.get(name) as HostState, following(fleet, name));
        },
        undo: phase.undo,
      });
      if (last.halted !== null || fleet.stop.aborted) break;
      known = new Map(last.results.filter(one => !isGood(one)).map(one => [one.host, one]));
    }
    return last;
  });
  return conclude(fleet, [what.action, what.app].filter(Boolean).join(' '), ran, form);
}

/** Makes next live. */
export const switching = (fleet: ConnectedFleet, app: string): Phase => ({
  would: 'next would become live',
  act: (connection, looked, follow) => switchHost(connection, looked, app, follow),
  undo: (connection, result) => switchBack(connection, result, app, following(fleet, connection.target.name)),
});
