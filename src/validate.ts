// Source → Inventory. In: what was written. Out: a copy with the schema's defaults filled in. Now true: every key is
// known, every value has the type and form that the schema asks for.
import type { ErrorObject } from 'ajv';
import { error, pathText, TELLING_NAME, type Diagnostic, type Path } from './contract/diagnostic.ts';
import { knownNames, nearest } from './kit/nearest.ts';
import type { Schema } from './schema/read.ts';

export type Inventory = Readonly<Record<string, unknown>>;

/** Validates what was written; the input is left as it was. */
export async function validate(written: Inventory): Promise<{ inventory: Inventory; diagnostics: Diagnostic[] }> {
  const inventory = structuredClone(written);
  const { validate: isValid } = await import('#built/validator-fast.mjs');
  if (isValid(inventory)) return { inventory, diagnostics: [] };
  const { validate: explain } = await import('#built/validator-full.mjs');
  const refused = structuredClone(written);
  explain(refused);
  return { inventory: refused, diagnostics: withoutEchoes((explain.errors ?? []).flatMap(toDiagnostic)) };
}

/**
 * ajv's pointer as a path; ajv reports what is missing or unknown at the parent, so the key is added where it is meant.
 */
const pathOf = (pointer: string): Path =>
  pointer.split('/').slice(1).map(part => {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return /^\d+$/.test(key) ? Number(key) : key;
  });

/**
 * A mistyped key is one mistake: that the right one is missing goes without saying. So does
 * whatever else is wrong with a value of the wrong type.
 */
function withoutEchoes(found: readonly Diagnostic[]): Diagnostic[] {
  const typed = new Map<string, string[]>();
  const mistaken = new Set<string>();
  for (const { code, at } of found) {
    if (code === 'schema/type') mistaken.add(pathText(at));
    if (code !== 'schema/unknown-key') continue;
    const parent = pathText(at.slice(0, -1));
    typed.set(parent, [...typed.get(parent) ?? [], String(at.at(-1))]);
  }
  return found.filter(({ code, at, message }) => {
    const path = pathText(at);
    const near = typed.get(path) ?? [];
    if (code === 'schema/value') return !mistaken.has(path);
    const missing = code === 'schema/missing' ? /^missing key "([^"]*)"/.exec(message)?.[1] : undefined;
    return missing === undefined || !near.some(key => nearest(key, [missing]) !== null);
  });
}

function toDiagnostic(problem: ErrorObject): Diagnostic[] {
  const at = pathOf(problem.instancePath);
  const key = keyOf(at);
  const schema = problem.parentSchema as Schema;
  const params = problem.params as Record<string, unknown>;
  const data: unknown = problem.data;
  const kept = typeof data !== 'object' && (at[0] === 'secrets' || TELLING_NAME.test(key)) ? { sensitive: true } : {};
  const shown = kept.sensitive ? '' : `: ${quoted(data)}`;
  if (problem.propertyName !== undefined) {
    const name = problem.propertyName;
    return problem.keyword === 'pattern'
      ? [error('schema/name', [...at, name], `invalid name "${name}"`, {
        onKey: true, hint: `use ${schema.rule ?? 'another name'}`,
      })] : [];
  }
  switch (problem.keyword) {
    case 'additionalProperties': {
      const name = String(params['additionalProperty']);
      return [error('schema/unknown-key', [...at, name], `unknown key "${name}"`, {
        onKey: true, ...(at[0] === 'secrets' ? { sensitive: true } : {}),
        hint: knownNames(name, Object.keys(schema.properties ?? {}), 'known keys'),
      })];
    }
    case 'required': {
      const name = String(params['missingProperty']);
      const of = schema.properties?.[name];
      return [error('schema/missing', at, `missing key "${name}"${at.length ? ` in "${key}"` : ''}`, {
        onKey: true, hint: `${name}: ${of?.description ?? ''}`,
      })];
    }
    case 'type': return [error('schema/type', at, typeMessage(key, data, schema, kept.sensitive ?? false), {
      ...kept, ...(data === null ? { onKey: true } : {}), ...typeHint(at, data, schema),
    })];
    case 'enum': return [error('schema/value', at, `invalid "${key}"${shown}`, {
      ...kept,
      hint: knownNames(typeof data === 'string' ? data : '', (schema.enum ?? []).map(String), 'expected one of'),
    })];
    case 'pattern': return [error('schema/form', at, `invalid "${key}"${shown}`, {
      ...kept, hint: `expected ${schema.rule ?? 'another form'}`,
    })];
    case 'minimum': case 'maximum':
      return [schema.maximum === Number.MAX_SAFE_INTEGER
        ? error('schema/range', at, `"${key}" has too many digits for an exact number`, { ...kept, hint: 'quote it' })
        : error('schema/range', at, `"${key}" is out of range${shown}`, {
          ...kept, hint: `expected ${schema.minimum} to ${schema.maximum}`,
        })];
    case 'minItems': case 'minLength': {
      const least = Number(params['limit']);
      const message = data === '' || Array.isArray(data) ? `"${key}" must not be empty`
        : `"${key}" must have at least ${least} characters`;
      return [error('schema/empty', at, message, { ...kept, hint: schema.description ?? '' })];
    }
    case 'uniqueItems': {
      const later = Math.max(Number(params['i']), Number(params['j']));
      return [error('schema/twice', [...at, later], `duplicate ${quoted((data as unknown[])[later])} in "${key}"`)];
    }
    default: return problem.keyword === 'propertyNames' ? []
      : [error('schema/form', at, `"${key}" ${problem.message ?? 'is invalid'}`, kept)];
  }
}

