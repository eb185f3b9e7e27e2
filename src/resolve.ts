// Inventory → Model. In: names, selectors and ${…} as they were written. Out: objects, sets of hosts and patterns,
// frozen. Now true: no look-up by name is needed any more; what a text may refer to is known to exist.
import { error, type Diagnostic, type Path } from './contract/diagnostic.ts';
import type { Allowance, App, Host, Hosts, Model, Named, Slot, Text } from './contract/model.ts';
import { knownNames, nearest } from './kit/nearest.ts';
import { patternOf, type Reader } from './resolve/pattern.ts';
import { peersOf, selectorOf } from './resolve/selector.ts';
import { inventorySchema, type Schema } from './schema/read.ts';
import type { Inventory } from './validate.ts';

type Entries = Record<string, Record<string, unknown> & Named>;

/** Follows every reference of a validated inventory. */
export function resolve(inventory: Inventory): { model: Model; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const usedSecrets = new Set<string>();
  const allowances: Allowance[] = [];
  const schema = inventorySchema();
  const written = (section: string): readonly string[] => Object.keys((inventory[section] ?? {}) as object);
  const sections: Record<string, unknown> = {};

  // entries exist before anything refers to them, so that a reference is the object itself
  const targets = new Map<string, Entries>();
  const target = (section: string): Entries => {
    let made = targets.get(section);
    if (!made) {
      made = Object.fromEntries([...written(section)].sort().map(name => [name, { name, at: [section, name] }]));
      targets.set(section, made);
    }
    return made;
  };
  const selectors = new Map<string, Hosts>();
  let hosts: Host[] = [];
  const reader: Reader = {
    vars: (inventory['vars'] ?? {}) as Record<string, string | number | boolean>,
    secrets: written('secrets'), usedSecrets, diagnostics,
  };

  function walk(value: unknown, node: Schema, at: Path, into: Record<string, unknown> = {}): unknown {
    if (value === null || value === undefined) return value ?? null;
    if (node.selector) return selectorOf(value as string | string[], hosts, at, selectors, diagnostics);
    if (node.peers) return peersOf(value as string | string[], hosts, at, selectors, diagnostics);
    if (node.ref !== undefined) return reference(String(value), node.ref, at);
    if (node.words && typeof value === 'string') return words(value, node.items?.text ?? [], at);
    if (node.text && typeof value !== 'object') return patternOf(String(value), node.text, at, reader);
    if (Array.isArray(value)) return Object.freeze(value.map((item, i) => walk(item, node.items ?? {}, [...at, i])));
    if (typeof value === 'object') return mapping(value as Record<string, unknown>, node, at, into);
    return value;
  }

  function mapping(value: Record<string, unknown>, node: Schema, at: Path, made: Record<string, unknown>): object {
    const rest = typeof node.additionalProperties === 'object' ? node.additionalProperties : {};
    for (const name of Object.keys(value).sort()) {
      if (name.startsWith('x-')) continue;
      if (name === 'allow' && node.properties?.['allow']) {
        for (const [code, reason] of Object.entries(value[name] as Record<string, string>)) {
          allowances.push({ code, reason, at });
        }
        continue;
      }
      const child = node.properties?.[name] ?? rest;
      const place = [...at, name];
      const entry = !node.entries ? {} : at.length === 1 ? target(String(at[0]))[name] : { name, at: place };
      made[name] = walk(value[name], child, place, entry);
    }
    for (const name of Object.keys(node.properties ?? {})) if (name !== 'allow') made[name] ??= null;
    return Object.freeze(made);
  }

  function reference(name: string, to: string | readonly string[], at: Path): unknown {
    if (typeof to !== 'string') return oneOf(name, to, at);
    const section = to;
    const entries = target(section);
    const found = Object.hasOwn(entries, name) ? entries[name] : undefined;
    if (section === 'secrets' && found) usedSecrets.add(name);
    if (found) return found;
    const what = singular(section);
    const known = written(section);
    const within = /^\$\{secret\.(\w+)\}$/.exec(name)?.[1];
    if (section === 'secrets' && within === undefined
      && (looksLikeSecret(name) || (!/^\w+$/.test(name) && nearest(name, known) === null))) {
      diagnostics.push(error(
        'secrets/value', at, 'this looks like the value of a secret; the name of a secret is expected', {
          sensitive: true,
          hint: 'declare it under "secrets" as env, file, exec, age or sops, and name it here; '
            + 'rotate the value, because it has been in a file',
        },
      ));
    } else {
      diagnostics.push(error(`resolve/unknown-${what}`, at, `unknown ${what} "${name}"`, {
        hint: within !== undefined && known.includes(within) ? `write only the name: ${within}`
          : knownNames(within ?? name, known, what === section ? 'known' : `known ${section}`),
      }));
    }
    return null;
  }

  /** The entry of that name in one of several sections, as a datastore of any kind. */
  function oneOf(name: string, sections: readonly string[], at: Path): unknown {
    const [section, other] = sections.filter(one => Object.hasOwn(target(one), name));
    if (section !== undefined && other !== undefined) {
      diagnostics.push(error(
        'resolve/ambiguous', at, `ambiguous datastore "${name}": declared under both ${section} and ${other}`, {
          hint: 'rename one of them', see: { message: `under ${other}`, at: [other, name] },
        },
      ));
      return null;
    }
    if (section !== undefined) return reference(name, section, at);
    diagnostics.push(error('resolve/unknown-datastore', at, `unknown datastore "${name}"`, {
      hint: knownNames(name, sections.flatMap(written), `known under ${sections.join(', ')}`),
    }));
    return null;
  }

  function words(value: string, scopes: readonly string[], at: Path): readonly Text[] {
    const mark = /["'\\]/.exec(value)?.[0];
    if (mark !== undefined) {
      diagnostics.push(error(
        'resolve/quotes', at, 'a command written as text is split at spaces; quotes and backslashes are not supported',
        {
          part: mark,
          hint: 'write it as a list of words: ["./app", "--name", "two words"]',
        },
      ));
    }
    return Object.freeze(value.trim().split(/\s+/).map(part => patternOf(part, scopes, at, reader)));
  }

  for (const [name, value] of Object.entries(reader.vars)) {
    if (typeof value === 'string' && value.includes('${')) {
      diagnostics.push(error(
        'resolve/vars', ['vars', name], `variable "${name}" contains a reference; variables are not interpolated`, {
          part: '${', hint: 'write the reference in the text that uses the variable',
        },
      ));
    }
  }
  const section = (key: string): void => {
    const node = schema.properties?.[key];
    if (!node || key === 'include') return;
    sections[key] = walk(inventory[key] ?? null, node, [key]);
  };
  section('hosts');
  hosts = Object.values(sections['hosts'] as Record<string, Host>);
  for (const key of Object.keys(schema.properties ?? {})) if (key !== 'hosts' && key !== 'allow') section(key);
  if ('allow' in inventory) {
    for (const [code, reason] of Object.entries(inventory['allow'] as Record<string, string>)) {
      allowances.push({ code, reason, at: [] });
    }
  }
  const apps = diagnostics.length ? []
    : Object.values((sections['apps'] ?? {}) as Record<string, WrittenApp>).map(complete);
  return {
    model: Object.freeze({ hosts, apps, sections: Object.freeze(sections), usedSecrets, allowances }),
    diagnostics,
  };
}

/** "host" for hosts; what ends in "is" is one and many. */
export const singular = (section: string): string => section.replace(/(?<!i)s$/, '');

/** Long, without spaces, with letters and digits mixed: nobody names a secret so. */
export const looksLikeSecret = (text: string): boolean =>
  /^(AKIA|ASIA|gh[pousr]_|github_pat_|xox[abprs]-|sk_(live|test)_|glpat-|eyJ[A-Za-z0-9_-]{10})/.test(text)
  || /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)
  || (text.length >= 20 && /^[A-Za-z0-9_+/=.-]+$/.test(text) && /\d/.test(text) && /[a-z]/.test(text)
  && /[A-Z]/.test(text));

