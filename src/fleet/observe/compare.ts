// BuiltTree × HostState → what an apply would do on this host, and why. Pure; it follows the rules of the engine
// (templates/host/opt/vgen/lib), and a test on real hosts holds the two together.
import { keepers } from '../../components/index.ts';
import type { Action, ChangedPath, Listed, Running } from '../../contract/action.ts';
import { isHeld } from '../../contract/held.ts';
import { EXPOSURE, exposure, impact, isRunFrom, listed } from '../../contract/impact.ts';
import { deadApps, obstaclesOf } from './obstacles.ts';
import { isByHand, octal, staysAdopted } from './edits.ts';
import { behindLinks } from './links.ts';
import { waitText, type HostState, type PathState } from './state.ts';
import { readBytes, type BuiltTree, type TreeFile } from './tree.ts';
import { waitingFor, withWaiting } from './waits.ts';

/** One thing on the host that would be another afterwards. */
export interface Change {
  readonly kind: 'file' | 'link' | 'directory' | 'package' | 'user' | 'certificate';
  readonly what: 'add' | 'change' | 'remove' | 'restore' | 'keep';
  /** A path, or the name of a package, user or certificate. */
  readonly name: string;
  /** What differs, in words. */
  readonly why: string;
  /** Somebody changed it on the host; an apply is refused unless it is told what to do about that. */
  readonly byHand: boolean;
}

export interface Foretold {
  readonly host: string;
  /** The host has nothing of vgen's yet. */
  readonly isNew: boolean;
  readonly changes: readonly Change[];
  readonly actions: readonly Action[];
  /** What stands in the way of an apply. */
  readonly obstacles: readonly string[];
  /** Apps whose live is down, each with what an apply does about it. */
  readonly down: readonly { readonly app: string; readonly why: string }[];
  /** What nobody has to do anything about now. */
  readonly notes: readonly string[];
}

export const isNothing = ({ changes, actions, obstacles, down }: Foretold): boolean =>
  changes.every(({ what }) => what === 'keep') && actions.length === 0 && obstacles.length === 0 && down.length === 0;

/** What an apply of the tree would do on a host that is as it was seen. */
export function planFor(tree: BuiltTree, state: HostState): Foretold {
  const [former, now, host] = [formerOf(state), treeOf(tree), runningOf(tree, state)];
  const waits = waitingFor(tree, state, name => isHeld(now, host, name));
  const found = [...files(tree, state), ...links(tree, state), ...orphaned(tree, state)];
  const changes: Change[] = [
    ...tree.packages.filter(name => !state.packages.has(name))
      .map(name => changed('package', 'add', name, 'not installed')),
    ...users(tree, state),
    ...tree.certificates.filter(({ name }) => !state.certificates.has(name))
      .map(({ name }) => changed('certificate', 'add', name, 'a self-signed placeholder, until one is issued')),
    ...directories(tree, state),
    ...found.filter(({ name }) => !waits.has(name)),
  ];
  // an apply judges these edits too, before it lets them wait
  const edited = found.flatMap(one => {
    const slot = waits.get(one.name);
    return slot !== undefined && one.byHand ? [{ ...one, why: `${one.why}; waits for the switch of ${slot}` }] : [];
  });
  const done = impact(former, now, changes.flatMap(changedPath),
    { ...host, slots: withWaiting(host, waits, tree, state) }, keepers);
  const of = (...which: readonly Action['action'][]): Action[] => done.filter(({ action }) => which.includes(action));
  const [refused, left] = [of('refuse'), of('leave running')];
  const actions = [
    ...done.filter(one => !refused.includes(one) && !left.includes(one)), ...newSecrets(tree, state, waits, changes),
  ];
  const isInstalled = state.tree === tree.id && changes.length + edited.length + actions.length === 0;
  const reports = state.exposure !== null && changes.some(({ name, what }) => name === EXPOSURE && what === 'change')
    ? exposure(state.exposure, readBytes(tree.dir, EXPOSURE).toString('utf8')) : [];
  return {
    host: tree.host, isNew: state.tree === null, changes: [...changes, ...edited], actions: [...actions, ...reports],
    obstacles: obstaclesOf(tree, state, isInstalled)
      .concat(refused.map(({ what, because }) => `${what}: ${because.join(', ')}`)),
    down: deadApps(tree, state, actions),
    notes: [
      ...notes(tree, state, waits),
      ...left.map(({ what, because }) => `${what} is left running: ${because.join(', ')}`),
    ],
  };
}

/**
 * Secrets whose value is another one in a file that changes now and in one that a live slot keeps until its switch:
 * what asks with the former value is refused in between.
 */
