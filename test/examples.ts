// The inventories that are there to be copied: that of the root, and those in examples/; all are found by looking.
import { readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import glob from 'fast-glob';
import { parse } from 'yaml';

const root = join(import.meta.dirname, '..');

interface Head { readonly include?: string | readonly string[]; readonly twin?: { readonly of: string } }

/** Paths from the root; what another one includes is none by itself. */
export interface Example {
  readonly path: string;
  /** The inventory that it differs from in named keys only; null if it stands alone. */
  readonly twinOf: string | null;
}

export function listExamples(): Example[] {
  const heads = new Map(['inventory.example.yaml', ...glob.sync('examples/**/*.{yaml,yml}', { cwd: root }).sort()]
    .map(path => [path, parse(readFileSync(join(root, path), 'utf8')) as Head]));
  const beside = (path: string, other: string): string => normalize(join(dirname(path), other));
  const included = new Set([...heads].flatMap(([path, { include = [] }]) =>
    [include].flat().map(other => beside(path, other))));
  return [...heads].filter(([path]) => !included.has(path))
    .map(([path, { twin }]) => ({ path, twinOf: twin ? beside(path, twin.of) : null }));
}