interface WrittenSlot { port: number; ports: Record<string, number>; env: Record<string, Text> }
type WrittenApp = Omit<App, 'slots' | 'dir' | 'unit' | 'user'> & {
  readonly dir: string | null; readonly unit: string | null; readonly user: string | null;
  readonly env: Record<string, Text>; readonly slots: Record<'blue' | 'green', WrittenSlot>;
};

/** Derived names: directory, unit, user and both slots of an app. */
function complete(written: WrittenApp): App {
  const { env, slots, ...rest } = written;
  const dir = written.dir ?? `/opt/${written.name}`;
  const unit = written.unit ?? written.name;
  const app = { ...rest, dir, unit, user: written.user ?? written.name } as unknown as App & { slots: [Slot, Slot] };
  const slot = (name: 'blue' | 'green'): Slot => {
    const given = slots[name];
    const at = [...written.at, 'slots', name];
    const all = { ...env, ...given.env };
    return Object.freeze({
      name, at, app, unit: `${unit}-${name}`, port: given.port, ports: given.ports,
      env: Object.keys(all).sort().map(key => ({
        name: key, value: all[key] ?? '', at: key in given.env ? [...at, 'env', key] : [...written.at, 'env', key],
      })),
      dir: `${dir}/${name}`, release: `${dir}/${name}/release`, socket: `${dir}/${name}/nginx.sock`,
    });
  };
  app.slots = [slot('blue'), slot('green')];
  return Object.freeze(app);
}
