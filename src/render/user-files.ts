// What the user keeps beside the inventory: templates (one with a built-in's name replaces it) and files to copy.
import { readFileSync } from 'node:fs';
import { dirname, join, relative, resolve as absolute } from 'node:path';
import { error, type Diagnostic, type Path } from '../contract/diagnostic.ts';
import type { Globbed } from '../load.ts';
import type { Model } from '../contract/model.ts';
import { knownNames } from '../kit/nearest.ts';
import { inventorySchema, type Schema } from '../schema/read.ts';

export interface UserFiles {
  readonly templates: ReadonlyMap<string, string>;
  readonly files: ReadonlyMap<string, Buffer>;
  /** Absolute paths of all that was read: a change of one makes a build necessary. */
  readonly read: readonly string[];
  readonly globs: readonly Globbed[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Reads the directory that `templates` names and all files that the inventory speaks of; paths are relative to it. */
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
    if (templates.size === 0) {
      diagnostics.push(error('files/templates', ['templates'], `no template (*.njk) found under "${dir}"`, {
        hint: 'the path is relative to the inventory',
      }));
    }
  }
  const all = named(model);
  for (const { name, at } of all.filter(({ what }) => what === 'template')) {
    if (templates.has(name)) continue;
    diagnostics.push(error('files/missing', at, `template "${name}" not found`, {
      hint: dir ? knownNames(name, templates.keys(), `in "${dir}"`) : 'name their directory: templates: my-templates',
    }));
  }
  for (const { name, at } of all.filter(({ what }) => what === 'beside')) {
    if (files.has(name)) continue;
    try {
      files.set(name, readFileSync(join(base, name)));
      read.push(join(base, name));
    } catch {
      diagnostics.push(error('files/missing', at, `file "${name}" not found`, {
        hint: 'the path is relative to the inventory',
      }));
      continue;
    }
    if (files.get(name)?.includes('PRIVATE KEY-----')) {
      diagnostics.push(error(
        'files/private-key', at, `"${name}" contains a private key, which would be written to out/ as it is`, {
          hint: 'keep the key out of git and declare it under "secrets"; name a file with the certificate alone',
        },
      ));
    }
  }
  return { templates, files, read, globs, diagnostics };
}

/** Values that name a file beside the inventory or a template of the user's, by what the schema says of their keys. */
function named(model: Model): { what: 'beside' | 'template'; name: string; at: Path }[] {
  const found: { what: 'beside' | 'template'; name: string; at: Path }[] = [];
  const walk = (value: unknown, node: Schema, at: Path): void => {
    const what = node.beside ? 'beside' : node.template ? 'template' : null;
    if (what !== null && typeof value === 'string') found.push({ what, name: value, at });
    else if (typeof value === 'object' && value !== null) {
      const rest = typeof node.additionalProperties === 'object' ? node.additionalProperties : {};
      for (const [key, child] of Object.entries(value)) walk(child, node.properties?.[key] ?? rest, [...at, key]);
    }
  };
  for (const [key, node] of Object.entries(inventorySchema().properties ?? {})) {
    if (/"(beside|template)":true/.test(JSON.stringify(node))) walk(model.sections[key], node, [key]);
  }
  return found;
}
