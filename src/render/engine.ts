// All knowledge of nunjucks at run time is here. Its runtime is made strict: an unknown name throws (also in `if`
// and `~`, where throwOnUndefined does not look), and only what an encoder made can be printed. Each look-up
// leaves a trace, so that a value that a grammar refuses, and a line that somebody asks about, lead back to the
// inventory. vgen's own templates are plain functions (scripts/templates.mjs), as strict but without a trace:
// where one throws, nunjucks renders once more.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Path } from '../contract/diagnostic.ts';
import { encoders, hostEncoders, Inexpressible, type EncoderName, type HostEncoderName } from '../escape/index.ts';
import { placeholder } from '../escape/placeholder.ts';
import type { Value } from '../contract/model.ts';
import { ownFile } from '../process/own-files.ts';

export interface Engine {
  /** @throws RenderError when the template is wrong or a value cannot be expressed */
  render(template: string, view: object): string;
}

/** Texts of custom templates by name; they override vgen's. */
export type UserTemplates = ReadonlyMap<string, string>;

/** What went wrong in a template: the value's place in the inventory where it is known. */
export class RenderError extends Error {
  readonly template: string;
  readonly inexpressible: Inexpressible | null;
  readonly at: Path | null;
  constructor(template: string, cause: unknown, at: Path | null) {
    const inexpressible = findCause(cause);
    super(inexpressible?.reason ?? reasonOf(template, cause as Error), { cause });
    this.name = 'RenderError';
    this.template = template;
    this.inexpressible = inexpressible;
    this.at = at;
  }
}

/** The message of nunjucks on one line, without the template's name and the headings that it repeats at each level. */
const reasonOf = (template: string, { message }: Error): string => message.replace(/\s*\n\s*/g, ': ')
  .replaceAll(`(${template}): `, '').replaceAll(`(${template}) `, '').replace(
    /(^|\): )(?:(?:Template render )?error: )+/gi, '$1',
  );

/** A printed value: nothing else may reach the output. */
class Encoded {
  readonly text: string;
  constructor(text: string) { this.text = text; }
}

interface Runtime {
  memberLookup: (object: unknown, key: string | number) => unknown;
  contextOrFrameLookup: (
    context: { lookup(name: string): unknown }, frame: { lookup(name: string): unknown }, name: string,
  ) => unknown;
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
    if (typeof object !== 'object' || object === null) {
      throw new Error(`"${key}" is asked of ${object === null ? 'nothing' : `a ${typeof object}`}`);
    }
    if (!Object.hasOwn(object, key)) {
      throw new Error(`unknown name "${key}"; known: ${Object.keys(object).sort().join(', ')}`);
    }
    const at = (object as { at?: Path }).at;
    // an array has a method of this name
    if (at && !Array.isArray(object)) lastPath = [...at, key];
    listener?.looked(object, key);
    return (object as Record<string | number, unknown>)[key];
  };
  runtime.contextOrFrameLookup = (context, frame, name) => {
    const local = frame.lookup(name);
    const value = local === undefined ? context.lookup(name) : local;
    if (value === undefined) throw new Error(`unknown name "${name}"; a template is given "v"`);
    return value;
  };
  runtime.suppressValue = value => {
    const text = value instanceof Encoded ? value.text : value instanceof runtime.SafeString ? value.toString() : null;
    if (text === null) {
      throw new Error('a value is printed without an encoder; end it with "| sh", "| nginx" or another');
    }
    return listener ? listener.printed(text) : text;
  };
}

/** One encoder per grammar. A sealed value becomes a placeholder that the host encodes. */
function encoder(name: EncoderName): (value: Value | number) => string {
  return value => {
    try {
      if (typeof value === 'object' && value !== null && 'sealed' in value) {
        if (!(hostEncoders as readonly string[]).includes(name)) {
          throw new Inexpressible(name, 'a secret cannot stand here');
        }
        return placeholder(name as HostEncoderName, value.sealed);
      }
      if (typeof value !== 'string' && typeof value !== 'number') {
        throw new Error(`${value === null ? 'nothing' : `a ${typeof value}`} is printed`);
      }
      return encoders[name](String(value));
    } catch (cause) {
      // nunjucks wraps what a filter throws in an error that keeps only the message
      if (cause instanceof Inexpressible) lastInexpressible = cause;
      throw cause;
    }
  };
}

/** What a template that is a plain function is given beside its view; each throws where nunjucks made strict may. */
export interface Means {
  /** A value of an object by its name. */
  get(object: unknown, key: string | number): unknown;
  /** What a loop goes over. */
  list(value: unknown): readonly unknown[];
  /** One turn's value of a loop. */
  item(value: unknown): unknown;
  readonly encode: Readonly<Record<EncoderName, (value: Value | number) => string>>;
}

/** vgen's templates by their names, as functions of their view. */
export type Templates = Readonly<Record<string, (view: object, means: Means) => string>>;

const unusual = new Error('nunjucks has to say');
const encode =
  Object.fromEntries((Object.keys(encoders) as EncoderName[]).map(name => [name, encoder(name)])) as Means['encode'];

const MEANS: Means = {
  get(object, key) {
    if (typeof object !== 'object' || object === null || !Object.hasOwn(object, key)) throw unusual;
    return (object as Record<string | number, unknown>)[key];
  },
  list(value) {
    if (!Array.isArray(value)) throw unusual;
    return value;
  },
  item(value) {
    if (value === undefined) throw unusual;
    return value;
  },
  encode,
};

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
 * An engine over vgen's templates and user-supplied ones. nunjucks is loaded when one of the
 * user's is rendered, or a value is refused.
 * @param alone only `user` is looked in, and each look-up leaves its trace
 */
export async function createEngine(user: UserTemplates = new Map(), alone = false): Promise<Engine> {
  const templates: Templates = alone ? {} : (await import('#built/templates.mjs')).templates;
  let traced: Engine | undefined;
  return {
    render(template, view) {
      const plain = user.has(template) ? undefined : templates[template];
      try {
        if (plain) return plain(view, MEANS);
      } catch {
        // nunjucks says what is wrong, and with which value
      }
      return (traced ??= tracingEngine(user, alone)).render(template, view);
    },
  };
}

/** nunjucks, made strict: slower, but it knows what was looked up last. */
function tracingEngine(user: UserTemplates, alone: boolean): Engine {
  const nunjucks = createRequire(import.meta.url)('nunjucks') as Nunjucks;
  strict(nunjucks.runtime);
  const Loader = nunjucks.Loader.extend('Templates', {
    getSource(wanted: string): object | null {
      const src = user.get(wanted) ?? (alone ? undefined : builtIn(wanted));
      return src === undefined ? null : { src, path: wanted, noCache: false };
    },
  });
  const environment =
    new nunjucks.Environment(new Loader(), { autoescape: false, trimBlocks: true, lstripBlocks: true });
  for (const [name, one] of Object.entries(encode)) {
    environment.addFilter(name, (value: Value | number) => new Encoded(one(value)));
  }
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

/** The text of one of vgen's templates. */
function builtIn(name: string): string | undefined {
  try { return staticFile(name).toString('utf8'); } catch { return undefined; }
}

/** The bytes of one of vgen's static files, by its name under templates/; engine/ was joined when vgen was built. */
export function staticFile(name: string): Buffer {
  let bytes = statics.get(name);
  const folder = name.startsWith('engine/') ? 'dist' : 'templates';
  if (!bytes) statics.set(name, bytes = readFileSync(ownFile(`${folder}/${name}`)));
  return bytes;
}
const statics = new Map<string, Buffer>();
