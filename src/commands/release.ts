// deploy, switch and rollback: what an app's slots hold, over many hosts.
import { Failure } from '../contract/diagnostic.ts';
import type { Following } from '../fleet/apply/action.ts';
import { statusOf, type HostState } from '../fleet/observe/state.ts';
import { deployHost, releaseId, rollBackConfiguration, rollBackHost, switchBack, switchHost } from '../fleet/release/release.ts';
import { isGood, type HostResult, type HostStatus } from '../fleet/result.ts';
import { overHosts, unreachable, untouched, withLock, type HostWork, type Ran, type Run } from '../fleet/run.ts';
import type { Connection } from '../fleet/connect/ssh.ts';
import { hostsOf, observeAll, withFleet, type Fleet } from './fleet.ts';
import { conclude, following, onlyLeft, retried, rolloutOf, runOf, sift, type RunOptions } from './fleet-run.ts';
import type { Output } from '../print/output.ts';

export interface DeployOptions extends RunOptions {
  /** The release's name; default the time and the first digits of the artifact's sha256. */
  readonly release?: string;
  /** Switch once all hosts are healthy. */
  readonly switch?: boolean;
}

type Act = (connection: Connection, looked: HostState, following: Following) => Promise<HostResult>;

interface Phase {
  readonly act: Act;
  readonly undo: HostWork['undo'];
  /** What would be done, for --dry-run. */
  readonly would: string;
}

/** Does the phases one after another over the hosts; the next begins when all hosts are through the one before. */
async function phases(
  fleet: Fleet, what: { action: string; app: string | null; release?: string }, list: readonly Phase[], options: RunOptions,
  slot: 'live' | 'next',
): Promise<number> {
  const form = { app: what.app, slot, markdown: options.markdown ?? false };
  const rollout = rolloutOf(fleet.model, options);
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
    conclude(fleet, what.action, { results, halted: null }, form);
    return lost.size ? 2 : 0;
  }
  const run: Run = runOf(fleet, options, { ...what, release: what.release ?? null, commit: null });
  const ran = await withLock(run, lost, async ({ lost: late }) => {
    let known = new Map<string, HostResult>(lost);
    for (const [host, why] of late) known.set(host, unreachable(host, why));
    let last: Ran = { results: [], halted: null };
    for (const [i, phase] of list.entries()) {
      if (i > 0) fleet.progress.note('all are healthy: switching');
      last = await overHosts(run, i === list.length - 1 ? rollout : { ...rollout, pause: 0 }, known, {
        do: connection => phase.act(connection, seen.get(connection.target.name) as HostState, following(fleet, connection.target.name)),
        undo: phase.undo,
      });
      if (last.halted !== null || fleet.stop.aborted) break;
      known = new Map(last.results.filter(one => !isGood(one)).map(one => [one.host, one]));
    }
    return last;
  });
  return conclude(fleet, [what.action, what.app].filter(Boolean).join(' '), ran, form);
}

const stays: HostWork['undo'] = async (_, result) => ({ ...result, why: 'stays in next; live is untouched' });

const switching = (fleet: Fleet, app: string): Phase => ({
  would: 'next would become live',
  act: (connection, looked, follow) => switchHost(connection, looked, app, follow),
  undo: (connection, result) => switchBack(connection, result, app, following(fleet, connection.target.name)),
});

/** Deploys an artifact to next on all hosts of the app; with --switch it goes live when it is healthy everywhere. */
export async function deploy(app: string, artifact: string, options: DeployOptions, output: Output): Promise<number> {
  const record = retried('deploy', app, options);
  const made = releaseId(artifact);
  const release = options.release ?? record?.release ?? made;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(release)) {
    throw new Failure(`"${release}" cannot be the name of a release; use letters, digits and . _ -`);
  }
  return withFleet(options, output, model => onlyLeft(hostsOf(options, app)(model), record), fleet => {
    const deploying: Phase = {
      would: `${release} would be put into next`,
      act: (connection, looked, follow) => deployHost(connection, looked, app, artifact, release, follow), undo: stays,
    };
    const list = options.switch ? [deploying, switching(fleet, app)] : [deploying];
    return phases(fleet, { action: 'deploy', app, release }, list, options, options.switch ? 'live' : 'next');
  });
}

/** Makes next live. */
export async function switchApp(app: string, options: RunOptions, output: Output): Promise<number> {
  const record = retried('switch', app, options);
  return withFleet(options, output, model => onlyLeft(hostsOf(options, app)(model), record), fleet =>
    phases(fleet, { action: 'switch', app }, [switching(fleet, app)], options, 'live'));
}

/** Takes an app back to the release before, or with --host each host to the configuration before. */
export async function rollback(app: string | undefined, options: RunOptions & { host?: boolean; to?: string }, output: Output): Promise<number> {
  if ((app === undefined) !== (options.host ?? false)) throw new Failure('name an app, or write --host for the configuration of the hosts');
  const to = options.to === undefined ? null : Number(options.to);
  if (to !== null && (!Number.isInteger(to) || app !== undefined)) throw new Failure('--to takes the number of a generation, together with --host');
  const record = retried('rollback', app ?? null, options);
  return withFleet(options, output, model => onlyLeft(hostsOf(options, app ?? null)(model), record), fleet =>
    phases(fleet, { action: 'rollback', app: app ?? null }, [{
      would: app === undefined ? 'the configuration before would be installed' : 'the release before would become live',
      act: (connection, looked, follow) => (app === undefined ? rollBackConfiguration(connection, looked, to, follow) : rollBackHost(connection, looked, app, follow)),
      // a rollback that is taken back would be no rollback
      undo: async (_, result) => result,
    }], options, 'live'));
}
