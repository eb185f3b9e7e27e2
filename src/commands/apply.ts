import { applyHost, isInstalled, takeBack } from '../fleet/apply/apply.ts';
import { Failure } from '../contract/diagnostic.ts';
import { localTree, look, standingOf } from '../fleet/observe/look.ts';
import type { HostResult, Standing } from '../fleet/result.ts';
import { revisionOf } from '../fleet/apply/revision.ts';
import { runOver, unreachable, untouched } from '../fleet/run.ts';
import { hostsOf, lookAtAll, withFleet } from './fleet.ts';
import { boundTo, guard, movedSince, plannedHosts, type GuardOptions } from './guard.ts';
import { conclude, following, onlyLeft, retried, rolloutOf, runOf, sift, type RunOptions } from './fleet-run.ts';
import type { Output } from '../print/output.ts';

export interface ApplyOptions extends RunOptions, GuardOptions {
  /** For files that were changed by hand on a host: leave them, or overwrite them. */
  readonly adopt?: boolean;
  readonly force?: boolean;
  /** out/ is meant to be older than what hosts have. */
  readonly older?: boolean;
}

/** Sends out/ to the hosts and installs it, with a plan file only what it says; returns the exit code. */
export async function apply(file: string | undefined, options: ApplyOptions, output: Output): Promise<number> {
  const plan = boundTo(file, options);
  if (options.adopt && options.force) throw new Failure('--adopt and --force do not go together');
  const record = retried('apply', null, options);
  return withFleet(options, output, model => plannedHosts(plan, onlyLeft(hostsOf(options)(model), record), model), async fleet => {
    const rollout = rolloutOf(fleet.model, options);
    const trees = new Map(fleet.hosts.map(({ name }) => [name, localTree(options.out, name)] as const));
    const [revision, looked] = await Promise.all([revisionOf(options.out), lookAtAll(fleet, trees)]);
    if (fleet.stop.aborted) return 1;
    const { seen, lost } = sift(looked);
    const known = new Map<string, HostResult>(lost);
    for (const [host, one] of seen) {
      const tree = trees.get(host);
      if (!tree || !isInstalled(one, tree)) continue;
      known.set(host, { host, result: 'same', why: '', was: standingOf(one), is: standingOf(one), seconds: 0 });
    }
    const standing = (name: string): Standing | null => {
      const one = seen.get(name);
      return one ? standingOf(one) : null;
    };
    const form = { markdown: options.markdown ?? false };
    const results = [...known.values()];
    if (known.size === fleet.hosts.length && lost.size === 0) {
      return conclude(fleet, 'apply', { results: fleet.hosts.flatMap(({ name }) => known.get(name) ?? []), halted: null }, form);
    }
    if (revision?.isDirty) {
      const commit = revision.commit.slice(0, 12);
      output.note(`vgen: ${options.out}/ is not as in commit ${commit}; what lies there is sent, and recorded as "${commit}-dirty"`);
    }
    if (options.dryRun) {
      const would = fleet.hosts.filter(({ name }) => !known.has(name)).map(({ name }): HostResult => ({
        host: name, result: 'untouched', why: 'its tree would be installed', was: standing(name), is: standing(name), seconds: 0,
      }));
      conclude(fleet, 'apply', { results: [...results, ...would].sort((a, b) => (a.host < b.host ? -1 : 1)), halted: null }, form);
      return would.length ? 1 : 0;
    }
    const judged = fleet.hosts.map(({ name }) => name).filter(name => !known.has(name));
    for (const unseen of await guard(fleet, judged, plan, options)) known.set(unseen.host, unseen);
    const words = [options.adopt ? '--adopt' : '', options.force ? '--force' : '', options.older ? '--rollback' : ''].filter(Boolean);
    const run = runOf(fleet, options, { action: 'apply', app: null, release: null, commit: revision?.commit ?? null });
    const ran = await runOver(run, rollout, known, {
      do: async connection => {
        const { name } = connection.target;
        const moved = await movedSince(plan, connection, options.out);
        if (moved) return moved;
        const tree = trees.get(name) ?? localTree(options.out, name);
        // looked at again: a pause or a lock may have passed since
        const now = await look(connection, tree, fleet.stop);
        if (fleet.stop.aborted) return untouched(name, 'stopped');
        if ('unreachable' in now) return unreachable(name, now.unreachable);
        return applyHost(connection, tree, now, { revision, words }, following(fleet, name));
      },
      undo: (connection, result) => takeBack(connection, result, following(fleet, connection.target.name)),
    });
    return conclude(fleet, 'apply', ran, form);
  });
}
