// Every key of the schema that can reach what an app runs with, and for each a change of it: the value is drawn from
// what the schema says of the key, by its kind. For the table in docs/live.md, and for hosts under load.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Inventory = Record<string, Json>;

interface Node {
  readonly type?: string | readonly string[];
  readonly enum?: readonly Json[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly default?: Json;
  readonly ref?: string | readonly string[];
  readonly selector?: boolean;
  readonly words?: boolean;
  readonly properties?: Readonly<Record<string, Node>>;
  readonly additionalProperties?: boolean | Node;
  readonly items?: Node;
}

export interface KeyChange {
  /** As `apps.*.slots.blue.port`. */
  readonly key: string;
  readonly runtime: Runtime;
  /** The inventory that is changed: the base, with what the key needs to mean something. */
  readonly from: Inventory;
  readonly before: Json | undefined;
  readonly after: Json;
  /** The same with this one change. */
  readonly inventory: Inventory;
}

export const RUNTIMES = ['pm2', 'supervisor', 'systemd'] as const;
export type Runtime = (typeof RUNTIMES)[number];

/** Sections that say what an app runs with, what leads to it, and what it uses. */
const SECTIONS = ['hosts', 'apps', 'nginx', 'supervisor', 'systemd', 'pm2', 'sites', 'redis'];
/** No settings: reasons for checks. */
const NO_SETTING = ['allow'];

/** Keys, or what they begin with, that the table leaves out, and why; together with the table they are the schema. */
export const LEFT_OUT: Readonly<Record<string, string>> = {
  'include': 'files that the inventory consists of',
  'vars': 'what they change is the keys that they stand in',
  'templates': 'a template of your own changes the files that it makes, as other keys do',
  'rollout': 'how an apply goes from host to host', 'limits': 'when an apply is refused',
  'drift': 'what `vgen drift` leaves out', 'twin': 'what another inventory is compared with',
  'hosts.*.ssh': 'how vgen reaches a host',
  'secrets': 'where values come from; `vgen secrets push` says what a new value restarts',
  'certs': 'certificates are state of a host: a new one is taken up by a reload, or by a restart that is foretold',
  'firewall': 'ports that open and close, each foretold by a line', 'sshd': 'logins', 'users': 'logins',
  'files': 'what a file reloads and restarts is said beside it, and foretold', 'packages': 'installed beside',
  'jobs': 'timers beside the slots', 'logs': 'rotation of files', 'backups': 'timers beside the slots',
  'system': 'settings of the kernel and of the base system', 'volumes': 'mounted, never unmounted under a service',
  'ngrok': 'a tunnel restarts as its line foretells', 'redis.*.volume': 'as `hosts` of a Redis: data elsewhere',
  'postgres': 'as `redis`', 'rabbitmq': 'as `redis`', 'mongodb': 'as `redis`',
};

/** Maps: key → a name in them that means something. */
const NAMES: Readonly<Record<string, string>> = {
  hosts: 'one', apps: 'web', sites: 'front', redis: 'cache', relax: 'web', workers: 'web', weights: 'one', paths: '/', ports: 'extra',
  env: 'LEVEL', headers: 'X-Level', users: 'ada',
};
/** One of these is a value of any kind of text. */
const TEXTS = [
  '7s', '3m', '/opt/other', '/other', 'other', '10.9.8.1', '20r/s', '-@dangerous', 'https://x.example.org', 'LEVEL', 'x',
  '10.9.8.9',
];
const REFS: Readonly<Record<string, string>> = {
  secrets: 'other', apps: 'back', hosts: 'one', sites: 'inner', datastores: 'main',
};

const USER: Inventory = { redis: { cache: { users: { ada: { password: 'first', keys: ['*'] } } } } };
const OWN: Inventory = {
  secrets: { key: { env: 'KEY' } }, certs: { own: { other: { certificate: 'other.crt', key: 'key' } } },
};
/** Key → what has to be in the inventory, too, for it to mean something. */
const NEEDED: Readonly<Record<string, Inventory>> = {
  'apps.*.hosts': { sites: { front: { hosts: 'two', paths: { '/': { app: null, redirect: 'https://x.example.org' } } } } },
  'sites.*.hosts': { apps: { web: { hosts: ['one', 'two'] } } },
  'sites.*.drain': { apps: { web: { hosts: ['one', 'two'] } }, sites: { front: { hosts: ['one', 'two'] } } },
  'sites.*.certificate': OWN,
  'sites.*.paths.*.site': {
    ...OWN, hosts: { two: { private: '10.9.8.2' } },
    sites: { inner: { hosts: 'two', domains: ['a.example.org'], certificate: 'other', paths: { '/': { dir: '/srv' } } } },
  },
  'sites.*.limit.burst': { sites: { front: { limit: { rate: '1000r/s' } } } },
  'redis.*.replicaOf': { redis: { main: { hosts: 'two', password: 'first' } } },
  'redis.*.users.*.password': USER, 'redis.*.users.*.keys': USER, 'redis.*.users.*.commands': USER,
};
/** Objects of which one key alone may be set. */
const ONE_OF = ['sites.*.paths.*'];

/** An app that is served and deployed, a site, a Redis that it uses, and one of each that a change can lead to. */
export const base = (runtime: Runtime): Inventory => ({
  hosts: { one: { address: '10.9.8.1' }, two: { address: '10.9.8.2' } },
  secrets: { first: { env: 'FIRST' }, other: { env: 'OTHER' } },
  apps: {
    web: {
      hosts: 'one', runtime, ...runtime === 'pm2' ? {} : { binary: 'web' },
      command: runtime === 'pm2' ? '/usr/bin/node web.js ${slot.port}' : './web ${slot.port}',
      slots: { blue: { port: 20000 }, green: { port: 20001 } }, listen: { live: 8000, next: 8001 }, health: '/health',
      wait: '10s', steady: '1s', drain: '1s', uses: ['cache'], env: { LEVEL: 'info' },
    },
    back: {
      hosts: 'one', binary: 'web', command: './web ${slot.port}', steady: '1s', drain: '1s',
      slots: { blue: { port: 20010 }, green: { port: 20011 } }, listen: { live: 8010 },
    },
  },
  redis: { cache: { hosts: 'one', password: 'first' } },
  sites: { front: { hosts: 'one', domains: ['web.example.org'], paths: { '/': { app: 'web' } } } },
});

const schema = JSON.parse(readFileSync(join(import.meta.dirname, '../schema/inventory.schema.json'), 'utf8')) as Node;

const isObject = (value: Json | undefined): value is Inventory =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Another value of a kind than the present one; undefined where it has none, or takes parts of its own. */
function other(node: Node, now: Json | undefined): Json | undefined {
  const types = [node.type ?? []].flat();
  const current = now ?? node.default ?? null;
  if (node.enum) return node.enum.findLast(one => one !== current);
  if (node.words) return `${String(current)} --more`;
  if (node.selector) return 'two';
  if (node.ref !== undefined) {
    const name = REFS[[node.ref].flat().includes('redis') ? 'datastores' : String(node.ref)];
    return name === current ? undefined : name;
  }
  if (types.includes('boolean') && !types.includes('string')) return current !== true;
  if (types.includes('array') && node.items) {
    if (Array.isArray(current) && current.length && !node.items.enum) return node.items.ref ? [] : ['other.example.org'];
    const one = other(node.items, undefined);
    return one === undefined ? undefined : [one];
  }
  if (types.includes('integer') && !types.includes('string')) {
    const number = typeof current === 'number' ? current : (node.minimum ?? 0);
    return node.maximum === 65535 ? Math.max(number, 1024) + 37 : Math.min(number + 1, node.maximum ?? number + 1);
  }
  if (!types.includes('string')) return undefined;
  return TEXTS.find(text => text !== current && new RegExp(node.pattern ?? '').test(text));
}

const at = (value: Json | undefined, key: string): Json | undefined => (isObject(value) ? value[key] : undefined);

/** The inventory with a value put at a path. */
const put = (into: Json | undefined, [first = '', ...rest]: readonly string[], value: Json): Inventory => ({
  ...isObject(into) ? into : {}, [first]: rest.length ? put(at(into, first), rest, value) : value,
});

/** Both, of the second what both have. */
const joined = (one: Json | undefined, two: Json): Json => (isObject(one) && isObject(two)
  ? { ...one, ...Object.fromEntries(Object.entries(two).map(([key, value]) => [key, joined(one[key], value)])) } : two);

/** A key of the schema that has a value: its path, with a name in each map, and what the schema says of it. */
interface Leaf { readonly key: string; readonly path: readonly string[]; readonly node: Node }

function* leavesOf(node: Node, path: readonly string[], key: string): Generator<Leaf> {
  const more = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  if (!(node.properties ?? more)) {
    yield { key, path, node };
    return;
  }
  for (const [name, child] of Object.entries(node.properties ?? {})) {
    if (!NO_SETTING.includes(name)) yield* leavesOf(child, [...path, name], `${key}.${name}`);
  }
  if (more) yield* leavesOf(more, [...path, NAMES[path.at(-1) ?? ''] ?? 'any'], `${key}.*`);
}

const isLeftOut = (key: string): boolean => Object.keys(LEFT_OUT).some(one => key === one || key.startsWith(`${one}.`));

/** All keys of the schema that have a value, but for those that the table leaves out. */
const leaves = (sections: readonly string[]): Leaf[] => sections
  .filter(section => !NO_SETTING.includes(section))
  .flatMap(section => [...leavesOf(schema.properties?.[section] ?? {}, [section], section)])
  .filter(({ key }) => !isLeftOut(key));

/** Every key of the schema that somebody has to try, whether or not a change of it is known. */
export const keysToTry = (): string[] => leaves(Object.keys(schema.properties ?? {})).map(({ key }) => key);

function changeOf({ key, path, node }: Leaf, runtime: Runtime): KeyChange[] {
  const from = joined(base(runtime), NEEDED[key] ?? {}) as Inventory;
  const before = path.reduce<Json | undefined>(at, from);
  const after = other(node, before);
  if (after === undefined) return [];
  const parent = path.slice(0, -1);
  const bare = ONE_OF.includes(key.slice(0, key.lastIndexOf('.'))) ? put(from, parent, {}) : from;
  return [{ key, runtime, from, before: before ?? node.default, after, inventory: put(bare, path, after) }];
}

/** All changes of single keys, each of the inventory in which the key means something. */
export const keyChanges = (): KeyChange[] => leaves(SECTIONS).flatMap(leaf => {
  const section = leaf.path[0] as Runtime;
  return changeOf(leaf, RUNTIMES.includes(section) ? section : 'systemd');
});

/** The changes of apps for the other runtimes. */
export const appChanges = (runtime: Runtime): KeyChange[] => leaves(['apps']).flatMap(leaf => changeOf(leaf, runtime));
