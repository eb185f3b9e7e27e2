// manifest.tsv: the one list of what a host gets, which a reviewer reads, the engine on the host
// (lib/state/manifest.sh) installs, and commands compare with hosts. One thing a line; columns are
// separated by tabs, "-" is an empty one.
import { takeUpCommand, type OnChange } from './component.ts';
import { Failure, pathText, type Path } from './diagnostic.ts';
import type { FleetPlan, HostPlan, Planned } from './plan.ts';
import { seconds } from '../kit/duration.ts';
import { shWord } from '../escape/sh.ts';
import { commentText } from '../escape/plain.ts';

/** The columns of each kind of line, in the order in which kinds stand in the list. */
const COLUMNS = {
  'host': ['name'],
  'confirm-within': ['seconds'],
  'package': ['name', 'why'],
  'program': ['path', 'url', 'why'],
  'user': ['name', 'home', 'shell', 'groups', 'why'],
  'secret': ['name'],
  'certificate': ['name', 'group', 'names', 'issuer', 'reload-command', 'why'],
  'directory': ['path', 'mode', 'owner'],
  'link': ['path', 'target'],
  'first-link': ['path', 'target'],
  'file': ['path', 'mode', 'owner', 'triggers', 'check', 'secrets', 'from', 'slot'],
  'fleet-file': ['path', 'from'],
  'unit': ['name', 'downtime', 'why'],
  'slot': ['app', 'slot'],
  'answer': ['name', 'path', 'by', 'what'],
  'variable': ['app', 'name', 'value', 'why'],
} as const;

type Kind = keyof typeof COLUMNS;
type Columns<K extends Kind> = Readonly<Record<(typeof COLUMNS)[K][number], string>>;

/**
 * A certificate whose key is made on the host. `reloadCommand`: of a shell; its users read a new one by it; "" if none.
 */
export interface ListedCertificate {
  readonly name: string;
  readonly group: string;
  readonly names: readonly string[];
  readonly issuer: 'internal' | 'acme';
  readonly reloadCommand: string;
}

export interface ListedFile {
  readonly path: string;
  readonly mode: string;
  readonly owner: string;
  /** What its change triggers: `reload:UNIT`, `restart:UNIT`, `slot:APP/SLOT`, `confirm`. */
  readonly triggers: readonly string[];
  readonly check: string | null;
  readonly secrets: readonly string[];
  /** Key of the inventory. */
  readonly from: string;
  /** APP/SLOT to whose running configuration it belongs: it changes with the slot. Null for all else. */
  readonly slot: string | null;
}

/** What the host answers to who asks for a name, there and below a path. */
export type ListedAnswer = Readonly<Columns<'answer'>>;

/** A variable that an app gets from what it uses, such as the address of a datastore; its secrets are named. */
export type ListedVariable = Readonly<Columns<'variable'>>;

/** What a manifest says, read back. */
export interface Manifest {
  readonly host: string;
  readonly packages: readonly string[];
  /** Paths. */
  readonly programs: readonly string[];
  readonly users: readonly {
    readonly name: string;
    readonly home: string;
    readonly shell: string;
    readonly groups: readonly string[];
  }[];
  readonly secrets: readonly string[];
  readonly certificates: readonly ListedCertificate[];
  readonly directories: readonly { readonly path: string; readonly mode: string; readonly owner: string }[];
  /** path → target */
  readonly links: ReadonlyMap<string, string>;
  readonly firstLinks: ReadonlyMap<string, string>;
  readonly files: readonly ListedFile[];
  /** Unit → what a restart interrupts, or null. */
  readonly units: ReadonlyMap<string, string | null>;
  /** As APP/SLOT. */
  readonly slots: readonly string[];
  readonly answers: readonly ListedAnswer[];
  readonly variables: readonly ListedVariable[];
}

/** One line, and the place in the inventory that it comes from. */
export interface ManifestRow { readonly text: string; readonly at: Path }

/** `reload:nginx.service`, `restart:redis-server.service`, `slot:peerbook/blue` or `confirm`. */
export function triggerText(change: OnChange): string {
  if (change.do === 'confirm') return 'confirm';
  return change.do === 'slot' ? `slot:${change.app}/${change.slot}` : `${change.do}:${change.unit}`;
}

/**
 * The lines of a host's manifest.
 * @throws Inexpressible when a text cannot stand in a line
 */
export function manifestRows({ host, ...plan }: HostPlan): ManifestRow[] {
  return [
    row('host', host.at, [host.name]),
    ...host.confirm === null ? [] : [row('confirm-within', host.at, [String(seconds(host.confirm))])],
    ...plan.packages.map(one => row('package', one.at, [one.name, one.why])),
    ...plan.programs.map(one => row('program', one.at, [one.path, one.url, one.why])),
    ...plan.users.map(one => row('user', one.at, [one.name, one.home, one.shell, one.groups.join(','), one.why])),
    ...plan.secrets.map(name => row('secret', ['secrets', name], [name])),
    ...plan.certificates.map(one => row('certificate', one.at, [
      one.name, one.group, one.names.join(','), one.issuer === 'acme' ? 'acme' : 'internal',
      takeUpCommand(one.then).map(shWord).join(' '), one.why,
    ])),
    ...inOrder.flatMap(kind => plan.files.filter(file => file.kind === kind).map(fileRow)),
    ...plan.units.map(one => row('unit', one.at, [one.name, one.downtime ?? '', one.why])),
    ...plan.apps.flatMap(app => app.slots.map(slot => row('slot', slot.at, [app.name, slot.name]))),
    ...plan.answers.map(one => row('answer', one.at, [one.name, one.path, one.by, one.what])),
    ...plan.variables.map(one => row('variable', one.at, [one.app, one.name, one.value, one.why])),
  ];
}