/** The last key of a path; an item of a list by its list: `tags[0]`. */
function keyOf(at: Path): string {
  const named = at.findLastIndex(key => typeof key === 'string');
  return named < 0 ? 'inventory' : `${at[named]}${pathText(at.slice(named + 1))}`;
}

const cut = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}...` : text);
const quoted = (data: unknown): string => (typeof data === 'string' ? JSON.stringify(cut(data))
  : cut(typeof data === 'object' ? JSON.stringify(data) : String(data)));

const NOUNS: Record<string, string> = {
  object: 'a mapping', array: 'a list', string: 'text', integer: 'a whole number', number: 'a number',
  boolean: 'true or false',
};

/** The noun for a value; of one that is kept back, its type alone. */
function nounOf(data: unknown, kept: boolean): string {
  if (data === null) return 'nothing';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'object') return 'a mapping';
  if (kept) return NOUNS[typeof data] ?? typeof data;
  if (typeof data !== 'number' || !Number.isFinite(data)) return quoted(data);
  return Number.isInteger(data) ? `the number ${data}` : `the fraction ${data}`;
}

function typeMessage(key: string, data: unknown, schema: Schema, kept: boolean): string {
  const wanted = typesOf(schema).map(type => NOUNS[type] ?? type).join(', ').replace(/, ([^,]*)$/, ' or $1');
  return data === null ? `"${key}" is empty; it must be ${wanted}`
    : `"${key}" must be ${wanted}, not ${nounOf(data, kept)}`;
}

const typesOf = (schema: Schema): string[] => [schema.type ?? []].flat().filter(type => type !== 'null');

/** What to write instead of text that the schema's form refuses, quoted or not; null where it would do. */
function formHint(text: string, { pattern, rule }: Schema): string | null {
  const isGood = (one: string): boolean => new RegExp(pattern ?? '').test(one);
  if (isGood(text)) return null;
  return isGood(`${text}s`) ? `write ${text}s, with its unit` : `expected ${rule ?? 'another form'}`;
}

function typeHint(at: Path, data: unknown, schema: Schema): { hint?: string } {
  const types = typesOf(schema);
  if (data === null) {
    return { hint: types.includes('object')
      ? 'indent its entries under it, write {} for an empty mapping, or remove the key'
      : 'set a value, or remove the key' };
  }
  if (types.includes('string') && (typeof data === 'number' || typeof data === 'boolean')) {
    return {
      hint: formHint(String(data), schema) ?? `quote it: YAML reads it as ${NOUNS[typeof data] ?? 'another type'}`,
    };
  }
  if (types.includes('string') && typeof data === 'object' && !Array.isArray(data)) {
    return { hint: 'move the keys under it elsewhere, or quote a value that begins with "{"' };
  }
  if (types.includes('integer') && typeof data === 'string') return { hint: 'remove the quotes' };
  if (types.includes('array') && typeof data === 'string') return { hint: `write it as a list: [${cut(data)}]` };
  if (!types.includes('object')) return {};
  if (at[0] === 'secrets' && typeof data === 'string') {
    return {
      hint: 'say where the value comes from: {env: NAME}, {file: PATH} or {exec: [COMMAND]}; never the value itself',
    };
  }
  if (typeof data === 'string' && /^[\w-]+:\S/.test(data)) return { hint: 'add a space after ":"' };
  return Array.isArray(data) ? { hint: 'write "name: ..." instead of "- ..."' } : {};
}
