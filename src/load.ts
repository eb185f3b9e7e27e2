// Files → Source. In: the names of inventory files. Out: their text, one merged value and the way from a path to a
// line. Now true: everything is UTF-8, one YAML 1.2 document a file, a mapping, and no key was defined twice.
import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve as absolute } from 'node:path';
import { CORE_SCHEMA, load as readFast } from 'js-yaml';
import { error, Failure, type Diagnostic, type Path, type Place } from './contract/diagnostic.ts';
import { Source, type SourceFile } from './contract/source.ts';

/** Bytes; some 100,000 hosts. Beyond it a mistake (a dump, a log) is more likely than an inventory. */
const LARGEST = 32 * 1024 * 1024;

// What only the full reader (yaml) is asked: anchors, aliases, tags, directives, merge and complex keys, odd numbers.
// Without these both readers give the same value (property-tested), and js-yaml gives it in linear time.
const EXOTIC = /[&*!%]|<<|__proto__|^\s*\?\s|[eE]\+?\d{3}|^\s*(?:null|Null|NULL|~)?\s*:/m;

/** A glob that was followed: other files found by it make another inventory. */
export interface Globbed { readonly cwd: string; readonly pattern: string; readonly found: readonly string[] }

export interface Loaded {
  readonly source: Source;
  readonly globs: readonly Globbed[];
  readonly diagnostics: readonly Diagnostic[];
}

interface Reading { value: unknown; diagnostics: Diagnostic[] }

/**
 * Reads inventory files and all that they include, in the order given.
 * @param names file names, relative to `cwd` or absolute
 * @throws Failure when a file cannot be read
 */
export async function load(names: readonly string[], cwd = process.cwd()): Promise<Loaded> {
  const files: SourceFile[] = [];
  const diagnostics: Diagnostic[] = [];
  const merged: Record<string, unknown> = {};
  const origin = new Map<string, number>();
  const seen = new Set<string>();
  const globs: Globbed[] = [];
  const queue = names.map(name => ({ name, path: isAbsolute(name) ? name : join(cwd, name) }));

  for (let next = queue.shift(); next; next = queue.shift()) {
    if (seen.has(absolute(next.path))) continue;
    seen.add(absolute(next.path));
    const index = files.length;
    const { text, diagnostics: unreadable } = readText(next.name, next.path);
    files.push({ name: next.name, text });
    diagnostics.push(...unreadable);
    if (unreadable.length) continue;
    const { value, diagnostics: wrong } = await parse(next.name, text);
    diagnostics.push(...wrong);
    if (wrong.length) continue;
    const { include, ...sections } = value as Record<string, unknown>;
    diagnostics.push(...merge(merged, sections, origin, index, files));
    if (include !== undefined) {
      const found = await included(include, next, text, cwd);
      diagnostics.push(...found.diagnostics);
      globs.push(...found.globs);
      queue.unshift(...found.files);
    }
  }
  return { source: new Source(files, merged, origin), globs, diagnostics };
}

function readText(name: string, path: string): { text: string; diagnostics: Diagnostic[] } {
  const whole: Place = { file: name, line: 0, column: 0, length: 1 };
  let bytes: Buffer;
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) throw new Failure(`"${name}" is a directory; name the inventory file in it`);
    if (stat.size > LARGEST) {
      const message = `file of ${Math.round(stat.size / 1048576)} MiB is too large: at most ${LARGEST / 1048576} MiB`;
      return {
        text: '',
        diagnostics: [error('load/too-large', [], message, { place: whole, hint: 'split it and use "include"' })],
      };
    }
    bytes = readFileSync(path);
  } catch (cause) {
    if (cause instanceof Failure) throw cause;
    const code = (cause as NodeJS.ErrnoException).code;
    const say = code === 'ENOENT' ? `file "${name}" not found; "vgen init" writes a starter, "-i FILE" names another`
      : `cannot read "${name}" (${code ?? 'unknown error'})`;
    throw new Failure(say, { cause });
  }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), diagnostics: [] };
  } catch {
    const text = new TextDecoder('utf-8').decode(bytes);
    const line = invalidLine(bytes);
    const place = { ...whole, line, column: 1 + Math.max(0, text.split(/\r?\n/)[line - 1]?.indexOf('\ufffd') ?? 0) };
    return {
      text,
      diagnostics: [error('load/encoding', [], 'the file is not valid UTF-8', { place, hint: 'save it as UTF-8' })],
    };
  }
}

