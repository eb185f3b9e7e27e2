// What the user keeps beside the inventory: templates (one with a built-in's name replaces it) and files to copy.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve as absolute } from 'node:path';
import { error, type Diagnostic, type Path } from '../diagnostic.ts';
import type { Globbed } from '../load.ts';
import type { Item, Model } from '../model.ts';
import { knownNames } from '../nearest.ts';

export interface UserFiles {
  readonly templates: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, Buffer>;
  /** Absolute paths of all that was read: a change of one makes a build necessary. */
  readonly read: readonly string[];
  readonly globs: readonly Globbed[];
  readonly diagnostics: readonly Diagnostic[];
}

interface FileEntry { readonly source: string | null; readonly template: string | null }

/** Reads the directory that `templates` names and the `source` of every file; paths are relative to the inventory. */
export async function userFiles(model: Model, inventory: string, cwd = process.cwd()): Promise<UserFiles> {
  const base = dirname(absolute(cwd, inventory));
  const diagnostics: Diagnostic[] = [];
  const templates = new Map<string, string>();
  const files = new Map<string, Buffer>();
  const read: string[] = [];
  const globs: Globbed[] = [];
  const dir = model.sections['templates'] as string | null | undefined;
  if (dir) {
    const root = join(base, dir);
    const { default: glob } = await import('fast-glob');
    const found = glob.sync('**/*.njk', { cwd: root, dot: true, absolute: true, onlyFiles: true }).sort();
    globs.push({ cwd: root, pattern: '**/*.njk', found });
    read.push(...found);
    for (const path of found) templates.set(relative(root, path), readFileSync(path, 'utf8'));
    if (templates.size === 0) diagnostics.push(error('files/templates', ['templates'], `there is no template (*.njk) under "${dir}"`, { hint: 'the path is relative to the inventory' }));
  }
  for (const file of Object.values((model.sections['files'] ?? {}) as Record<string, Item<FileEntry>>)) {
    const missing = (key: string, path: Path, hint: string, name: string): void => {
      diagnostics.push(error('files/missing', path, `there is no ${key} "${name}"`, { hint }));
    };
    if (file.template !== null && !templates.has(file.template)) {
      missing('template', [...file.at, 'template'], dir ? knownNames(file.template, templates.keys(), `in "${dir}"`) : 'name their directory: templates: my-templates', file.template);
    }
    if (file.source === null || files.has(file.source)) continue;
    try {
      files.set(file.source, readFileSync(join(base, file.source)));
      read.push(join(base, file.source));
    } catch {
      missing('file', [...file.at, 'source'], 'the path is relative to the inventory', file.source);
    }
  }
  return { templates, files, read, globs, diagnostics };
}
