// All knowledge of nunjucks is here. Its runtime is made strict: an unknown name throws (also in `if` and `~`, where
// throwOnUndefined does not look), and only what an encoder made can be printed. Each look-up leaves a trace, so that a
// value that a grammar refuses, and a line that somebody asks about, lead back to the inventory.
import { readFileSync } from 'node:fs';
import type { Path } from '../contract/diagnostic.ts';
import { encoders, hostEncoders, Inexpressible, type EncoderName, type HostEncoderName } from '../escape/index.ts';
import { placeholder } from '../escape/placeholder.ts';
import type { Value } from '../contract/model.ts';
import { ownFile } from '../process/own-files.ts';

export interface Engine {
  /** @throws RenderError when the template is wrong or a value cannot be expressed */
  render(template: string, view: object): string;
}

/** Texts of the user's own templates by name; they go before vgen's. */
export type UserTemplates = ReadonlyMap<string, string>;

/** What went wrong in a template: the value's place in the inventory where it is known. */
export class RenderError extends Error {
  readonly template: string;
  readonly inexpressible: Inexpressible | null;
  readonly at: Path | null;
  constructor(template: string, cause: unknown, at: Path | null) {
    const inexpressible = findCause(cause);
    super(inexpressible?.reason ?? (cause as Error).message.replace(/\s*\n\s*/g, ': '), { cause });
    this.name = 'RenderError';
    this.template = template;
    this.inexpressible = inexpressible;
    this.at = at;
  }
}

/** A printed value: nothing else may reach the output. */
class Encoded {
  readonly text: string;
  constructor(text: string) { this.text = text; }
}

interface Runtime {
  memberLookup: (object: unknown, key: string | number) => unknown;
  contextOrFrameLookup: (context: { lookup(name: string): unknown }, frame: { lookup(name: string): unknown }, name: string) => unknown;
  suppressValue: (value: unknown) => string;
  SafeString: new (text: string) => { toString(): string };
}

/** Who listens to look-ups and prints while a line is explained. */
export interface Listener {
  looked(object: object, key: string | number): void;
  printed(text: string): string;
}

let lastPath: Path | null = null;
let lastInexpressible: Inexpressible | null = null;
let listener: Listener | null = null;

/** Runs `work` with a listener told of every look-up and print. */
export function listening<T>(to: Listener, work: () => T): T {
  listener = to;
  try { return work(); } finally { listener = null; }
}

function strict(runtime: Runtime): void {
  runtime.memberLookup = (object, key) => {
    if (typeof object !== 'object' || object === null) throw new Error(`"${key}" is asked of ${object === null ? 'nothing' : `a ${typeof object}`}`);
    if (!Object.hasOwn(object, key)) throw new Error(`unknown name "${key}"; known: ${Object.keys(object).sort().join(', ')}`);
    const at = (object as { at?: Path }).at;
    if (at) lastPath = [...at, key];
    listener?.looked(object, key);
    return (object as Record<string | number, unknown>)[key];
  };
  runtime.contextOrFrameLookup = (context, frame, name) => {
    const own = frame.lookup(name);
    const value = own === undefined ? context.lookup(name) : own;
    if (value === undefined) throw new Error(`unknown name "${name}"; a template is given "v"`);
    return value;
  };
  runtime.suppressValue = value => {
    const text = value instanceof Encoded ? value.text : value instanceof runtime.SafeString ? value.toString() : null;
    if (text === null) throw new Error('a value is printed without an encoder; end it with "| sh", "| nginx" or another');
    return listener ? listener.printed(text) : text;
  };
}

/** One filter per grammar. A sealed value becomes a placeholder that the host encodes. */
function filter(name: EncoderName): (value: Value | number) => Encoded {
  return value => {
    try {
      if (typeof value === 'object' && value !== null && 'sealed' in value) {
        if (!(hostEncoders as readonly string[]).includes(name)) throw new Inexpressible(name, 'a secret cannot stand here');
        return new Encoded(placeholder(name as HostEncoderName, value.sealed));
      }
      if (typeof value !== 'string' && typeof value !== 'number') throw new Error(`${value === null ? 'nothing' : `a ${typeof value}`} is printed`);
      return new Encoded(encoders[name](String(value)));
    } catch (cause) {
      // nunjucks wraps what a filter throws in an error that keeps only the message
      if (cause instanceof Inexpressible) lastInexpressible = cause;
      throw cause;
    }
  };
}

function findCause(cause: unknown): Inexpressible | null {
  if (cause instanceof Inexpressible) return cause;
  const seen = lastInexpressible;
  return seen && cause instanceof Error && cause.message.includes(seen.message) ? seen : null;
}

interface Nunjucks {
  Environment: new (loader: object | null, options: object) => {
    addFilter(name: string, filter: unknown): void;
    render(name: string, context: object): string;
  };
  Loader: { extend(name: string, methods: object): new () => object };
  runtime: Runtime;
}

/**
 * An engine over vgen's precompiled templates and the user's own.
 * The full library (with its compiler) is loaded only where there are templates in `user`.
 * @param alone only `user` is looked in, as where every template is read from its text
 */
export async function createEngine(user: UserTemplates = new Map(), alone = false): Promise<Engine> {
  const compiled = alone ? {} : (await import('#built/templates.mjs')).templates;
  const { default: nunjucks } = (user.size ? await import('nunjucks') : await import('nunjucks/browser/nunjucks-slim.js')) as unknown as { default: Nunjucks };
  strict(nunjucks.runtime);
  const Loader = nunjucks.Loader.extend('Templates', {
    getSource(wanted: string): object | null {
      const own = user.get(wanted);
      if (own !== undefined) return { src: own, path: wanted, noCache: false };
      const code = compiled[wanted];
      return code ? { src: { type: 'code', obj: code }, path: wanted, noCache: false } : null;
    },
  });
  const environment = new nunjucks.Environment(new Loader(), { autoescape: false, trimBlocks: true, lstripBlocks: true });
  for (const encoder of Object.keys(encoders) as EncoderName[]) environment.addFilter(encoder, filter(encoder));
  return {
    render(template, view) {
      lastPath = null;
      lastInexpressible = null;
      try {
        return environment.render(template, { v: view });
      } catch (cause) {
        throw new RenderError(template, cause, lastPath);
      }
    },
  };
}

/** The bytes of one of vgen's static files, by its name under templates/. */
export function staticFile(name: string): Buffer {
  let bytes = statics.get(name);
  if (!bytes) statics.set(name, bytes = readFileSync(ownFile(`templates/${name}`)));
  return bytes;
}
const statics = new Map<string, Buffer>();