function invalidLine(bytes: Buffer): number {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  let line = 1;
  for (let from = 0; from < bytes.length; line++) {
    const end = bytes.indexOf(10, from);
    try { decoder.decode(bytes.subarray(from, end < 0 ? bytes.length : end)); } catch { return line; }
    if (end < 0) break;
    from = end + 1;
  }
  return line;
}

/** Fast where that is sure to be right, fully where something is wrong or unusual. */
async function parse(name: string, text: string): Promise<Reading> {
  const value = readPlainly(text);
  if (value !== null) return { value, diagnostics: [] };
  const { readFully } = await import('./load/full.ts');
  return readFully(name, text);
}

/** The mapping that a text with nothing unusual in it is; null for any other text, right or wrong. */
export function readPlainly(text: string): Record<string, unknown> | null {
  if (EXOTIC.test(text)) return null;
  try {
    const value = readFast(text, { schema: CORE_SCHEMA });
    return isMapping(value) ? value : null;
  } catch {
    // the full reader says what is wrong and where
    return null;
  }
}

/** Sections merge key by key; a key that two files define is an error that names both places. */
function merge(
  into: Record<string, unknown>, sections: Record<string, unknown>, origin: Map<string, number>, index: number,
  files: SourceFile[],
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const place = (file: number, path: Path): Place => {
    const origins = new Map(path.length > 1 ? [[path.join('\0'), file]] : [[String(path[0]), file]]);
    return new Source(files, {}, origins).locate(path, true);
  };
  const twice = (path: Path, first: number): void => {
    diagnostics.push(error('load/twice', path, `duplicate key "${path.at(-1)}"`, {
      place: place(index, path), see: { message: 'first defined here', at: path, place: place(first, path) },
    }));
  };
  for (const [section, value] of Object.entries(sections)) {
    const known = into[section];
    if (known === undefined) {
      into[section] = isMapping(value) ? { ...value } : value;
      origin.set(section, index);
      if (isMapping(value)) for (const key of Object.keys(value)) origin.set(`${section}\0${key}`, index);
    } else if (isMapping(known) && isMapping(value)) {
      for (const [key, item] of Object.entries(value)) {
        const first = origin.get(`${section}\0${key}`);
        if (first !== undefined) {
          twice([section, key], first);
          continue;
        }
        known[key] = item;
        origin.set(`${section}\0${key}`, index);
      }
    } else twice([section], origin.get(section) ?? 0);
  }
  return diagnostics;
}

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

async function included(
  include: unknown, from: { name: string; path: string }, text: string, cwd: string,
): Promise<{ files: { name: string; path: string }[]; globs: Globbed[]; diagnostics: Diagnostic[] }> {
  const at = (path: Path): Place => new Source([{ name: from.name, text }], {}, new Map()).locate(path, false);
  const patterns = Array.isArray(include) ? include : [include];
  const found: { name: string; path: string }[] = [];
  const globs: Globbed[] = [];
  const diagnostics: Diagnostic[] = [];
  const { default: glob } = await import('fast-glob');
  for (const [i, pattern] of patterns.entries()) {
    const path = Array.isArray(include) ? ['include', i] : ['include'];
    if (typeof pattern !== 'string' || pattern === '') {
      diagnostics.push(error('load/include', path, '"include" must be a file name or a glob', {
        place: at(path), hint: 'such as "hosts/*.yaml"',
      }));
      continue;
    }
    const base = dirname(from.path);
    let matches: string[] = [];
    let directories: string[] = [];
    try {
      matches = (await glob(pattern, { cwd: base, dot: true, absolute: true, onlyFiles: true })).sort();
      if (matches.length === 0) directories = await glob(pattern, { cwd: base, dot: true, onlyDirectories: true });
    } catch {
      // no system has a file of such a name
    }
    globs.push({ cwd: base, pattern, found: matches });
    if (matches.length === 0) {
      diagnostics.push(directories.length
        ? error('load/include', path, `include "${pattern}" is a directory`, {
          place: at(path), hint: `include the files in it: "${pattern.replace(/\/$/, '')}/*.yaml"`,
        })
        : error('load/include', path, `include "${pattern}" matches no file`, {
          place: at(path), hint: `names are relative to "${from.name}"`,
        }));
    }
    found.push(...matches.map(match => ({ name: relative(cwd, match), path: match })));
  }
  return { files: found, globs, diagnostics };
}