/** The lines of the list of what belongs to the fleet and to no host. */
export const fleetRows = ({ files }: FleetPlan): ManifestRow[] =>
  files.map(({ path, at }) => row('fleet-file', at, [path, pathText(at)]));

const inOrder: readonly Planned['kind'][] = ['directory', 'link', 'first-link', 'file'];

function fileRow(file: Planned): ManifestRow {
  if (file.kind === 'directory') return row('directory', file.at, [file.path, file.mode, file.owner]);
  if (file.kind !== 'file') return row(file.kind, file.at, [file.path, file.target]);
  return row('file', file.at, [
    file.path, file.mode, file.owner, file.onChange.map(triggerText).join(','), file.check ?? '',
    file.secrets.join(','), pathText(file.at), file.slot ?? '',
  ]);
}

const row = (kind: Kind, at: Path, columns: readonly string[]): ManifestRow =>
  ({ at, text: `${kind}\t${columns.map(text => (text === '' ? '-' : commentText(text))).join('\t')}` });

/**
 * The text of a manifest: its lines, each kind under the names of its columns. `host` is null for that of the fleet.
 */
export function manifestText(host: string | null, rows: readonly ManifestRow[]): string {
  let text = host === null ? '# Made by vgen for the fleet; do not edit.\n# All that belongs to no host.'
    : `# Made by vgen from hosts.${host}; do not edit.\n# All that this host gets.`;
  text += ' Columns are separated by tabs, "-" is an empty one.\n';
  let last = '';
  for (const { text: line } of rows) {
    const kind = line.slice(0, line.indexOf('\t')) as Kind;
    if (kind !== last) text += `\n# ${kind}\t${COLUMNS[kind].join('\t')}\n`;
    last = kind;
    text += `${line}\n`;
  }
  return text;
}

/**
 * Reads a manifest back.
 * @param place the file, for messages
 * @throws Failure for a line that is no manifest's
 */
export function readManifest(text: string, place: string): Manifest {
  const found = new Map<string, Record<string, string>[]>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line === '' || line.startsWith('#')) continue;
    const [kind = '', ...values] = line.split('\t');
    const names: readonly string[] | undefined = Object.hasOwn(COLUMNS, kind) ? COLUMNS[kind as Kind] : undefined;
    if (!names) throw new Failure(`${place}:${index + 1}: unknown kind "${kind}"; "vgen build" makes the list anew`);
    if (values.length !== names.length || values.includes('')) {
      throw new Failure(`${place}:${index + 1}: "${kind}" needs ${names.join(', ')}; "vgen build" makes the list anew`);
    }
    const columns = Object.fromEntries(names.map((name, i) => [name, values[i] === '-' ? '' : values[i] ?? '']));
    const lines = found.get(kind);
    if (lines) lines.push(columns);
    else found.set(kind, [columns]);
  }
  const of = <K extends Kind>(kind: K): Columns<K>[] => (found.get(kind) ?? []) as Columns<K>[];
  const list = (value: string): string[] => (value === '' ? [] : value.split(','));
  return {
    host: of('host')[0]?.name ?? '',
    packages: of('package').map(({ name }) => name),
    programs: of('program').map(({ path }) => path),
    users: of('user').map(({ name, home, shell, groups }) => ({ name, home, shell, groups: list(groups) })),
    secrets: of('secret').map(({ name }) => name),
    certificates: of('certificate').map(({ name, group, names, issuer, 'reload-command': reloadCommand }) =>
      ({ name, group, names: list(names), issuer: issuer === 'acme' ? 'acme' : 'internal', reloadCommand })),
    directories: of('directory'),
    links: new Map(of('link').map(({ path, target }) => [path, target])),
    firstLinks: new Map(of('first-link').map(({ path, target }) => [path, target])),
    files: of('file').map(({ path, mode, owner, triggers, check, secrets, from, slot }) => ({
      path, mode, owner, triggers: list(triggers), check: check || null, secrets: list(secrets), from,
      slot: slot || null,
    })),
    units: new Map(of('unit').map(({ name, downtime }) => [name, downtime || null])),
    slots: of('slot').map(({ app, slot }) => `${app}/${slot}`),
    answers: of('answer'), variables: of('variable'),
  };
}

/** Beside the files that a manifest lists, these stand in each tree. */
export const INSTALL = 'install.sh';
export const MANIFEST = 'manifest.tsv';
export const SUMS = 'SHA256SUMS';

/** Paths in a host's tree that its manifest says vgen wrote; of any version's manifest. */
export const pathsOf = (text: string): string[] => [
  INSTALL, MANIFEST, SUMS,
  ...text.split('\n').flatMap(line => {
    const [kind, path] = line.split('\t');
    return path
      && (kind === 'file' || kind === 'fleet-file' || kind === 'link' || kind === 'first-link') ? [path.slice(1)] : [];
  }),
];

/**
 * SHA256SUMS, as `sha256sum --check --strict` reads it; its sha256 is the id of the tree.
 * Paths have no backslash or line break.
 */
export const sumsText = (sums: Iterable<readonly [path: string, sha256: string]>): string =>
  [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, sha256]) => `${sha256}  ${path}\n`).join('');

/** Reads SHA256SUMS back: path → sha256. */
export const readSums = (text: string): Map<string, string> =>
  new Map(text.split('\n').filter(Boolean).map(line => [line.slice(66), line.slice(0, 64)]));
