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
  readonly before: Json | undefined;
  readonly after: Json;
  /** The base with this one change. */
  readonly inventory: Inventory;
}

/** Sections that say what an app runs with, what leads to it, and what it uses. */
const SECTIONS = ['apps', 'nginx', 'supervisor', 'systemd', 'pm2', 'sites', 'redis'];
/** No settings: reasons for checks. */
const NO_SETTING = ['allow'];
/** Maps: key → a name in them that means something. */
const NAMES: Readonly<Record<string, string>> = {
  apps: 'web', sites: 'front', redis: 'cache', relax: 'web', workers: 'web', weights: 'one', paths: '/', ports: 'extra',
  env: 'LEVEL', headers: 'X-Level', users: 'ada',
};
/** One of these is a value of any kind of text. */
const TEXTS = [
  '7s', '3m', '/opt/other', '/other', 'other', '10.9.8.1', '20r/s', '-@dangerous', 'https://x.example.org', 'LEVEL', 'x',
];
const REFS: Readonly<Record<string, string>> = { secrets: 'other', apps: 'back', hosts: 'one', datastores: 'cache' };

/** An app that is served and deployed, a site, a Redis that it uses, and one of each that a change can lead to. */
export const base = (runtime: string): Inventory => ({
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

function* changesIn(node: Node, path: readonly string[], key: string, from: Inventory): Generator<KeyChange> {
  const before = path.reduce<Json | undefined>(at, from);
  const more = typeof node.additionalProperties === 'object' ? node.additionalProperties : undefined;
  if (node.properties ?? more) {
    for (const [name, child] of Object.entries(node.properties ?? {})) {
      if (!NO_SETTING.includes(name)) yield* changesIn(child, [...path, name], `${key}.${name}`, from);
    }
    const name = NAMES[path.at(-1) ?? ''];
    if (more && name !== undefined) yield* changesIn(more, [...path, name], `${key}.*`, from);
    return;
  }
  const after = other(node, before);
  if (after !== undefined) yield { key, before: before ?? node.default, after, inventory: put(from, path, after) };
}

/** All changes of single keys, each of the inventory in which the key means something. */
export function keyChanges(): KeyChange[] {
  return SECTIONS.flatMap(section => {
    const node = schema.properties?.[section];
    if (!node) throw new Error(`the schema has no section ${section}`);
    const runtime = ['supervisor', 'pm2'].includes(section) ? section : 'systemd';
    return [...changesIn(node, [section], section, base(runtime))];
  });
}
