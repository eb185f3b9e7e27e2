// Fills the interpolations of a text for one host and slot. Secrets stay sealed: only the host knows their values.
import { error, Refused } from '../contract/diagnostic.ts';
import type { App, Host, Slot, Text, Value } from '../contract/model.ts';

export interface Surroundings {
  readonly host: Host;
  readonly app?: App;
  readonly slot?: Slot;
}

/**
 * The value of a text on a host.
 * @throws Refused when the host (or slot) has no value for a reference
 */
export function expand(text: Text, scope: Surroundings): Value {
  if (typeof text === 'string') return text;
  const parts: (string | { secret: string })[] = [];
  for (const part of text.parts) {
    if (typeof part === 'string') parts.push(part);
    else if (part.kind === 'secret') parts.push({ secret: part.secret });
    else {
      const value = lookUp(part.kind === 'slot' ? scope.slot
        : part.kind === 'app' ? scope.app ?? scope.slot?.app : scope.host, part.name);
      if (value === null) {
        throw new Refused(error('resolve/unset', text.at, `host "${scope.host.name}" has no "${part.name}"`, {
          part: `\${${part.kind}.${part.name}}`, hint: `give the host a "${part.name}", or use another reference`,
          see: { message: `host "${scope.host.name}"`, at: scope.host.at },
        }));
      }
      parts.push(value);
    }
  }
  if (parts.every(part => typeof part === 'string')) return parts.join('');
  return { sealed: joined(parts) };
}

/** Like `expand`, for texts that cannot hold a secret. */
export function expandPlain(text: Text, scope: Surroundings): string {
  const value = expand(text, scope);
  if (typeof value !== 'string') throw new Error('a secret in a text whose schema forbids it');
  return value;
}

/** Names of the secrets in values, sorted. */
export const secretsIn = (values: readonly Value[]): string[] => [...new Set(values.flatMap(value =>
  typeof value === 'string' ? []
    : value.sealed.flatMap(part => (typeof part === 'string' ? [] : part.secret))))].sort();

function lookUp(noun: object | undefined, name: string): string | null {
  let value: unknown = noun;
  for (const key of name.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return null;
    value = (value as Record<string, unknown>)[key];
  }
  return value === null || value === undefined ? null : String(value);
}

function joined(parts: readonly (string | { secret: string })[]): (string | { secret: string })[] {
  const out: (string | { secret: string })[] = [];
  for (const part of parts) {
    const last = out.at(-1);
    if (typeof part === 'string' && typeof last === 'string') out[out.length - 1] = last + part;
    else out.push(part);
  }
  return out;
}
