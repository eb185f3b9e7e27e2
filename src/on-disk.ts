// out/ as it lies on the disk, for those who compare with it.
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { pathsOf } from './manifest.ts';
import type { Entry } from './render.ts';

/** What is on the disk beside what should be. */
export function compare(path: string, entry: Entry): 'same' | 'different' | 'absent' {
  let stat;
  try { stat = lstatSync(path); } catch { return 'absent'; }
  if (entry.kind === 'link') return stat.isSymbolicLink() && readlinkSync(path) === entry.target ? 'same' : 'different';
  if (!stat.isFile() || stat.size !== entry.bytes.length || ((stat.mode & 0o100) !== 0) !== entry.executable) return 'different';
  return readFileSync(path).equals(entry.bytes) ? 'same' : 'different';
}

/** Whether anything lies at the path, a dangling link too. */
export const isThere = (path: string): boolean => {
  try { lstatSync(path); return true; } catch { return false; }
};

/** Hosts that the inventory no longer has: what their manifests say vgen wrote. */
export function leftHosts(out: string, fleet: ReadonlySet<string>): string[][] {
  if (!existsSync(out)) return [];
  return readdirSync(out, { withFileTypes: true })
    .filter(entry => entry.isDirectory() && !fleet.has(entry.name) && existsSync(join(out, entry.name, 'manifest.tsv')))
    .map(({ name }) => pathsOf(readFileSync(join(out, name, 'manifest.tsv'), 'utf8'))
      .filter(path => isThere(join(out, name, path))).map(path => `${name}/${path}`));
}
