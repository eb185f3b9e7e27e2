import { applyHost, takeBack } from '../fleet/apply/apply.ts';
import { Failure } from '../contract/diagnostic.ts';
import { observe, type Unseen } from '../fleet/observe/observe.ts';
import { isInstalled, statusOf, waitsOf, type HostState } from '../fleet/observe/state.ts';
import { foretell, isSeen, type Seen } from '../fleet/observe/survey.ts';
import { checkTree, readTree, type BuiltTree } from '../fleet/observe/tree.ts';
import { isDead } from '../fleet/guard/lock.ts';
import { AREAS } from '../fleet/guard/blast.ts';
import { readPlan, verify } from '../fleet/guard/plan-file.ts';
import { refusalOf } from '../fleet/guard/refusals.ts';
import type { HostResult } from '../fleet/result.ts';
import { revisionOf, type Revision } from '../fleet/apply/revision.ts';
import { lockedOut, overHosts, unreachable, untouched, withHostLocks } from '../fleet/run.ts';
import type { Output } from '../print/output.ts';
import { defineCommand, flag, list, oneOfEach, value, wholeNumber, type Given } from './declaration.ts';
import { guard, newPlan, plannedHosts, type GivenPlan } from './fleet/guard.ts';
import { hostsOf, observeAll, withFleet, type ConnectedFleet } from './fleet/open.ts';
import { conclude, following, onlyLeft, retried, rolloutOf, runOf } from './fleet/run.ts';
import { out, rollingOut, share, localEdits } from './options.ts';

/** Milliseconds for which a look is good: what came after it, a pause for example, may have changed the host. */
const FRESH = 10_000;

const safety = { heading: 'Safety:' };
const values = {
  plan: value('[plan]', 'file of "vgen plan --save": exactly this plan, refused if a tree or a host changed since'),
};
const settings = {
  out, ...rollingOut,
  ...localEdits,
  older: flag('allow trees that are older than those on the hosts', safety),
  allow: list('<area>', `allow changes of ${AREAS.slice(0, -1).join(', ')} or ${AREAS.at(-1) ?? ''}; may be repeated`, {
    ...safety, read: oneOfEach(AREAS),
  }),
  maxChanged: value(
    '<share>', 'share of a host\'s files that may change (default: limits.changed)', { ...safety, read: share },
  ),
  maxDeleted: value('<share>', 'share that may be removed (default: limits.deleted)', { ...safety, read: share }),
  maxRestarts: value('<number>', 'units and slots that may restart or stop (default: limits.restarts)', {
    ...safety, read: wholeNumber(0),
  }),
};

type ApplyOptions = Given<typeof values & typeof settings>;

export const command = defineCommand({
  about: 'Sends each host its reviewed tree and runs its install.sh. Nothing is compiled. A host that has its tree '
    + 'already '
    + 'is not changed.',
  arguments: values,
  options: settings,
  examples: {
    'vgen apply': 'all hosts, as "rollout" in the inventory says',
    'vgen apply --on region:eu --canary eu1': 'one host first',
    'vgen apply --batch 25% --max-failures 1 --on-failure rollback': '',
    'vgen apply plan.json': 'what "vgen plan --save plan.json" showed',
    'vgen apply --retry-failed': 'the hosts that the previous run did not finish',
  },
  run: apply,
});

async function apply(options: ApplyOptions, output: Output): Promise<number> {
  const plan = options.plan === undefined ? null : { path: options.plan, plan: readPlan(options.plan) };
  if (options.adopt && options.force) throw new Failure('--adopt and --force exclude each other');
  const record = retried('apply', null, options);
  return withFleet(options, output, model =>
    plannedHosts(plan, onlyLeft(hostsOf(options)(model), record), model), async fleet => {
    const trees = new Map(fleet.hosts.map(({ name }) => [name, readTree(options.out, name)] as const));
    rolloutOf(fleet, options);
    const known = new Map<string, HostResult>();
    const force = options.force ?? false;
    // an apply of a plan looks when it has the lock: the plan says what is to be done
    const seen = plan === null
      || options.dryRun ? sort(await observeAll(fleet, plan || force ? 'full' : 'changed', trees), trees, known, force)
      : [];
    if (fleet.stop.aborted) return 1;
    const conclusion = (results: readonly HostResult[]): number =>
      conclude(
        fleet, 'apply', { results: [...results].sort((a, b) => (a.host < b.host ? -1 : 1)), halted: null },
        { markdown: options.markdown, isDry: options.dryRun, again: againOf(plan) },
      );
    if (fleet.hosts.every(({ name }) => known.get(name)?.result === 'same')) return conclusion([...known.values()]);
    const left = [...trees.values()].filter(({ host }) => !known.has(host));
    left.forEach(checkTree);
    guard(fleet, plan === null ? seen.filter(({ tree }) => !known.has(tree.host))
      : seen, options.dryRun ? plan : null, options);
    const revision = await revisionOf(options.out);
    if (revision?.isDirty) {
      const commit = revision.commit.slice(0, 12);
      output.note(`vgen: ${options.out}/ is not as in commit ${commit}; what lies there is sent, and recorded as `
        + `"${commit}-dirty"`);
    }
    if (options.dryRun) {
      const would = dryRun(seen.filter(({ tree }) => !known.has(tree.host)), revision, options);
      const exit = conclusion([...known.values(), ...would]);
      return exit === 0 && would.length ? 1 : exit;
    }
    return send(fleet, { plan, trees, known, revision }, options);
  });
}

