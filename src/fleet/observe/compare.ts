// Tree × HostState → what an apply would do on this host, and why. Pure; it follows the rules of the engine
// (templates/host/opt/vgen/lib), and a test on real hosts holds the two together.
import { slotAction, unitActions, type Calls } from './actions.ts';
import type { HostState, PathState } from './live.ts';
import type { Tree, TreeFile } from './tree.ts';

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

/** Something that runs is told of the change. */
export interface Action {
  readonly action: 'reload' | 'restart' | 'enable' | 'start' | 'stop' | 'restart next' | 'wait for the switch' | 'wait for a restart' | 'finish' | 'confirm';
  /** A unit, or a slot as app/slot. */
  readonly what: string;
  readonly because: readonly string[];
  /** What is interrupted; null if nobody notices. */
  readonly downtime: string | null;
}

export interface HostPlan {
  readonly host: string;
  /** The host has nothing of vgen's yet. */
  readonly isNew: boolean;
  readonly changes: readonly Change[];
  readonly actions: readonly Action[];
  /** What stands in the way of an apply. */
  readonly obstacles: readonly string[];
  /** What nobody has to do anything about now. */
  readonly notes: readonly string[];
}

export const isNothing = ({ changes, actions, obstacles }: HostPlan): boolean =>
  changes.every(({ what }) => what === 'keep') && actions.length === 0 && obstacles.length === 0;

/** What an apply of the tree would do on a host that is as it was seen. */
export function planFor(tree: Tree, state: HostState): HostPlan {
  const changes: Change[] = [];
  const calls: Calls = new Map();
  const change = (kind: Change['kind'], what: Change['what'], name: string, why: string, byHand = false): void => { changes.push({ kind, what, name, why, byHand }); };
  const call = (path: string, texts: readonly string[]): void => { for (const text of texts) calls.set(text, [...calls.get(text) ?? [], path]); };

  for (const name of tree.packages) if (!state.packages.has(name)) change('package', 'add', name, 'not installed');
  users(tree, state, change);
  for (const { name } of tree.certificates) if (!state.certificates.has(name)) change('certificate', 'add', name, 'a placeholder, until one is issued');
  directories(tree, state, change);
  for (const file of tree.files) {
    const is = state.paths.get(file.path);
    const why = differences(file, is);
    if (why === '' || staysAdopted(file.path, file.sha256, state)) continue;
    change('file', is ? 'change' : 'add', file.path, why, isByHand(file.path, state));
    call(file.path, file.calls);
  }
  for (const [path, target] of tree.links) {
    const is = state.paths.get(path);
    if ((is?.kind === 'link' && is.content === target) || staysAdopted(path, 'link', state)) continue;
    change('link', is ? 'change' : 'add', path, is?.kind === 'link' ? `leads to ${is.content}, not to ${target}` : is ? `a ${is.kind} is there` : `to ${target}`, isByHand(path, state));
  }
  for (const [path, target] of tree.firstLinks) if (!state.paths.has(path)) change('link', 'add', path, `to ${target}`);
  retired(tree, state, change, call);

  const fresh = [...calls.keys()].filter(text => text.startsWith('slot:')).map(text => slotAction(text.slice(5), calls.get(text) ?? [], state)).filter(action => action !== null);
  return {
    host: tree.host, isNew: state.tree === null,
    changes: [...changes].sort((a, b) => order(a) - order(b) || (a.name < b.name ? -1 : 1)),
    actions: [...unfinished(state), ...unitActions(tree, state, calls, stopped(changes)), ...fresh, ...confirmation(calls)],
    obstacles: obstacles(tree, state), notes: notes(tree, state),
  };
}

/** Somebody's own version that an apply was told to leave: until the tree changes the file, or somebody does again. */
function staysAdopted(path: string, source: string, { recorded, paths }: HostState): boolean {
  const record = recorded.paths.get(path);
  return record?.adopted === true && record.source === source && paths.get(path)?.left === true;
}

/** Not as vgen left it; what was adopted is somebody's own version too. */
const isByHand = (path: string, { recorded, paths }: HostState): boolean =>
  paths.get(path)?.left === false || (paths.has(path) && recorded.paths.get(path)?.adopted === true);

type Say = (kind: Change['kind'], what: Change['what'], name: string, why: string, byHand?: boolean) => void;

const ORDER = ['package', 'user', 'certificate', 'directory', 'link', 'file'] as const;
const order = ({ kind }: Change): number => ORDER.indexOf(kind);
const octal = (mode: string): number => Number.parseInt(mode, 8);

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

