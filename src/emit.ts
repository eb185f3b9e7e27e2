// HostTrees → out/. In: what each host's directory should hold. Out: exactly that on the disk. Now true: only what
// changed was written, only what vgen once wrote was removed, and a build that failed midway changed nothing.
import { lstatSync, readFileSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from './contract/diagnostic.ts';
import { Staging } from './emit/staging.ts';
import { MANIFEST, pathsOf } from './contract/manifest.ts';
import { ATTRIBUTES, markDigests, marksDigests } from './emit/attributes.ts';
import {
  compare, digestOf, digestOnDisk, isKept, isThere, leftHosts, obstacles, stampOf, statOf,
} from './emit/on-disk.ts';
import { FLEET, type PlainTree, type UnchangedTree } from './contract/tree.ts';
import { isSystemError, systemFailure } from './process/system-error.ts';

export interface Changes {
  /** `<host>/<path>`, sorted. */
  readonly added: string[];
  readonly changed: string[];
  readonly removed: string[];
  unchanged: number;
  hosts: number;
}

export interface EmitOptions {
  readonly out: string;
  /** All hosts of the inventory: directories of others are what earlier builds left. Null when only some are built. */
  readonly fleet: ReadonlySet<string> | null;
  /**
   * Told of each tree that out/ holds afterwards: its paths and the digest of how they lie there (src/emit/on-disk.ts).
   */
  readonly onTree?: (name: string, paths: readonly string[], digest: string) => void;
  /** Overwrite files that vgen did not write. */
  readonly force?: boolean;
  /** Compare only. */
  readonly check?: boolean;
  /** Called when all trees are rendered: false leaves out/ as it was. */
  readonly proceed: () => boolean;
}

/**
 * Compares the trees with the disk and writes the difference.
 * @throws Failure (exit 3) when a file that vgen does not know is in the way or another build is under way, (exit 2)
 * when the disk refuses
 */
export function emit(trees: Iterable<PlainTree | UnchangedTree>, options: EmitOptions): Changes {
  const umask = fixUmask();
  try { return emitTrees(trees, options); } finally { process.umask(umask); }
}

/** git keeps modes and rsync sends them: they must not depend on who builds. Returns what it was. */
export const fixUmask = (): number => process.umask(0o022);

/** `emit` under a umask that is fixed already: threads of a process share it, and only the first can set it. */
export function emitTrees(trees: Iterable<PlainTree | UnchangedTree>, options: EmitOptions): Changes {
  const { out } = options;
  const changes: Changes = { added: [], changed: [], removed: [], unchanged: 0, hosts: 0 };
  const staging = options.check ? null : Staging.open(out);
  const foreign: string[] = [];
  const made = new Set(options.fleet);
  const compared: { name: string; paths: readonly string[] }[] = [];
  try {
    for (const tree of trees) {
      const { name } = tree;
      made.add(name);
      if (name !== FLEET) changes.hosts++;
      if ('unchanged' in tree) {
        changes.unchanged += tree.unchanged;
        continue;
      }
      const paths = tree.entries.map(entry => entry.path);
      if (!statOf(join(out, name))) {
        // nothing there: nothing to compare with, and nothing in the way
        staging?.whole(name);
        const stamps: string[] = [];
        for (const entry of tree.entries) {
          changes.added.push(`${name}/${entry.path}`);
          if (staging) stamps.push(stampOf(staging.put(name, entry)));
        }
        if (staging) options.onTree?.(name, paths, digestOf(stamps));
        continue;
      }
      compared.push({ name, paths });
      const known = knownPaths(out, name, staging);
      const left = new Set(known);
      const inTheWay = [...obstacles(out, paths.map(path => `${name}/${path}`))];
      const others = inTheWay.filter(path => !known.has(path.slice(name.length + 1)));
      changes.removed.push(...others);
      if (!options.force) foreign.push(...others);
      for (const entry of tree.entries) {
        const path = `${name}/${entry.path}`;
        const state = inTheWay.some(dir => path.startsWith(`${dir}/`)) ? 'absent' : compare(join(out, path), entry);
        left.delete(entry.path);
        if (state === 'same') {
          changes.unchanged++;
          continue;
        }
        (state === 'absent' ? changes.added : changes.changed).push(path);
        if (state === 'different') {
          const refused = isDirectory(join(out, path)) ? isKept(join(out, name), entry.path, known)
            : !known.has(entry.path) && !options.force;
          if (refused) foreign.push(path);
        }
        staging?.put(name, entry);
      }
      for (const path of left) if (isThere(out, `${name}/${path}`)) changes.removed.push(`${name}/${path}`);
    }
    if (options.fleet) for (const left of leftHosts(out, made)) changes.removed.push(...left);
    if (foreign.length && !options.check) {
      const paths = foreign.slice(0, 3).map(path => `"${join(out, path)}"`).join(', ');
      const more = foreign.length > 3 ? ` and ${foreign.length - 3} more` : '';
      const option = options.force ? '' : ', or overwrite them with --force';
      throw new Failure(`vgen did not write ${paths}${more}; move them away${option}`, { exit: 3 });
    }
    if (options.check && !marksDigests(out)) {
      (isThere(out, ATTRIBUTES) ? changes.changed : changes.added).push(ATTRIBUTES);
    }
    for (const list of [changes.added, changes.changed, changes.removed]) list.sort();
    if (options.proceed() && staging) {
      for (const path of changes.removed) remove(out, path);
      staging.commit();
      markDigests(out);
      if (options.onTree) {
        for (const { name, paths } of compared) options.onTree(name, paths, digestOnDisk(out, name, paths) ?? '');
      }
    }
  } catch (cause) {
    if (!isSystemError(cause)) throw cause;
    throw systemFailure(cause, out);
  } finally {
    staging?.close();
  }
  return changes;
}

/** Paths in a host's directory that vgen wrote: by its manifest, or by a build that was ended while it wrote. */
function knownPaths(out: string, host: string, staging: Staging | null): ReadonlySet<string> {
  let text = '';
  try { text = readFileSync(join(out, host, MANIFEST), 'utf8'); } catch { /* a new host */ }
  return new Set([...text ? pathsOf(text) : [], ...staging?.interrupted(host) ?? []]);
}

const isDirectory = (path: string): boolean => lstatSync(path).isDirectory();

/** Removes one file or link and the directories that it leaves empty. */
function remove(out: string, path: string): void {
  const full = join(out, path);
  if (isDirectory(full)) return;
  unlinkSync(full);
  for (let dir = dirname(path); dir !== '.'; dir = dirname(dir)) {
    try { rmdirSync(join(out, dir)); } catch { return; }
  }
}