/** Those that can be worked on; results of the others, and of those with nothing to do, go into `known`. */
function sort(
  looked: ReadonlyMap<string, HostState | Unseen>, trees: ReadonlyMap<string, BuiltTree>,
  known: Map<string, HostResult>, force: boolean,
): Seen[] {
  return [...looked].flatMap(([host, state]) => {
    const tree = trees.get(host) as BuiltTree;
    if ('unreachable' in state) known.set(host, unreachable(host, state.unreachable));
    else if (isInstalled(state, tree, force)) {
      known.set(host, {
        host, result: 'same', why: waitsOf(state), was: statusOf(state), is: statusOf(state), seconds: 0,
      });
    }
    const one = 'unreachable' in state || !state.isWhole ? null : foretell(tree, state);
    return one && isSeen(one) ? [one] : [];
  });
}

/** What would come of each host; throws a Failure with exit 3 where somebody has locked one. */
function dryRun(seen: readonly Seen[], revision: Revision | null, options: ApplyOptions): HostResult[] {
  for (const { tree, state } of seen) {
    if (state.lock && !isDead(state.lock)) throw lockedOut({ host: tree.host, lock: state.lock });
  }
  return seen.map(one => {
    const refusal = refusalOf(one, revision, options);
    const { tree: { host }, state } = one;
    return {
      ...untouched(host, refusal ?? 'its tree would be installed'), result: refusal === null ? 'untouched' : 'refused',
      was: statusOf(state), is: statusOf(state),
    };
  });
}

/** A plan is good for what was seen, and a host that was worked on is another one: what is left needs a new plan. */
const againOf = (plan: GivenPlan | null): ((hosts: readonly string[]) => string) | undefined =>
  (plan === null ? undefined : hosts => newPlan(plan.path, hosts));

interface Sending {
  readonly plan: GivenPlan | null;
  readonly trees: ReadonlyMap<string, BuiltTree>;
  readonly known: ReadonlyMap<string, HostResult>;
  readonly revision: Revision | null;
}

/** Locks the hosts and looks at them in one, then goes over them. */
async function send(
  fleet: ConnectedFleet, { plan, trees, known: before, revision }: Sending, options: ApplyOptions,
): Promise<number> {
  const depth = plan === null ? 'installed' : 'full';
  const treeOf = (host: string): BuiltTree => trees.get(host) as BuiltTree;
  const run = runOf(fleet, options, { action: 'apply', app: null, release: null, commit: revision?.commit ?? null });
  const words = [options.adopt ? '--adopt' : '', options.force ? '--force' : '', options.older ? '--rollback' : '',
      options.allow.includes('live') ? '--allow-live' : '']
    .filter(Boolean);
  const ran = await withHostLocks(run, before, async ({ lost, seen }) => {
    const known = new Map(before);
    for (const [host, why] of lost) known.set(host, unreachable(host, why));
    if (plan !== null) guard(fleet, sort(seen, trees, known, options.force ?? false), plan, options);
    const looked = Date.now();
    return overHosts(run, rolloutOf(fleet, options), known, {
      do: async connection => {
        const { name } = connection.target;
        const tree = treeOf(name);
        const state = Date.now() - looked < FRESH ? seen.get(name)
          : await observe(connection, depth, tree, { signal: fleet.stop });
        if (fleet.stop.aborted) return untouched(name, 'stopped');
        if (!state || 'unreachable' in state) return unreachable(name, state?.unreachable ?? 'it was not looked at');
        const one = plan === null ? null : foretell(tree, state);
        const [stale] = plan !== null && one && isSeen(one) ? verify(plan.plan, [one]) : [];
        if (stale !== undefined) return { ...untouched(name, `stale plan: ${stale}`), result: 'refused' };
        return applyHost(connection, tree, state, { revision, words }, following(fleet, name));
      },
      undo: (connection, result) => takeBack(connection, result, following(fleet, connection.target.name)),
    });
  }, host => ({ depth, tree: treeOf(host) }));
  return conclude(fleet, 'apply', ran, { markdown: options.markdown, again: againOf(plan) });
}
