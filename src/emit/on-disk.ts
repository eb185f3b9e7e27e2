// out/ as it lies on the disk, for those who compare with it.
import { hash } from 'node:crypto';
import {
  closeSync, constants, existsSync, fstatSync, lstatSync, openSync, readdirSync, readFileSync, readlinkSync, readSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { pathsOf } from '../contract/manifest.ts';
import type { PlainEntry } from '../contract/tree.ts';

/** What lies at a path, itself and not what it leads to; null for nothing. */
export function statOf(path: string): Stats | null {
  try { return lstatSync(path, { throwIfNoEntry: false }) ?? null; } catch { return null; }
}

/** How one file lies on the disk: any write changes it, and so does a new mode. */
export const stampOf = (stat: Stats): string => `${stat.size} ${stat.ctimeMs} ${stat.ino}`;

/** One digest of the stamps of a host's files, in the order of their list. */
export const digestOf = (stamps: readonly string[]): string => hash('sha256', stamps.join('\n'), 'hex').slice(0, 32);

/** The digest of a host's files as they lie there; null where one is missing. */
export function digestOnDisk(out: string, host: string, paths: readonly string[]): string | null {
  const stamps: string[] = [];
  for (const path of paths) {
    const stat = statOf(`${out}/${host}/${path}`);
    if (!stat) return null;
    stamps.push(stampOf(stat));
  }
  return digestOf(stamps);
}

/** What is on the disk beside what should be. */
export function compare(path: string, entry: PlainEntry): 'same' | 'different' | 'absent' {
  if (entry.kind === 'file') {
    const file = openFile(path);
    if (file !== null) {
      try { return holds(file, entry) ? 'same' : 'different'; } finally { closeSync(file); }
    }
  }
  const stat = statOf(path);
  if (!stat) return 'absent';
  return entry.kind === 'link' && stat.isSymbolicLink() && readlinkSync(path) === entry.target ? 'same' : 'different';
}

/** Opens a file, and not what a link leads to; null where nothing lies, or a link or a socket. */
function openFile(path: string): number | null {
  try {
    return openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (cause) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes((cause as NodeJS.ErrnoException).code ?? '')) return null;
    throw cause;
  }
}

let buffer = Buffer.alloc(65536);

/** Whether an open file has this content, and its owner may run it or not. */
function holds(file: number, { content, executable }: Extract<PlainEntry, { kind: 'file' }>): boolean {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  const stat = fstatSync(file);
  if (!stat.isFile() || stat.size !== bytes.length || ((stat.mode & 0o100) !== 0) !== executable) return false;
  if (buffer.length < bytes.length) buffer = Buffer.alloc(bytes.length);
  let read = 0;
  while (read < bytes.length) {
    const more = readSync(file, buffer, read, bytes.length - read, null);
    if (more === 0) return false;
    read += more;
  }
  return buffer.compare(bytes, 0, bytes.length, 0, read) === 0;
}

/** Paths that are wanted as directories and are none: a file, or a link that would lead what is written elsewhere. */
export function obstacles(out: string, paths: Iterable<string>): Set<string> {
  const found = new Set<string>();
  const clear = new Set<string>();
  for (const path of paths) {
    for (let end = path.indexOf('/'); end > 0; end = path.indexOf('/', end + 1)) {
      const dir = path.slice(0, end);
      if (clear.has(dir)) continue;
      const stat = statOf(join(out, dir));
      if (stat?.isDirectory()) clear.add(dir);
      else if (stat) found.add(dir);
      if (!clear.has(dir)) break;
    }
  }
  return found;
}

/** Whether anything lies at `<host>/<path>` inside out/, a dangling link too; never what a link or ".." leads to. */
export const isThere = (out: string, path: string): boolean =>
  !path.split('/').includes('..') && obstacles(out, [path]).size === 0 && statOf(join(out, path)) !== null;

/** Whether a directory stands at the path that would stay when the `known` files (relative to `root`) are removed. */
export function isKept(root: string, path: string, known: ReadonlySet<string>): boolean {
  if (!statOf(join(root, path))?.isDirectory()) return false;
  const inside = readdirSync(join(root, path), { withFileTypes: true });
  return inside.length === 0 || inside.some(entry =>
    (entry.isDirectory() ? isKept(root, `${path}/${entry.name}`, known) : !known.has(`${path}/${entry.name}`)));
}

/** Hosts that the inventory no longer has: what their manifests say vgen wrote. */
export function leftHosts(out: string, fleet: ReadonlySet<string>): string[][] {
  if (!existsSync(out)) return [];
  return readdirSync(out, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !fleet.has(entry.name) && existsSync(join(out, entry.name, 'manifest.tsv')))
    .map(({ name }) => pathsOf(readFileSync(join(out, name, 'manifest.tsv'), 'utf8'))
      .map(path => `${name}/${path}`).filter(path => isThere(out, path)));
}
