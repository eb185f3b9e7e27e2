import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';
import { compile } from '../compile.ts';
import { Failure, pathText, type Path } from '../diagnostic.ts';
import { knownNames } from '../nearest.ts';
import type { Entry } from '../render.ts';
import { trace } from '../render/trace.ts';
import type { Output } from './output.ts';

interface Origin {
  place: string;
  text: string;
  component: string;
  /** `templates/…:line`, or what else the bytes are. */
  template: string;
  inventory: { path: string; file: string; line: number; column: number; text: string }[];
}

/** Says which inventory lines, component and template line made a line of a generated file. */
export async function why(place: string, files: readonly string[], out: string, output: Output): Promise<number> {
  const [, path = '', number = ''] = /^(.*?):(\d+)$/.exec(place) ?? [];
  if (!path) throw new Failure(`"${place}" is no place; write HOST/PATH:LINE, such as eu1/etc/nginx/nginx.conf:40`);
  const prefix = `${out.replace(/^\.\//, '').replace(/\/$/, '')}/`;
  const [host = '', ...rest] = path.replace(/^\.\//, '').replace(prefix, '').split('/');
  const compilation = await compile(files);
  if (compilation.failed() || !compilation.model) {
    output.data(output.diagnostics(compilation));
    return 1;
  }
  const names = compilation.model.hosts.map(({ name }) => name);
  if (!names.includes(host)) throw new Failure(`unknown host "${host}"; ${knownNames(host, names)}`);
  const [tree] = [...compilation.trees(name => name === host)];
  const entry = tree?.entries.find(one => one.path === rest.join('/'));
  if (!tree || !entry) throw new Failure(`host "${host}" gets no "${rest.join('/')}"; ${knownNames(rest.join('/'), tree?.entries.map(one => one.path) ?? [], 'it gets')}`);
  const line = entry.kind === 'link' ? { template: 'a link', text: `-> ${entry.target}`, values: [] } : await lineOf(entry, Number(number), compilation.templates, tree.host.at);
  const { source } = compilation;
  const paths = unique([...line.values, ...(entry.spec ? [entry.spec.at] : [tree.host.at])]);
  const origin: Origin = {
    place: `${host}/${entry.path}:${number}`, text: line.text, component: entry.spec?.component ?? 'host', template: line.template,
    inventory: unique(paths.map(one => writtenPart(one, path2 => source.has(path2)))).map(one => {
      const at = source.locate(one, false);
      return { path: pathText(one), file: at.file, line: at.line, column: at.column, text: source.lines(at.file)[at.line - 1]?.trim() ?? '' };
    }),
  };
  output.data(origin);
  output.say(`${output.paint('bold', origin.place)}: ${origin.text.trim()}`);
  output.say(`  component  ${origin.component}\n  template   ${origin.template}`);
  for (const one of origin.inventory) output.say(`  inventory  ${one.file}:${one.line}:${one.column}  ${one.path}  ${output.paint('dim', one.text)}`);
  return 0;
}

/** The part of a path that somebody wrote; the rest is the schema's default. */
function writtenPart(path: Path, has: (path: Path) => boolean): Path {
  for (let end = path.length; end > 0; end--) if (has(path.slice(0, end))) return path.slice(0, end);
  return path.slice(0, 1);
}

const unique = (paths: readonly Path[]): Path[] => [...new Map(paths.map(path => [path.join('\0'), path])).values()];

async function lineOf(
  entry: Extract<Entry, { kind: 'file' }>, number: number, own: ReadonlyMap<string, string>, host: Path,
): Promise<{ template: string; text: string; values: readonly Path[] }> {
  const lines = entry.bytes.toString('utf8').replace(/\n$/, '').split('\n');
  const text = lines[number - 1];
  if (text === undefined) throw new Failure(`"${entry.path}" has ${lines.length} lines`);
  const from = entry.spec?.kind === 'file' ? entry.spec.from : null;
  if (!from) return { template: 'made of the whole plan of the host', text, values: [host] };
  if ('static' in from) return { template: `templates/${from.static}:${number} (the same bytes on every host)`, text, values: [] };
  if (!('template' in from)) return { template: 'own' in from ? `your own file ${from.own}` : 'the text in the inventory', text, values: [] };
  const root = new URL('../../templates/', import.meta.url);
  const builtIn = glob.sync('**/*.njk', { cwd: root.pathname, dot: true }).sort();
  const sources = new Map([...builtIn.map(name => [name, readFileSync(join(root.pathname, name), 'utf8')] as const), ...own]);
  const traced = (await trace(from.template, from.view, sources))[number - 1];
  return {
    template: `${own.has(traced?.template ?? '') ? '' : 'templates/'}${traced?.template ?? from.template}${traced?.line ? `:${traced.line}` : ''}`,
    text, values: traced?.values ?? [],
  };
}
