// What a host says of itself, as observe.sh tells it.
import { createHash } from 'node:crypto';
import { readLock, type Lock } from '../guard/lock.ts';
import { groupBy } from '../../contract/group.ts';
import type { LiveApp } from '../../contract/action.ts';
import type { ListedAnswer, ListedVariable } from '../../contract/manifest.ts';
import type { HostStatus } from '../result.ts';

/** What lies at a path of a host. */
export interface PathState {
  readonly kind: 'file' | 'link' | 'directory' | 'other';
  /** Octal, without a leading zero. */
  readonly mode: string;
  readonly owner: string;
  /**
   * sha256 of a file, target of a link; of a file with secrets whether it is as the tree would make it; "-" if untold.
   */
  readonly content: string;
  /** Whether it is as vgen left it; null for what vgen did not make. */
  readonly left: boolean | null;
  /** What is not as vgen left it: content or target, or else mode or owner. */
  readonly edited: 'content' | 'metadata' | null;
}

export interface UnitState {
  readonly active: string;
  readonly sub: string;
  readonly load: string;
  readonly enabled: string;
}
export interface SlotState {
  readonly role: 'live' | 'next';
  readonly release: string;
  readonly process: string;
  readonly runtime: string;
  /** The release is marked bad. */
  readonly isBad: boolean;
  /** Paths that its process has not taken up yet. */
  readonly stale: readonly string[];
  /** The directory of its app, and the address on which nginx serves what is live of it. */
  readonly app: LiveApp;
  /** On which it listens; null where it was not told. */
  readonly port: number | null;
}

/** An app whose live is down, by the rule of the engine (see_live of lib/release/switch.sh). */
export interface DeadApp {
  readonly app: string;
  readonly reason: string;
  /** What makes another release live; null where nothing does. */
  readonly remedy: 'switch' | 'rollback' | null;
}

/** A file or link as vgen left it. */
export interface RecordedPath {
  /** sha256 of a file, target of a link; "-" where it is not told. */
  readonly content: string;
  /** What its change triggers, such as `reload:nginx.service`. */
  readonly triggers: readonly string[];
  /** sha256 of the tree's file, before secrets came into it; null where the host does not keep it. */
  readonly source: string | null;
  /** Local edits were kept; `content` is that of the edited file. */
  readonly adopted: boolean;
  /** As vgen left it; null where the host does not keep it. */
  readonly metadata: { readonly mode: string; readonly owner: string } | null;
  /** APP/SLOT to which it belongs; null if to none. */
  readonly slot: string | null;
}

/** What vgen installed last. */
export interface Recorded {
  readonly paths: ReadonlyMap<string, RecordedPath>;
  readonly directories: readonly string[];
  readonly units: readonly string[];
  /** User → the groups that vgen put it into. */
  readonly users: ReadonlyMap<string, readonly string[]>;
  /** File → the programs beside slots that run because of it. */
  readonly programs: ReadonlyMap<string, readonly string[]>;
}

/** A host as it was seen. What the depth of the look left out is empty; `isWhole` says whether nothing was left out. */
export interface HostState extends HostStatus {
  readonly isWhole: boolean;
  /** The name under which a tree was installed; null on a new host. */
  readonly host: string | null;
  /** The highest order of a tree that the host has seen, as apply says it; null where there was none. */
  readonly order: number | null;
  /** The tree that was looked for is installed, and all of it is as vgen left it. */
  readonly isAsLeft: boolean;
  /** Local edits that an apply was told to keep are among it. */
  readonly hasAdopted: boolean;
  /** A unit that is to run does not; told where `isAsLeft` is. */
  readonly isDown: boolean;
  /** Apps whose live is down; told where the host was looked at. */
  readonly dead: readonly DeadApp[];
  /** Something is pending: a restart, an install that was cut short. */
  readonly isDue: boolean;
  /** Seconds until what was installed last reverts by itself; null if it is confirmed. */
  readonly unconfirmed: number | null;
  /** Some script of vgen works there now. */
  readonly isBusy: boolean;
  /** What works there is an install that can be attached to. */
  readonly canAttach: boolean;
  /** The fleet lock that holds. */
  readonly lock: Lock | null;
  /** What the host's `vgen status` says, as JSON; null where it was not asked, or there is none. */
  readonly status: string | null;
  readonly recorded: Recorded;
  /** Path → the slot that was live when its new version, or its removal, came, and with which it waits. */
  readonly waiting: ReadonlyMap<string, string>;
  /** path → what the installed tree asked for; empty where nothing is installed. */
  readonly applied: ReadonlyMap<string, { readonly mode: string; readonly owner: string }>;
  /** What the installed tree said that is answered, and what apps are told of what they use. */
  readonly answers: readonly ListedAnswer[];
  readonly variables: readonly ListedVariable[];
  /** Unit → what the installed tree said that a restart of it interrupts. */
  readonly downtimes: ReadonlyMap<string, string>;
  /** The report of open ports that is there; null if there is none. */
  readonly exposure: string | null;
  readonly paths: ReadonlyMap<string, PathState>;
  /** Files whose secrets cannot be put in, and why. */
  readonly unrendered: ReadonlyMap<string, string>;
  /** Files under which the original from before vgen is kept. */
  readonly originals: ReadonlySet<string>;
  readonly packages: ReadonlySet<string>;
  readonly programs: ReadonlySet<string>;
  readonly secrets: ReadonlySet<string>;
  readonly certificates: ReadonlySet<string>;
  readonly users: ReadonlyMap<string, {
    readonly home: string;
    readonly shell: string;
    readonly groups: readonly string[];
    /** A process is theirs. */
    readonly runs: boolean;
  }>;
  readonly units: ReadonlyMap<string, UnitState>;
  readonly slots: ReadonlyMap<string, SlotState>;
  /** What still runs with former files → their paths. */
  readonly pending: ReadonlyMap<string, readonly string[]>;
  /** An install was cut short; the next one finishes it first. */
  readonly unfinished: boolean;
  /**
   * Stands for all that was seen: a plan is good only as long as this is the same. Holds no hash of a file's content.
   */
  readonly seal: string;
}

