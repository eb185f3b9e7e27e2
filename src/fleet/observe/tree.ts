// The tree of one host in out/, as it lies on the disk: what an apply would send. Nothing is compiled.
import { otherCommand } from '../../process/command-line.ts';
import { hash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Failure } from '../../contract/diagnostic.ts';
import { obstacles, statOf } from '../../emit/on-disk.ts';
import {
  INSTALL, MANIFEST, readManifest, readSums, SUMS, type ListedFile, type Manifest,
} from '../../contract/manifest.ts';

/** A file of the tree. */
export interface TreeFile extends ListedFile { readonly sha256: string }

export interface BuiltTree extends Omit<Manifest, 'files'> {
  readonly dir: string;
  /** What hosts call the tree: sha256 of SHA256SUMS, which stands for every byte of it. */
  readonly id: string;
  readonly files: readonly TreeFile[];
}

const sha256 = (bytes: Buffer): string => hash('sha256', bytes, 'hex');

/** Reads the tree of a host, as its list has it. Throws a Failure when there is none. */
export function readTree(out: string, host: string): BuiltTree {
  const dir = join(out, host);
  if (![INSTALL, MANIFEST, SUMS].every(name => existsSync(join(dir, name)))) {
    throw new Failure(`there is no tree for ${host} in ${out}/; run "${building()}", review and commit it`);
  }
  return treeOf(host, dir, readBytes(dir, MANIFEST), readBytes(dir, SUMS));
}

/** Throws a Failure when a file is not what SHA256SUMS says: the host would refuse it too. */
export function checkTree({ dir }: BuiltTree): void {
  const wrong = [...readSums(readBytes(dir, SUMS).toString('utf8'))]
    .filter(([path, wanted]) => sha256(readBytes(dir, path)) !== wanted);
  if (wrong.length) {
    throw new Failure(`${dir} is not what its ${SUMS} says: ${wrong.map(([path]) => path)
      .join(', ')}; "${building()}" makes it anew`);
  }
}

/** The command that makes trees like this one. */
const building = (): string => otherCommand(['build'], ['inventory', 'out']);

/** What a manifest and SHA256SUMS say. */
export function treeOf(host: string, dir: string, manifest: Buffer, sums: Buffer): BuiltTree {
  const read = readManifest(manifest.toString('utf8'), join(dir, MANIFEST));
  if (read.host !== host) {
    throw new Failure(`${join(dir, MANIFEST)} is of host "${read.host}"; "${building()}" makes it anew`);
  }
  const digests = readSums(sums.toString('utf8'));
  const lacking = read.files.filter(({ path }) => !digests.has(path.slice(1)));
  if (lacking.length) {
    throw new Failure(`${join(dir, SUMS)} lacks ${lacking.map(({ path }) => path)
      .join(', ')}; "${building()}" makes it anew`);
  }
  return {
    ...read, dir, id: sha256(sums),
    files: read.files.map(file => ({ ...file, sha256: digests.get(file.path.slice(1)) ?? '' })),
  };
}

/** What an install puts in place, other than directories. */
export const writtenPaths = ({ files, links, firstLinks }: BuiltTree): string[] =>
  [...files.map(({ path }) => path), ...links.keys(), ...firstLinks.keys()];

/** The directories above what an install puts in place; the outermost first. */
export function directoriesAbove(tree: BuiltTree): string[] {
  const above = new Set<string>();
  for (const path of [...writtenPaths(tree), ...tree.directories.map(one => one.path)]) {
    for (let dir = dirname(path); dir !== '/' && !above.has(dir); dir = dirname(dir)) above.add(dir);
  }
  return [...above].sort();
}

/**
 * A file of the tree. Throws a Failure for what is none: whoever commits to out/ could let a link or ".." lead to any
 * file of this machine.
 */
export function readBytes(dir: string, path: string): Buffer {
  const isInside = !path.split('/').includes('..')
    && obstacles(dirname(dir), [`${basename(dir)}/${path}`]).size === 0 && statOf(join(dir, path))?.isFile() !== false;
  if (!isInside) {
    throw new Failure(`${join(dir, path)} is no plain file of the tree (a link, or a path that leads out of it); `
      + `remove it, and "${building()}" makes the tree anew`);
  }
  try {
    return readFileSync(join(dir, path));
  } catch (cause) {
    throw new Failure(`${join(dir, path)} cannot be read (${(cause as NodeJS.ErrnoException).code
      ?? 'unknown error'}); "${building()}" makes it`, { cause });
  }
}
