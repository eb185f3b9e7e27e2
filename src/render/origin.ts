// Where a line of a generated file comes from: inventory, component and template.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import glob from 'fast-glob';
import { Failure, pathText, type Path } from '../contract/diagnostic.ts';
import { INSTALL, MANIFEST, SUMS } from '../contract/manifest.ts';
import type { Source } from '../contract/source.ts';
import type { Entry, OutTree } from '../contract/tree.ts';
import { ownFile } from '../process/own-files.ts';
import type { UserTemplates } from './engine.ts';
import { trace } from './trace.ts';

/** What is known of a compilation whose lines are asked for. */
export interface Traced {
  readonly source: Source;
  /** Templates of the user's. */
  readonly templates: UserTemplates;
}

export interface Origin {
  place: string;
  text: string;
  component: string;
  /** `templates/…:line`, or what else the bytes are. */
  template: string;
  inventory: { path: string; file: string; line: number; column: number; text: string }[];
  /** Sections that nobody wrote: their defaults made the line. */
  defaults: string[];
}

interface Line {
  readonly template: string;
  readonly text: string;
  readonly values: readonly Path[];
  readonly isOwn: boolean;
}

/**
 * Where a line of a file in a tree comes from; the tree must have the file.
 * @throws Failure when the file has no such line.
 */
export async function originOf(
  { source, templates }: Traced, tree: OutTree, path: string, number: number,
): Promise<Origin> {
  const entry = tree.entries.find(one => one.path === path);
  if (!entry) throw new Error(`${path} is not in the tree of ${tree.name}`);
  const line = entry.kind === 'link' ? { template: 'a link', text: `-> ${entry.target}`, values: [], isOwn: false }
    : await lineOf(entry, number, tree, templates);
  const at = entry.spec?.at ?? tree.at;
  const paths = unique([...line.values, ...line.values.length && !entry.spec ? [] : [at]]);
  // a template of the user's is there because the inventory names its directory
  const written = unique([...line.isOwn ? [['templates']] : [], ...paths].map(one => writtenPart(one, source))
    .filter(one => one !== null));
  return {
    place: `${tree.name}/${entry.path}:${number}`, text: line.text, component: entry.spec?.component ?? 'host',
    template: line.template,
    inventory: unique(written.flatMap(one => [one, ...referredTo(one, source, tree.at, at)])).map(one => {
      const there = source.locate(one, false);
      return {
        path: pathText(one), file: there.file, line: there.line, column: there.column,
        text: source.lines(there.file)[there.line - 1]?.trim() ?? '',
      };
    }),
    defaults: [...new Set(paths.filter(one => !writtenPart(one, source)).map(one => String(one[0])))],
  };
}

/** The part of a path that somebody wrote; the rest is the schema's default. */
function writtenPart(path: Path, source: Source): Path | null {
  for (let end = path.length; end > 0; end--) if (source.has(path.slice(0, end))) return path.slice(0, end);
  return null;
}

/** What the text at a path speaks of: `${vars.x}`, `${host.x}`, `${slot.x}`, `${secret.x}`. */
function referredTo(path: Path, source: Source, host: Path, at: Path): Path[] {
  const text = path.reduce<unknown>((value, key) => (value as Record<string | number, unknown>)[key], source.value);
  const roots: Record<string, Path> = {
    vars: ['vars'], secret: ['secrets'], host, ...(at[2] === 'slots' ? { slot: at } : {}),
  };
  return typeof text !== 'string' ? []
    : [...text.matchAll(/(?<!\$)\$\{(\w+)\.([^}]+)\}/g)].flatMap(([, noun = '', name = '']) => {
      const referred = [...roots[noun] ?? [], ...name.split('.')];
      return source.has(referred) ? [referred] : [];
    });
}

const unique = (paths: readonly Path[]): Path[] => [...new Map(paths.map(path => [path.join('\0'), path])).values()];

async function lineOf(
  entry: Extract<Entry, { kind: 'file' }>, number: number, tree: OutTree, own: UserTemplates,
): Promise<Line> {
  const lines = entry.bytes.toString('utf8').replace(/\n$/, '').split('\n');
  const text = lines[number - 1];
  if (text === undefined) throw new Failure(`"${entry.path}" has ${lines.length} line${lines.length === 1 ? '' : 's'}`);
  if (entry.path === MANIFEST) {
    return { template: 'the plan of the host, one line a thing', text, values: listed(text, tree), isOwn: false };
  }
  if (entry.path === SUMS) {
    return { template: 'the digests of the tree, one line a file', text, values: [], isOwn: false };
  }
  const from = entry.spec?.kind === 'file' ? entry.spec.from : { static: `host/${INSTALL}` };
  if ('static' in from) return {
    template: `${sourceOf(from.static, lines, number)} (the same bytes on every host)`, text, values: [], isOwn: false,
  };
  if (!('template' in from)) return {
    template: 'user' in from ? `your file ${from.user}:${number}` : 'the text in the inventory', text, values: [],
    isOwn: false,
  };
  const root = fileURLToPath(ownFile('templates/'));
  const builtIn = glob.sync('**/*.njk', { cwd: root, dot: true }).sort();
  const sources = new Map([...builtIn.map(name => [name, readFileSync(join(root, name), 'utf8')] as const), ...own]);
  const traced = (await trace(from.template, from.view, sources))[number - 1];
  const isOwn = own.has(traced?.template ?? '');
  const line = traced?.line ? `:${traced.line}` : '';
  return {
    template: `${isOwn ? '' : 'templates/'}${traced?.template ?? from.template}${line}`,
    text, values: traced?.values ?? [], isOwn,
  };
}

/** A line of a static file; of the engine, which is joined of many, the line of its source. */
function sourceOf(name: string, lines: readonly string[], number: number): string {
  const heading = lines.slice(0, number).findLastIndex(line => line.startsWith('# ---- templates/'));
  if (!name.startsWith('engine/') || heading < 0) return `templates/${name}:${number}`;
  // the first line of a source is not joined, and the heading stands in its place
  return `${lines[heading]?.slice('# ---- '.length) ?? ''}:${number - heading}`;
}

/** The place of what a line of the manifest lists. */
const listed = (text: string, { rows }: OutTree): Path[] => rows.filter(row => row.text === text).map(({ at }) => at);
