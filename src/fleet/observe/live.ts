// One look at a host over one connection: remote/look.sh asks nothing but what the tree is about and changes nothing.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Failure } from '../../contract/diagnostic.ts';
import type { Connection } from '../connect/ssh.ts';
import { readBytes, type BuiltTree } from './tree.ts';
import { ownFile } from '../../process/own-files.ts';

/** What lies at a path of a host. */
export interface PathState {
  readonly kind: 'file' | 'link' | 'directory' | 'other';
  /** Octal, without a leading zero. */
  readonly mode: string;
  readonly owner: string;
  /** sha256 of a file, target of a link; of a file with secrets whether it is as the tree would make it; "-" if untold. */
  readonly content: string;
  /** Whether it is as vgen left it; null for what vgen did not make. */
  readonly left: boolean | null;
}

export interface UnitState { readonly active: string; readonly sub: string; readonly load: string; readonly enabled: string }
export interface SlotState {
  readonly role: 'live' | 'next';
  readonly release: string;
  readonly process: string;
  readonly runtime: string;
  /** The release is marked bad. */
  readonly isBad: boolean;
  /** Paths that its process has not taken up yet. */
  readonly stale: readonly string[];
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
}

/** What vgen installed last. */
export interface Recorded {
  readonly paths: ReadonlyMap<string, RecordedPath>;
  readonly directories: readonly string[];
  readonly units: readonly string[];
  /** User → the groups that vgen put it into. */
  readonly users: ReadonlyMap<string, readonly string[]>;
  /** Files of supervisor → the programs and groups that they define. */
  readonly programs: ReadonlyMap<string, readonly string[]>;
}

export interface HostState {
  /** The name under which a tree was installed; null on a new host. */
  readonly host: string | null;
  /** The id of the tree that was installed; null on a new host. */
  readonly tree: string | null;
  /** The newest generation; null where there is none. */
  readonly generation: number | null;
  readonly recorded: Recorded;
  /** path → what the installed tree asked for; empty where nothing is installed. */
  readonly applied: ReadonlyMap<string, { readonly mode: string; readonly owner: string }>;
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
  readonly users: ReadonlyMap<string, { readonly home: string; readonly shell: string; readonly groups: readonly string[] }>;
  readonly units: ReadonlyMap<string, UnitState>;
  readonly slots: ReadonlyMap<string, SlotState>;
  /** What still runs with former files → their paths. */
  readonly pending: ReadonlyMap<string, readonly string[]>;
  /** An install was cut short; the next one finishes it first. */
  readonly unfinished: boolean;
  /** Stands for all of it: a plan is good only as long as this is the same. Holds no hash of a file's content. */
  readonly live: string;
}

/** A script that is sent to hosts. */
export const remoteScript = (name: string): string => readFileSync(ownFile(`remote/${name}.sh`), 'utf8');

/**
 * Looks at a host. Null as `tree` looks at what vgen installed there and at nothing else.
 * @throws Failure when the host cannot be reached or does not answer whole
 */
