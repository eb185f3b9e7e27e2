// The kinds of values that an inventory is made of, but for those that mean hosts (kinds.ts). Each is a
// JSON Schema for editors and ajv, annotated with what `resolve` does with it, and a static type that is
// the *resolved* one: what components see. Used when vgen itself is built and by tests; a run reads the
// composed schema/inventory.schema.json instead.
import { Type, type Static, type TObject, type TProperties, type TSchema } from 'typebox';
import type { Named, Section } from '../contract/named.ts';
import type { Text as TextType } from '../contract/text.ts';

/** Keywords beside those of JSON Schema, told to ajv; all but the last three are what `resolve` reads. */
export const ANNOTATIONS = [
  'selector', 'peers', 'ref', 'text', 'words', 'entries', 'beside', 'template', 'rule',
] as const;

export interface Says { description: string; examples?: unknown[] }

/** An optional key that is filled with a default: absent when written, always there afterwards. */
export const filled = <T extends TSchema>(schema: T, value: unknown): T =>
  Type.Optional({ ...schema, default: value } as T) as unknown as T;

/** An optional key that stays null when it is not written. */
export const orNull = <T>(schema: TSchema & { '~static'?: T }): ReturnType<typeof Type.Unsafe<T | null>> => {
  const type = (schema as { type?: unknown }).type;
  return Type.Optional({
    ...schema, ...(type === undefined ? {} : { type: [type, 'null'].flat() }), default: null,
  } as never) as never;
};

/** An object that knows all its keys, and takes `x-…` keys (for anchors) and `allow`. */
export const object = <P extends TProperties>(properties: P, says: Says & Record<string, unknown>): TObject<P> =>
  Type.Object(properties, { additionalProperties: false, ...says });

const rules = {
  name: ['^[a-z][a-z0-9-]{0,31}$', 'lower-case letters, digits and dashes, beginning with a letter, at most 32'],
  secret: ['^[a-z][A-Za-z0-9]{0,63}$', 'letters and digits, beginning with a lower-case letter, at most 64'],
  database: [
    '^[a-z][a-z0-9_-]{0,62}$',
    'lower-case letters, digits, underscores and dashes, beginning with a letter, at most 63',
  ],
  variable: ['^[A-Za-z_][A-Za-z0-9_]{0,127}$', 'letters, digits and underscores, not beginning with a digit'],
  word: ['^[A-Za-z0-9][A-Za-z0-9_.:@+-]{0,127}$', 'letters, digits and the marks _ . : @ + -'],
  path: ['^/', 'an absolute path'],
  duration: ['^[1-9][0-9]{0,5}(ms|s|m|h)$', 'a number with ms, s, m or h, such as 30s'],
  size: ['^(0|[1-9][0-9]{0,8}[kmg]?)$', 'a number with k, m or g, such as 10m'],
  sysctl: ['^[a-z0-9][A-Za-z0-9_./*-]{1,120}$', 'the name of a kernel setting such as net.core.somaxconn'],
  calendar: ['^[A-Za-z0-9*:/., ~+-]{2,100}$', 'an expression of systemd.time(7) such as "daily" or "*-*-* 03:30:00"'],
  mode: ['^0[0-7]{3}$', 'a quoted mode of four octal digits, such as "0644"'],
  line: ['^[^\\u0000-\\u001f\\u007f]*$', 'one line without control characters'],
} as const;

/** A string that follows one of the named rules. */
export const word = (rule: keyof typeof rules, says: Says & { default?: string }): ReturnType<typeof Type.String> => {
  const [pattern, text] = rules[rule];
  return Type.String({ pattern, rule: text, ...says });
};

/** A section of named entries; each gets its name and place when it is resolved. */
export const entries = <T extends TSchema>(
  of: T, says: Says, rule: keyof typeof rules = 'name',
): ReturnType<typeof Type.Unsafe<Section<Static<T>>>> => map(of, says, rule, true) as never;

/** A mapping from names to values. */
export const map = <T extends TSchema>(
  of: T, says: Says, rule: keyof typeof rules, named = false,
): ReturnType<typeof Type.Unsafe<Readonly<Record<string, Static<T>>>>> => {
  const [pattern, text] = rules[rule];
  return Type.Unsafe({
    type: 'object', additionalProperties: of, propertyNames: { type: 'string', pattern, rule: text },
    ...(named ? { entries: true } : {}), ...says,
  });
};

/** The name of an entry of another section. */
export const ref = (section: string, says: Says): ReturnType<typeof Type.Unsafe<Named>> =>
  Type.Unsafe({ type: 'string', ref: section, ...says });

export type Scope = 'host' | 'app' | 'slot' | 'secret';

/** A text in which `${vars.x}` and the references of the named scopes are followed. */
export const text =
  (scopes: readonly Scope[], says: Says & Record<string, unknown>): ReturnType<typeof Type.Unsafe<TextType>> =>
    Type.Unsafe({ type: 'string', text: scopes, ...says });

/** A value of an environment: text, or a whole number or boolean that is written as text. */
export const envValue = (scopes: readonly Scope[], says: Says): ReturnType<typeof Type.Unsafe<TextType>> =>
  Type.Unsafe({
    type: ['string', 'integer', 'boolean'], minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER,
    text: scopes, ...says,
  });

/** A file beside the inventory, which a component plans with `from: { user: … }`. */
export const beside = (says: Says): ReturnType<typeof Type.String> =>
  Type.String({ minLength: 1, beside: true, ...says });

/** The name of a template of the user's, in the directory that `templates` names. */
export const userTemplate = (says: Says): ReturnType<typeof Type.String> =>
  Type.String({ minLength: 1, template: true, ...says });

export const port = (description: string): ReturnType<typeof Type.Integer> =>
  Type.Integer({ minimum: 1, maximum: 65535, description });
