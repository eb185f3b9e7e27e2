// Source → Inventory. In: what was written. Out: a copy with the schema's defaults filled in. Now true: every key is
// known, every value has the type and form that the schema asks for.
import type { ErrorObject } from 'ajv';
import { error, type Diagnostic, type Path } from './diagnostic.ts';
import { knownNames } from './nearest.ts';
import type { Schema } from './schema/read.ts';

export type Inventory = Readonly<Record<string, unknown>>;

type Validator = ((value: unknown) => boolean) & { errors?: ErrorObject[] | null };

/** The validator that was compiled when vgen was built; made by scripts/prepare.mjs. */
async function validator(): Promise<Validator> {
  const module = await import(new URL('../dist/validator.mjs', import.meta.url).href) as { validate: Validator };
  return module.validate;
}

/** Validates what was written; the input is left as it was. */
export async function validate(written: Inventory): Promise<{ inventory: Inventory; diagnostics: Diagnostic[] }> {
  const inventory = structuredClone(written);
  const check = await validator();
  if (check(inventory)) return { inventory, diagnostics: [] };
  return { inventory, diagnostics: (check.errors ?? []).flatMap(toDiagnostic) };
}

/** ajv's pointer as a path; ajv reports what is missing or unknown at the parent, so the key is added where it is meant. */
const pathOf = (pointer: string): Path =>
  pointer.split('/').slice(1).map(part => {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
    return /^\d+$/.test(key) ? Number(key) : key;
  });

function toDiagnostic(problem: ErrorObject): Diagnostic[] {
  const at = pathOf(problem.instancePath);
  const key = String(at.at(-1) ?? 'inventory');
  const schema = problem.parentSchema as Schema;
  const params = problem.params as Record<string, unknown>;
  const data: unknown = problem.data;
  if (problem.propertyName !== undefined) {
    const name = problem.propertyName;
    return problem.keyword === 'pattern'
      ? [error('schema/name', [...at, name], `"${name}" is not a name here`, { onKey: true, hint: `use ${schema.rule ?? 'another name'}` })] : [];
  }
  switch (problem.keyword) {
    case 'additionalProperties': {
      const name = String(params['additionalProperty']);
      return [error('schema/unknown-key', [...at, name], `unknown key "${name}"`, {
        onKey: true, hint: knownNames(name, Object.keys(schema.properties ?? {}), 'known keys'),
      })];
    }
    case 'required': {
      const name = String(params['missingProperty']);
      const of = schema.properties?.[name];
      return [error('schema/missing', at, `"${name}" is missing${at.length ? ` in "${key}"` : ''}`, {
        onKey: true, hint: `${name}: ${of?.description ?? ''}`,
      })];
    }
    case 'type': return [error('schema/type', at, typeMessage(key, data, schema), { ...(data === null ? { onKey: true } : {}), ...typeHint(data, schema) })];
    case 'enum': return [error('schema/value', at, `"${String(data)}" is not a value of "${key}"`, {
      hint: knownNames(String(data), (schema.enum ?? []).map(String), 'it takes'),
    })];
    case 'pattern': return [error('schema/form', at, `${quoted(data)} is not right for "${key}"`, { hint: `it wants ${schema.rule ?? 'another form'}` })];
    case 'minimum': case 'maximum':
      return [error('schema/range', at, `${String(data)} is not a value of "${key}"`, { hint: `it takes ${schema.minimum} to ${schema.maximum}` })];
    case 'minItems': case 'minLength': return [error('schema/empty', at, `"${key}" is empty`, { hint: schema.description ?? '' })];
    case 'uniqueItems': return [error('schema/twice', at, `"${key}" names "${String((data as unknown[])[Number(params['i'])])}" twice`)];
    case 'minProperties': case 'maxProperties': {
      const known = Object.keys(schema.properties ?? {}).filter(name => name !== 'allow');
      return [error('schema/one-of', at, `"${key}" wants exactly one of its keys`, { onKey: true, hint: `one of: ${known.sort().join(', ')}` })];
    }
    default: return problem.keyword === 'propertyNames' ? [] : [error('schema/form', at, `"${key}" ${problem.message ?? 'is not right'}`)];
  }
}

const quoted = (data: unknown): string => (typeof data === 'string' ? JSON.stringify(data) : String(data));

const NOUNS: Record<string, string> = {
  object: 'a mapping', array: 'a list', string: 'text', integer: 'a whole number', number: 'a number', boolean: 'true or false',
};

function nounOf(data: unknown): string {
  if (data === null) return 'nothing';
  if (Array.isArray(data)) return 'a list';
  if (typeof data === 'number') return Number.isInteger(data) ? `the number ${data}` : `the fraction ${data}`;
  if (typeof data === 'boolean') return String(data);
  return typeof data === 'string' ? JSON.stringify(data.length > 40 ? `${data.slice(0, 37)}...` : data) : 'a mapping';
}

function typeMessage(key: string, data: unknown, schema: Schema): string {
  const wanted = [schema.type ?? []].flat().filter(type => type !== 'null').map(type => NOUNS[type] ?? type).join(' or ');
  return data === null ? `"${key}" has nothing after it, it wants ${wanted}` : `"${key}" wants ${wanted}, not ${nounOf(data)}`;
}

function typeHint(data: unknown, schema: Schema): { hint?: string } {
  const types = [schema.type ?? []].flat();
  if (data === null) return types.includes('object') ? { hint: 'write {} for an empty one, or leave the key out' } : { hint: 'give a value, or leave the key out' };
  if (types.includes('string') && (typeof data === 'number' || typeof data === 'boolean')) {
    return { hint: 'put it in quotes: YAML reads it as something else than text' };
  }
  if (types.includes('integer') && typeof data === 'string') return { hint: 'without quotes' };
  return {};
}