export async function lookAt(connection: Connection, tree: BuiltTree | null): Promise<HostState> {
  const { code, stdout, stderr, unreachable } = await connection.run(remoteScript('look'), { stdin: questions(tree), timeout: 120_000 });
  if (unreachable !== null) throw new Failure(unreachable);
  if (code !== 0 || !stdout.endsWith('\nend\n')) throw new Failure(`the look at the host ended with code ${code}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  return readState(stdout);
}

function questions(tree: BuiltTree | null): string {
  if (tree === null) return '';
  const lines: string[][] = [
    ...[...tree.files.map(({ path }) => path), ...tree.links.keys(), ...tree.firstLinks.keys(), ...tree.directories.map(({ path }) => path)].map(path => ['path', path]),
    ...tree.packages.map(name => ['package', name]), ...tree.users.map(({ name }) => ['user', name]), ...unitsOf(tree).map(name => ['unit', name]),
    ...tree.programs.map(path => ['program', path]), ...tree.secrets.map(name => ['secret', name]),
    ...tree.certificates.map(({ name }) => ['certificate', name]),
  ];
  const sealed = tree.files.filter(({ secrets }) => secrets.length > 0);
  const base64 = (path: string): string => readBytes(tree.dir, path).toString('base64');
  if (sealed.length) lines.push(['encode', base64('opt/vgen/lib/encode.sh')], ...sealed.map(({ path }) => ['render', path, base64(path)]));
  return lines.map(line => `${line.join('\t')}\n`).join('');
}

/** Units that the tree lists, and those that a change of its files triggers. */
const unitsOf = ({ units, files }: BuiltTree): string[] => [...new Set([
  ...units.keys(), ...files.flatMap(({ triggers }) => triggers).filter(trigger => /^re(load|start):/.test(trigger)).map(trigger => trigger.replace(/^[a-z]+:/, '')),
])];

const KINDS: Readonly<Record<string, PathState['kind']>> = { f: 'file', l: 'link', d: 'directory' };

/** Reads the answer of remote/look.sh. */
export function readState(text: string): HostState {
  const lines = text.split('\n').filter(Boolean).map(line => line.split('\t'));
  const of = (kind: string): string[][] => lines.filter(([first]) => first === kind).map(([, ...rest]) => rest);
  const one = (kind: string): string | null => of(kind)[0]?.[0] ?? null;
  const record = of('record');
  const named = (kind: string): string[] => record.filter(([first]) => first === kind).map(([, name = '']) => name);
  const words = (value: string | undefined, separator: string): string[] => (value ?? '').split(separator).filter(word => word && word !== '-');
  const generation = one('generation');
  return {
    host: one('host'), tree: record.find(([kind]) => kind === 'tree')?.[1] ?? null, generation: generation === null ? null : Number(generation),
    recorded: {
      paths: new Map(record.filter(([kind]) => kind === 'file' || kind === 'link').map(([, path = '', content = '-', triggers, source, adopted]) =>
        [path, { content, triggers: words(triggers, ','), source: source && source !== '-' ? source : null, adopted: adopted === 'adopted' }])),
      directories: named('directory'), units: named('unit'),
      users: new Map(record.filter(([kind]) => kind === 'user').map(([, name = '', groups]) => [name, words(groups, ',')])),
      programs: new Map(of('programs').map(([path = '', names]) => [path, words(names, ' ')])),
    },
    downtimes: new Map(of('applied').filter(([kind, , downtime]) => kind === 'unit' && downtime !== '-').map(([, name = '', downtime = '']) => [name, downtime])),
    exposure: of('exposure').length ? of('exposure').map(columns => `${columns.join('\t')}\n`).join('') : null,
    applied: new Map(of('applied').filter(([kind]) => kind === 'file' || kind === 'directory').map(([, path = '', mode = '', owner = '']) =>
      [path, { mode, owner }])),
    paths: new Map(of('path').map(([path = '', kind = '', mode = '', owner = '', content = '', left = '']) =>
      [path, { kind: KINDS[kind] ?? 'other', mode, owner, content, left: left === '-' ? null : left === 'yes' }])),
    unrendered: new Map(of('unrendered').map(([path = '', reason = '']) => [path, reason])),
    originals: new Set(of('original').map(([path = '']) => path)),
    packages: new Set(of('package').map(([name = '']) => name)),
    programs: new Set(of('program').map(([path = '']) => path)),
    secrets: new Set(of('secret').map(([name = '']) => name)),
    certificates: new Set(of('certificate').map(([name = '']) => name)),
    users: new Map(of('user').map(([name = '', homeAndShell = '', groups]) => {
      const [home = '', shell = ''] = homeAndShell.split(':');
      return [name, { home, shell, groups: words(groups, ',') }];
    })),
    units: new Map(of('unit').map(([name = '', active = '', sub = '', load = '', enabled = '']) => [name, { active, sub, load, enabled }])),
    slots: new Map(of('slot').map(([name = '', role, release = '', process = '', runtime = '', bad, stale]) =>
      [name, { role: role === 'live' ? 'live' : 'next', release, process, runtime, isBad: bad === 'bad', stale: words(stale, ' ') }])),
    pending: new Map(of('pending').map(([what = '', paths]) => [what, words(paths, ' ')])),
    unfinished: of('unfinished').length > 0,
    live: liveHash(lines),
  };
}

/** A path counts by what changes whenever somebody writes to it, not by its content. */
function liveHash(lines: readonly (readonly string[])[]): string {
  const facts = lines.filter(([kind]) => kind !== 'applied' && kind !== 'exposure').map(line => {
    if (line[0] === 'path') return [...line.slice(0, 5), line[2] === 'd' ? '' : line[7] ?? ''].join('\t');
    return line[0] === 'unit' ? [...line.slice(0, 3), line[5]].join('\t') : line.join('\t');
  });
  return createHash('sha256').update(facts.sort().join('\n')).digest('hex');
}
