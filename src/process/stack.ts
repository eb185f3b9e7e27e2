// Where in src/ an error of vgen itself arose: the bundle that runs has a source map, read only then.
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ownFile } from './own-files.ts';

/** The stack of an error (its message where there is none), with places in the bundle told as places in the sources. */
export function sourceStack(cause: unknown): string {
  const text = cause instanceof Error ? cause.stack ?? cause.message : String(cause);
  const bundle = fileURLToPath(ownFile('dist/bundle.cjs'));
  if (!text.includes(bundle) || !existsSync(`${bundle}.map`)) return text;
  const map =
    new SourceMap(JSON.parse(readFileSync(`${bundle}.map`, 'utf8')) as ConstructorParameters<typeof SourceMap>[0]);
  return text.replaceAll(`${bundle}:`, '\0').replaceAll(/\0(\d+):(\d+)/g, (_, line: string, column: string) => {
    const found = map.findEntry(Number(line) - 1, Number(column) - 1);
    if (!('originalSource' in found)) return `${bundle}:${line}:${column}`;
    const source = relative(dirname(dirname(bundle)), join(dirname(bundle), found.originalSource));
    return `${source}:${found.originalLine + 1}:${found.originalColumn + 1}`;
  });
}