function users(tree: Tree, state: HostState, change: Say): void {
  for (const { name, home, shell, groups } of tree.users) {
    const is = state.users.get(name);
    if (!is) change('user', 'add', name, 'not there');
    else {
      const why = [
        ...is.home === home ? [] : [`home ${home}, is ${is.home}`], ...is.shell === shell ? [] : [`shell ${shell}, is ${is.shell}`],
        ...groups.filter(group => !is.groups.includes(group)).map(group => `joins ${group}`),
      ];
      if (why.length) change('user', 'change', name, why.join('; '));
    }
  }
}

/** Directories that the tree names; those that are made on the way to a file are not worth a line. */
function directories(tree: Tree, state: HostState, change: Say): void {
  for (const { path, mode, owner } of tree.directories) {
    const is = state.paths.get(path);
    const why = !is ? 'new' : is.kind !== 'directory' ? `a ${is.kind} is there`
      : [...octal(is.mode) === octal(mode) ? [] : [`mode ${mode}, is 0${is.mode}`], ...is.owner === owner ? [] : [`owner ${owner}, is ${is.owner}`]].join('; ');
    if (why !== '') change('directory', is ? 'change' : 'add', path, why);
  }
}

/** Files that were installed and are in the tree no more. */
function retired(tree: Tree, state: HostState, change: Say, call: (path: string, texts: readonly string[]) => void): void {
  const wanted = new Set([...tree.files.map(({ path }) => path), ...tree.links.keys(), ...tree.firstLinks.keys()]);
  const directories = new Set(tree.directories.map(({ path }) => path));
  const slots = new Set(tree.files.flatMap(({ calls }) => calls.filter(text => text.startsWith('slot:'))));
  for (const [path, { calls: options, adopted }] of state.recorded.paths) {
    const is = state.paths.get(path);
    if (wanted.has(path) || directories.has(path) || !is) continue;
    const kind = is.kind === 'link' ? 'link' : 'file';
    if (is.left === false || adopted) {
      change(kind, 'keep', path, 'no longer in the tree, but changed by somebody on the host');
      continue;
    }
    const isBack = state.originals.has(path);
    change(kind, isBack ? 'restore' : 'remove', path, isBack ? 'what was there before vgen comes back' : 'no longer in the tree');
    call(path, options.map(option => option.replace('=', ':')).filter(text => {
      if (text.startsWith('slot:')) return slots.has(text);
      if (text === 'confirm') return true;
      if (!/^(reload|restart):/.test(text)) return false;
      const unit = text.slice(text.indexOf(':') + 1);
      return !state.recorded.units.includes(unit) || tree.units.has(unit);
    }));
  }
}

/** Units that end because their file goes. */
const stopped = (changes: readonly Change[]): string[] => changes.filter(({ what }) => what === 'remove' || what === 'restore')
  .flatMap(({ name }) => /^\/etc\/systemd\/system\/([^/@]+(?:@[^/.]+)?\.(?:service|timer|socket|path|mount))$/.exec(name)?.[1] ?? []);

const unfinished = ({ unfinished: is }: HostState): Action[] => (is
  ? [{ action: 'finish', what: 'an install that was cut short', because: ['its journal is still on the host'], downtime: null }] : []);

/** A change of a way in is put back by the host unless somebody comes in anew. */
const confirmation = (calls: Calls): Action[] => {
  const because = calls.get('confirm');
  return because ? [{ action: 'confirm', what: 'over a new connection, or all is put back', because, downtime: null }] : [];
};

function obstacles(tree: Tree, state: HostState): string[] {
  const missing = tree.secrets.filter(name => !state.secrets.has(name));
  return [
    ...state.host !== null && state.host !== tree.host ? [`this machine is ${state.host}, the tree is for ${tree.host}`] : [],
    ...missing.length ? [`without a value on the host: ${missing.join(', ')} (vgen secrets push --on ${tree.host})`] : [],
    ...missing.length ? [] : [...state.unrendered].map(([path, reason]) => `${path}: ${reason}`),
  ];
}

function notes(tree: Tree, state: HostState): string[] {
  const slots = new Set(tree.files.flatMap(({ calls }) => calls));
  return [
    ...tree.programs.filter(path => !state.programs.has(path)).map(path => `${path} is not there, and what needs it is not started`),
    ...[...state.pending].filter(([what]) => slots.has(`slot:${what}`)).map(([what, paths]) => `${what} keeps its former ${paths.join(', ')} until the next switch`),
    ...[...state.recorded.paths].filter(([path, { adopted, source }]) => adopted && source !== null && staysAdopted(path, source, state))
      .map(([path]) => `${path} stays as somebody changed it (adopted)`),
    ...state.recorded.units.filter(name => !tree.units.has(name) && (state.units.get(name)?.active === 'active')).map(name => `${name} is no longer in the tree; it is left running`),
    ...state.recorded.users.filter(name => !tree.users.some(user => user.name === name)).map(name => `user ${name} is no longer in the tree; it is kept`),
  ];
}
