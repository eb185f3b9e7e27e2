// out/ as it lies on the disk, for those who compare with it.
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { pathsOf } from '../contract/manifest.ts';
import type { Entry } from '../contract/tree.ts';

/** What lies at a path, itself and not what it leads to; null for nothing. */
function statOf(path: string): Stats | null {
  try { return lstatSync(path); } catch { return null; }
}

/** What is on the disk beside what should be. */
export function compare(path: string, entry: Entry): 'same' | 'different' | 'absent' {
  const stat = statOf(path);
  if (!stat) return 'absent';
  if (entry.kind === 'link') return stat.isSymbolicLink() && readlinkSync(path) === entry.target ? 'same' : 'different';
  if (!stat.isFile() || stat.size !== entry.bytes.length || ((stat.mode & 0o100) !== 0) !== entry.executable) return 'different';
  return readFileSync(path).equals(entry.bytes) ? 'same' : 'different';
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
  return inside.length === 0 || inside.some(entry => (entry.isDirectory() ? isKept(root, `${path}/${entry.name}`, known) : !known.has(`${path}/${entry.name}`)));
}

/** Hosts that the inventory no longer has: what their manifests say vgen wrote. */
export function leftHosts(out: string, fleet: ReadonlySet<string>): string[][] {
  if (!existsSync(out)) return [];
  return readdirSync(out, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !fleet.has(entry.name) && existsSync(join(out, entry.name, 'manifest.tsv')))
    .map(({ name }) => pathsOf(readFileSync(join(out, name, 'manifest.tsv'), 'utf8'))
      .map(path => `${name}/${path}`).filter(path => isThere(out, path)));
}
