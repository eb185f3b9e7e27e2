// What the last clean build read and wrote, so that a build with nothing to do need not compile. It lives in the user's
// cache, never in out/; losing it costs one full build, and --check does not believe it.
import { hash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join, resolve as absolute } from 'node:path';
import type { Globbed } from '../load.ts';
import { FLEET } from '../contract/tree.ts';
import { marksDigests } from './attributes.ts';
import { digestOnDisk, leftHosts } from './on-disk.ts';
import { Staging } from './staging.ts';
import { ownFile } from '../process/own-files.ts';
import { readTrusted, writeTrusted } from '../process/trusted.ts';

interface Head {
  readonly key: string;
  readonly inputs: readonly (readonly [path: string, sha256: string])[];
  readonly globs: readonly Globbed[];
  /** Lists of the paths in directories: most have the same. */
  readonly lists: readonly (readonly string[])[];
}

/** One directory of out/ as a build left it. */
export interface RememberedTree {
  readonly name: string;
  /** Key of all that its bytes depend on; '' where it is always made anew. */
  readonly plan: string;
  readonly paths: readonly string[];
  /** Of how its files lay on the disk (src/emit/on-disk.ts). */
  readonly digest: string;
}

export interface Fresh { readonly hosts: number; readonly files: number; readonly inputs: readonly string[] }

const fileOf = (out: string): string =>
  join(process.env['XDG_CACHE_HOME']
    || join(homedir(), '.cache'), 'vgen', `${hash('sha256', absolute(out), 'hex').slice(0, 32)}.state`);

const keyOf = (inventories: readonly string[]): string =>
  `${readFileSync(ownFile('dist/build-id'), 'utf8').trim()} ${inventories.map(name => absolute(name)).join(' ')}`;

const sha = (path: string): string | null => {
  try { return hash('sha256', readFileSync(path), 'hex'); } catch { return null; }
};

export class State {
  readonly #head: Head;
  readonly #trees: ReadonlyMap<string, RememberedTree>;

  private constructor(head: Head, trees: ReadonlyMap<string, RememberedTree>) {
    this.#head = head;
    this.#trees = trees;
  }

  /**
   * The state of the last clean build into `out`; null if there is none, or it was made by
   * another vgen or of other inventories.
   */
  static read(out: string, inventories: readonly string[]): State | null {
    try {
      const from = fileOf(out);
      const [first = '', ...lines] = (readTrusted(dirname(from), basename(from))?.toString('utf8') ?? '').split('\n');
      const head = JSON.parse(first) as Head;
      if (head.key !== keyOf(inventories)) return null;
      const trees = new Map<string, RememberedTree>();
      for (const line of lines) {
        const [name = '', plan = '', list, digest = ''] = line.split('\t');
        trees.set(name, { name, plan, paths: head.lists[Number(list)] ?? [], digest });
      }
      return new State(head, trees);
    } catch {
      return null;
    }
  }

  /** Whether inputs and outputs are all as they were: then a build has nothing to do. */
  async fresh(out: string): Promise<Fresh | null> {
    if (Staging.isOpen(out) || !marksDigests(out)) return null;
    if (this.#head.inputs.some(([path, before]) => sha(path) !== before)) return null;
    for (const { cwd, pattern, found } of this.#head.globs) {
      const { default: glob } = await import('fast-glob');
      const now = (await glob(pattern, { cwd, dot: true, absolute: true, onlyFiles: true })).sort();
      if (now.join('\0') !== found.join('\0')) return null;
    }
    let files = 0;
    for (const { name, paths, digest } of this.#trees.values()) {
      if (digestOnDisk(out, name, paths) !== digest) return null;
      files += paths.length;
    }
    if (leftHosts(out, new Set(this.#trees.keys())).length) return null;
    return {
      hosts: [...this.#trees.keys()].filter(name => name !== FLEET).length, files,
      inputs: this.#head.inputs.map(([path]) => path),
    };
  }

  /** What was remembered of a directory that has the same plan and whose files lie as they did. */
  unchanged(out: string, name: string, plan: string): RememberedTree | null {
    const was = this.#trees.get(name);
    return was && was.plan === plan && digestOnDisk(out, name, was.paths) === was.digest ? was : null;
  }

  /**
   * Remembers a clean build, unless an input changed since it `started`. A cache that cannot be written is no failure.
   */
  static write(
    started: number, out: string, inventories: readonly string[],
    of: { readonly inputs: readonly string[]; readonly globs: readonly Globbed[] }, trees: readonly RememberedTree[],
  ): void {
    try {
      if (of.inputs.some(path => changedSince(started, path))) return;
      const lists = new Map<string, number>();
      const lines = trees.map(({ name, plan, paths, digest }) => {
        const list = paths.join('\n');
        if (!lists.has(list)) lists.set(list, lists.size);
        return `${name}\t${plan}\t${lists.get(list) ?? 0}\t${digest}`;
      });
      const head: Head = {
        key: keyOf(inventories), inputs: of.inputs.map(path => [absolute(path), sha(path) ?? '']), globs: of.globs,
        lists: [...lists.keys()].map(list => list.split('\n')),
      };
      const to = fileOf(out);
      writeTrusted(dirname(to), basename(to), [JSON.stringify(head), ...lines].join('\n'));
    } catch {
      // the next build compiles in full
    }
  }
}

/** Whether a file may have changed since then; its disk's clock ticks in steps of some milliseconds. */
export function changedSince(started: number, path: string): boolean {
  try { return statSync(path).ctimeMs > started - 20; } catch { return true; }
}