function newSecrets(
  tree: BuiltTree, { paths, recorded }: HostState, waits: ReadonlyMap<string, string>, changes: readonly Change[],
): Action[] {
  const isNew = ({ path, sha256, secrets }: TreeFile): boolean => secrets.length > 0
    && paths.get(path)?.content === 'different' && recorded.paths.get(path)?.source === sha256;
  const files = tree.files.filter(isNew);
  const now = files.filter(({ path, slot }) => slot === null && changes.some(({ name }) => name === path));
  return files.flatMap(({ path, secrets }) => {
    const app = waits.get(path)?.split('/')[0];
    const shared = now.filter(one => one.secrets.some(name => secrets.includes(name)));
    const names = secrets.filter(name => shared.some(one => one.secrets.includes(name)));
    return app === undefined || names.length === 0 ? [] : [{
      action: 'end', what: `${names.join(', ')} of ${app}`,
      because: [`a new value, at once in ${shared.map(one => one.path).join(', ')}; live keeps the former until its `
        + 'switch'],
      downtime: `what ${app} asks with it, until its switch`,
    } satisfies Action];
  });
}

const changed = (kind: Change['kind'], what: Change['what'], name: string, why: string, byHand = false): Change =>
  ({ kind, what, name, why, byHand });

function changedPath({ kind, what, name }: Change): ChangedPath[] {
  if ((kind !== 'file' && kind !== 'link') || what === 'keep') return [];
  return [{ path: name, what: what === 'restore' ? 'remove' : what }];
}

/** What was installed last, as the host's record has it. */
const formerOf = ({ recorded, downtimes, answers, variables }: HostState): Listed => ({
  units: new Map(recorded.units.map(name => [name, downtimes.get(name) ?? null])),
  triggers: new Map([...recorded.paths].map(([path, { triggers }]) => [path, triggers])),
  slots: [...new Set([...recorded.paths.values()].flatMap(({ slot }) => slot ?? []))],
  slotOf: new Map([...recorded.paths].flatMap(([path, { slot }]) => (slot === null ? [] : [[path, slot]]))),
  answers, variables, text: () => null, programs: path => recorded.programs.get(path) ?? [],
});

const treeOf = (tree: BuiltTree): Listed => listed(tree, path =>
  (tree.files.some(file => file.path === path) ? readBytes(tree.dir, path).toString('utf8') : null), keepers);

const UP = ['active', 'reloading', 'refreshing'];

function runningOf(tree: BuiltTree, state: HostState): Running {
  return {
    unit: name => {
      const is = state.units.get(name);
      const isKnown = is !== undefined && is.load !== 'not-found';
      return {
        isKnown, isUp: isKnown && UP.includes(is.active),
        isGood: isKnown && is.active === 'active' && is.sub !== 'auto-restart',
        isEnabled: is?.enabled === 'disabled' ? false : isKnown ? true : null, state: is?.active ?? 'absent',
      };
    },
    slots: new Map([...state.slots].map(([name, { role, port, process, runtime, isBad, stale }]) => [name, {
      role, port, runtime, isBad, stale, waiting: [],
      isRunning: process === 'running' || (process === 'starting' && role !== 'live'),
    }])),
    // a host of a former version of vgen does not keep what changes with a slot apart
    apps: new Map([...state.slots]
      .filter(([name, { role }]) => role === 'live' && state.recorded.paths.has(`/opt/vgen/apps/${name}.sh`))
      .map(([name, { app }]) => [name.slice(0, name.indexOf('/')), app])),
    absent: tree.programs.filter(path => !state.programs.has(path)),
    isUnfinished: state.unfinished && !state.isBusy,   // one under way has a journal too
  };
}

/** What differs between a file of the tree and the host's, in words; nothing if nothing does. */
function differences({ mode, owner, sha256, secrets }: TreeFile, is: PathState | undefined): string {
  if (!is) return 'new';
  if (is.kind !== 'file') return `a ${is.kind} is there`;
  const isSame = secrets.length ? is.content === 'same' : is.content === sha256;
  return [
    ...isSame ? [] : [secrets.length ? 'text or secrets' : 'text'],
    ...octal(is.mode) === octal(mode) ? [] : [`mode ${mode}, is 0${is.mode}`],
    ...is.owner === owner ? [] : [`owner ${owner}, is ${is.owner}`],
  ].join('; ');
}