/** The part that is told of a host. */
export const statusOf = ({ generation, tree, live, next }: HostState): HostStatus => ({ generation, tree, live, next });

/** What waits for the switch of a live slot, in one line. */
export const waitText = (slot: string, count: number): string =>
  `${slot} is live: ${count === 1 ? 'a file' : `${count} files`} of it wait${count === 1 ? 's' : ''} for the next `
  + 'switch: no downtime';

/** The same of all slots that something waits for; empty where nothing does. */
export const waitsOf = ({ waiting }: HostState): string => [...groupBy(waiting.values(), slot => slot)]
  .sort(([a], [b]) => (a < b ? -1 : 1)).map(([slot, files]) => waitText(slot, files.length)).join('; ');

/** Whether an apply of the tree would do nothing; with `force` local edits that were kept are overwritten. */
export const isInstalled = (state: HostState, tree: { readonly id: string }, force: boolean): boolean =>
  state.tree === tree.id && state.isAsLeft && !(force && state.hasAdopted)
  && !state.isDown && !state.isDue && state.unconfirmed === null
  && !state.isBusy;

const KINDS: Readonly<Record<string, PathState['kind']>> = { f: 'file', l: 'link', d: 'directory' };

/** Reads the answer of observe.sh. */
export function readState(text: string): HostState {
  const lines = text.split('\n').filter(Boolean).map(line => line.split('\t'));
  const kinds = groupBy(lines, ([kind = '']) => kind);
  const of = (kind: string): string[][] => (kinds.get(kind) ?? []).map(([, ...rest]) => rest);
  const one = (kind: string): string | null => of(kind)[0]?.[0] ?? null;
  const record = of('record');
  const named = (value: string | undefined): string | null => (value && value !== '-' ? value : null);
  const namesOf = (kind: string): string[] => record.filter(([first]) => first === kind).map(([, name = '']) => name);
  const words = (value: string | undefined, separator: string): string[] => (value ?? '').split(separator)
    .filter(word => word && word !== '-');
  const [generation, order] = (of('generation')[0] ?? []).map(Number);
  const unconfirmed = one('unconfirmed');
  const releases = (link: string): Record<string, string> =>
    Object.fromEntries(of(link).map(([app = '', release = '']) => [app, release]));
  return {
    isWhole: kinds.has('whole'),
    host: one('host'), tree: one('tree'), generation: generation ?? null, order: order ? order : null,
    live: releases('live'), next: releases('next'),
    isAsLeft: of('asleft').length > 0, hasAdopted: of('adopted').length > 0, isDown: of('down').length > 0,
    dead: of('dead').map(([app = '', remedy, reason]) => ({
      app, reason: named(reason) ?? '', remedy: remedy === 'switch' || remedy === 'rollback' ? remedy : null,
    })),
    isDue: of('due').length > 0, isBusy: of('busy').length > 0,
    canAttach: of('attach').length > 0,
    unconfirmed: unconfirmed === null ? null : Number(unconfirmed), lock: lockIn(of('lock')[0]),
    status: one('status') || null,
    recorded: {
      paths: new Map(record.filter(([kind]) => kind === 'file' || kind === 'link')
        .map(([, path = '', content = '-', triggers, source, adopted, mode, owner, , slot]) =>
          [path, {
            content, triggers: words(triggers, ','), source: named(source), adopted: adopted === 'adopted',
            metadata: named(mode) !== null && owner !== undefined ? { mode: mode ?? '', owner } : null,
            slot: named(slot),
          }])),
      directories: namesOf('directory'), units: namesOf('unit'),
      users: new Map(record.filter(([kind]) => kind === 'user')
        .map(([, name = '', groups]) => [name, words(groups, ',')])),
      programs: new Map(of('programs').map(([path = '', names]) => [path, words(names, ' ')])),
    },
    waiting: new Map(of('waiting').map(([path = '', slot = '']) => [path, slot])),
    downtimes: new Map(of('applied').filter(([kind, , downtime]) => kind === 'unit' && downtime !== '-')
      .map(([, name = '', downtime = '']) => [name, downtime])),
    answers: of('applied').filter(([kind]) => kind === 'answer')
      .map(([, name = '', path = '', by = '', what = '']) => ({ name, path, by, what })),
    variables: of('applied').filter(([kind]) => kind === 'variable')
      .map(([, app = '', name = '', value = '', why = '']) => ({ app, name, value, why })),
    exposure: of('exposure').length ? of('exposure').map(columns => `${columns.join('\t')}\n`).join('') : null,
    applied: new Map(of('applied').filter(([kind]) => kind === 'file' || kind === 'directory')
      .map(([, path = '', mode = '', owner = '']) =>
        [path, { mode, owner }])),
    paths: new Map(of('path').map(([path = '', kind = '', mode = '', owner = '', content = '', left = '']) =>
      [path, {
        kind: KINDS[kind] ?? 'other', mode, owner, content, left: left === '-' ? null : left === 'yes',
        edited: left === 'content' || left === 'metadata' ? left : null,
      }])),
    unrendered: new Map(of('unrendered').map(([path = '', reason = '']) => [path, reason])),
    originals: new Set(of('original').map(([path = '']) => path)),
    packages: new Set(of('package').map(([name = '']) => name)),
    programs: new Set(of('program').map(([path = '']) => path)),
    secrets: new Set(of('secret').map(([name = '']) => name)),
    certificates: new Set(of('certificate').map(([name = '']) => name)),
    users: new Map(of('user').map(([name = '', homeAndShell = '', groups, runs]) => {
      const [home = '', shell = ''] = homeAndShell.split(':');
      return [name, { home, shell, groups: words(groups, ','), runs: runs === 'runs' }];
    })),
    units: new Map(of('unit')
      .map(([name = '', active = '', sub = '', load = '', enabled = '']) => [name, { active, sub, load, enabled }])),
    slots: new Map(of('slot').map(
      ([name = '', role, release = '', process = '', runtime = '', bad, stale, dir, live, port]) => [name, {
        role: role === 'live' ? 'live' : 'next', release, process, runtime, isBad: bad === 'bad',
        stale: words(stale, ' '), app: { dir: named(dir) ?? '', live: named(live) ?? '' },
        port: named(port) === null ? null : Number(port),
      }],
    )),
    pending: new Map(of('pending').map(([what = '', paths]) => [what, words(paths, ' ')])),
    unfinished: of('unfinished').length > 0,
    seal: sealOf(lines),
  };
}

/** The lock, unless it has expired by the host's clock. */
function lockIn(columns: readonly string[] | undefined): Lock | null {
  if (!columns) return null;
  const [now, ...line] = columns;
  const lock = readLock(line.join('\t'));
  return lock && (lock.expires === 0 || lock.expires > Number(now)) ? lock : null;
}

/** What comes and goes by itself, or is told elsewhere. */
const PASSING = ['applied', 'exposure', 'lock', 'locked', 'busy', 'attach', 'unconfirmed', 'status'];

/** A path counts by what changes whenever somebody writes to it, not by its content. */
function sealOf(lines: readonly (readonly string[])[]): string {
  const facts = lines.filter(([kind = '']) => !PASSING.includes(kind)).map(line => {
    if (line[0] === 'path') return [...line.slice(0, 5), line[2] === 'd' ? '' : line[7] ?? ''].join('\t');
    if (line[0] === 'user') return line.slice(0, 4).join('\t');       // what runs now is passing
    if (line[0] === 'dead') return line.slice(0, 2).join('\t');
    return line[0] === 'unit' ? [...line.slice(0, 3), line[5]].join('\t') : line.join('\t');
  });
  return createHash('sha256').update(facts.sort().join('\n')).digest('hex');
}
