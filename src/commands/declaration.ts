// What a command declares: its arguments, options and examples, and the function that does its work. cli.ts turns a
// declaration into words of the command line; the types of the values follow from it.
import { Failure } from '../contract/diagnostic.ts';
import type { Output } from '../print/output.ts';

/**
 * Turns what was written into a value.
 * @param name the option or argument as the user writes it, for the message
 * @throws Failure when it cannot be read
 */
type Read<T> = (written: string, name: string) => T;

/** An option or an argument; `T` is the type of its value. */
export interface Parameter<T> {
  /** A flag is there or not, a list may be given again. */
  readonly kind: 'flag' | 'value' | 'list';
  readonly help: string;
  /** How the value is shown in the help, such as `<file>`. */
  readonly placeholder: string;
  readonly letter: string | null;
  /** What holds when nothing is written, as it would be written. */
  readonly default: string | null;
  readonly isRequired: boolean;
  /** Under which heading of the help an option stands; null: "Options:". */
  readonly heading: string | null;
  readonly read: Read<unknown>;
  /** Never set: carries the type. */
  readonly type?: T;
}

interface Settings {
  readonly letter?: string;
  readonly default?: string;
  readonly isRequired?: boolean;
  readonly heading?: string;
}
/** With these a value is always there. */
type Present = Settings & ({ readonly default: string } | { readonly isRequired: true });
interface Reading<T> { readonly read: Read<T> }

const parameter = (
  kind: Parameter<unknown>['kind'], placeholder: string, help: string, settings: Settings & Partial<Reading<unknown>>,
): Parameter<never> => ({
  kind, placeholder, help, letter: settings.letter ?? null, default: settings.default ?? null,
  isRequired: settings.isRequired ?? false, heading: settings.heading ?? null,
  read: settings.read ?? (written => written),
});

/** True when it is written. */
export const flag = (help: string, settings: Settings = {}): Parameter<boolean> =>
  parameter('flag', '', help, settings);

/** One value; absent unless there is a default or it is required. */
export function value<T>(placeholder: string, help: string, settings: Present & Reading<T>): Parameter<T>;
export function value<T>(placeholder: string, help: string, settings: Settings & Reading<T>): Parameter<T | undefined>;
export function value(placeholder: string, help: string, settings: Present): Parameter<string>;
export function value(placeholder: string, help: string, settings?: Settings): Parameter<string | undefined>;
export function value(placeholder: string, help: string, settings: Settings = {}): Parameter<unknown> {
  return parameter('value', placeholder, help, settings);
}

/** Any number of values, each written with the option before it. */
export function list<T>(placeholder: string, help: string, settings: Settings & Reading<T>): Parameter<readonly T[]>;
export function list(placeholder: string, help: string, settings?: Settings): Parameter<readonly string[]>;
export function list(placeholder: string, help: string, settings: Settings = {}): Parameter<unknown> {
  return parameter('list', placeholder, help, settings);
}

export type Parameters = Readonly<Record<string, Parameter<unknown>>>;

type ValueOf<P> = P extends Parameter<infer T> ? T : never;
type Absent<P> = { [K in keyof P]: undefined extends ValueOf<P[K]> ? K : never }[keyof P];

/** The values of parameters by name. What was not written and has no default is absent. */
export type Given<P> =
  { readonly [K in Exclude<keyof P, Absent<P>>]: ValueOf<P[K]> } &
  { readonly [K in Absent<P>]?: Exclude<ValueOf<P[K]>, undefined> };

interface Declared<A, O, G> {
  /** Sentences below the summary: what the exit code means, what has to be known before. */
  readonly about?: string;
  /** In their order. */
  readonly arguments: A;
  /** By camel-case name: `sshConfig` is written `--ssh-config`. */
  readonly options: O;
  /** What one would write, and what it does; '' where that is plain. */
  readonly examples: Readonly<Record<string, string>>;
  /** Former spellings of options, each with what to write now. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** What stands after the first argument belongs to it, options too. */
  readonly isPassedThrough?: boolean;
  /** Does the work and returns the exit code. */
  run(given: G, output: Output): number | Promise<number>;
}

/** What the module of a command exports as `command`. */
export type CommandDeclaration = Declared<Parameters, Parameters, never>;

/** Checks a declaration and gives its function the types of the values. */
export const defineCommand = <A extends Parameters, O extends Parameters>(
  declaration: Declared<A, O, Given<A & O>>,
): CommandDeclaration => declaration;

/** `sshConfig` as it is written: `--ssh-config`. */
export const optionName = (name: string): string =>
  `--${name.replaceAll(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`;

/** Reads a whole number of decimal digits within bounds. */
export const wholeNumber = (least: number, most?: number): Read<number> => (written, name) => {
  const number = /^\d{1,8}$/.test(written) ? Number(written) : NaN;
  if (number >= least && number <= (most ?? number)) return number;
  throw new Failure(`${name} takes a whole number from ${least} ${most === undefined ? 'on' : `to ${most}`}, not `
    + `"${written}"`);
};

/** Reads one of a few words. */
export const oneOf = <T extends string>(words: readonly T[]): Read<T> => (written, name) => {
  const word = words.find(one => one === written);
  if (word !== undefined) return word;
  throw new Failure(`${name} takes ${words.slice(0, -1).join(', ')} or ${words.at(-1) ?? ''}, not "${written}"`);
};

/** Reads one of a few words, of an option that is written again for each of them. */
export const oneOfEach = <T extends string>(words: readonly T[]): Read<T> => (written, name) => {
  const parts = written.split(',').map(part => part.trim());
  if (parts.length > 1 && parts.every(part => words.some(one => one === part))) {
    throw new Failure(`${name} takes one word; repeat it: ${parts.map(part => `${name} ${part}`).join(' ')}`);
  }
  return oneOf(words)(written, name);
};

/** Reads what a pattern matches; `example` is for the message. */
export const matching = (pattern: RegExp, what: string): Read<string> => (written, name) => {
  if (pattern.test(written)) return written;
  throw new Failure(`${name} takes ${what}, not "${written}"`);
};