function users(tree: BuiltTree, state: HostState): Change[] {
  return tree.users.flatMap(({ name, home, shell, groups }) => {
    const is = state.users.get(name);
    if (!is) return [changed('user', 'add', name, 'not there')];
    const why = [
      ...is.home === home ? [] : [`home ${home}, is ${is.home}`],
      ...is.shell === shell ? [] : [`shell ${shell}, is ${is.shell}`],
      ...groups.filter(group => !is.groups.includes(group)).map(group => `joins ${group}`),
      ...(state.recorded.users.get(name) ?? []).filter(group => !groups.includes(group) && is.groups.includes(group))
        .map(group => `leaves ${group}`),
    ];
    return why.length ? [changed('user', 'change', name, why.join('; '))] : [];
  });
}

/** Directories that the tree names; those that are made on the way to a file are not worth a line. */
function directories(tree: BuiltTree, state: HostState): Change[] {
  return tree.directories.flatMap(({ path, mode, owner }) => {
    const is = behindLinks(state.paths, path);
    const why = !is ? 'new' : is.kind !== 'directory' ? `a ${is.kind} is there`
      : [...octal(is.mode) === octal(mode) ? []
      : [`mode ${mode}, is 0${is.mode}`], ...is.owner === owner ? [] : [`owner ${owner}, is ${is.owner}`]].join('; ');
    return why === '' ? [] : [changed('directory', is ? 'change' : 'add', path, why)];
  });
}

function files(tree: BuiltTree, state: HostState): Change[] {
  return tree.files.flatMap(file => {
    const is = state.paths.get(file.path);
    const why = differences(file, is);
    if (why === '' || staysAdopted(file.path, file.sha256, state)) return [];
    // what somebody wrote is what the tree wants: nothing is lost
    const isWanted = file.secrets.length === 0 && is?.kind === 'file' && is.content === file.sha256;
    return [changed('file', is ? 'change' : 'add', file.path, why, !isWanted && isByHand(file.path, state))];
  });
}

function links(tree: BuiltTree, state: HostState): Change[] {
  return [
    ...[...tree.links].flatMap(([path, target]) => {
      const is = state.paths.get(path);
      if ((is?.kind === 'link' && is.content === target) || staysAdopted(path, 'link', state)) return [];
      const why = is?.kind === 'link' ? `leads to ${is.content}, not to ${target}`
        : is ? `a ${is.kind} is there` : `to ${target}`;
      return [changed('link', is ? 'change' : 'add', path, why, isByHand(path, state))];
    }),
    ...[...tree.firstLinks].filter(([path]) => !state.paths.has(path))
      .map(([path, target]) => changed('link', 'add', path, `to ${target}`)),
  ];
}

/** Files that were installed and are in the tree no more; those that something runs from last, as they go. */
function orphaned(tree: BuiltTree, state: HostState): Change[] {
  const wanted = new Set([
    ...tree.files.map(({ path }) => path), ...tree.links.keys(), ...tree.firstLinks.keys(),
    ...tree.directories.map(({ path }) => path),
  ]);
  const gone = [...state.recorded.paths].filter(([path]) => !wanted.has(path) && state.paths.has(path))
    .sort(([a], [b]) => (a < b ? 1 : -1));
  const runs = ([path]: readonly [string, unknown]): number => (isRunFrom(path, keepers) ? 1 : 0);
  return gone.sort((a, b) => runs(a) - runs(b)).map(([path, { adopted }]) => {
    const is = state.paths.get(path);
    const kind = is?.kind === 'link' ? 'link' : 'file';
    if (is?.edited === 'content' || adopted) {
      return changed(kind, 'keep', path, 'no longer in the tree, but changed by somebody on the host');
    }
    const isBack = state.originals.has(path);
    return changed(kind, isBack ? 'restore'
      : 'remove', path, isBack ? 'what was there before vgen comes back' : 'no longer in the tree');
  });
}

function notes(tree: BuiltTree, state: HostState, waits: ReadonlyMap<string, string>): string[] {
  const slots = new Set(tree.files.flatMap(({ triggers }) => triggers));
  return [
    ...tree.programs.filter(path => !state.programs.has(path))
      .map(path => `${path} is not there, and what needs it is not started`),
    ...[...new Set(waits.values())].map(slot => waitText(slot, [...waits].filter(([, of]) => of === slot).length)),
    ...[...state.pending].filter(([what]) => slots.has(`slot:${what}`))
      .map(([what, paths]) => `${what} keeps its former ${paths.join(', ') || 'configuration'} until the next switch`),
    ...[...tree.files.map(({ path, sha256 }) => [path, sha256]), ...[...tree.links.keys()].map(path => [path, 'link'])]
      .filter(([path = '', source = '']) => staysAdopted(path, source, state))
      .map(([path]) => `${path} stays as somebody changed it (adopted)`),
    ...[...state.recorded.users.keys()].filter(name => !tree.users.some(user => user.name === name))
      .map(name => `user ${name} is no longer in the tree; it is kept`),
  ];
}
