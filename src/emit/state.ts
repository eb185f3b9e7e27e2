// What the last clean build read and wrote, so that a build with nothing to do need not compile. It lives in the user's
// cache, never in out/; losing it costs one full build, and --check does not believe it.
import { hash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join, resolve as absolute } from 'node:path';
import type { Globbed } from '../load.ts';
import { leftHosts } from './on-disk.ts';
import { Staging } from './staging.ts';
import { ownFile } from '../process/own-files.ts';

interface Head {
  readonly key: string;
  readonly inputs: readonly (readonly [path: string, sha256: string])[];
  readonly globs: readonly Globbed[];
  readonly hosts: number;
}

export interface Fresh { readonly hosts: number; readonly files: number; readonly inputs: readonly string[] }

/** One remembered file: what was written and how it lay on the disk; a new mode changes ctime too. */
export interface Remembered { readonly sha256: string; readonly size: number; readonly ctimeMs: number; readonly ino: number }

const fileOf = (out: string): string =>
  join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'vgen', `${hash('sha256', absolute(out), 'hex').slice(0, 32)}.state`);

const keyOf = (inventories: readonly string[]): string =>
  `${readFileSync(ownFile('dist/build-id'), 'utf8').trim()} ${inventories.map(name => absolute(name)).join(' ')}`;

const sha = (path: string): string | null => {
  try { return hash('sha256', readFileSync(path), 'hex'); } catch { return null; }
};

export class State {
  readonly #head: Head;
  readonly #files: ReadonlyMap<string, Remembered>;

  private constructor(head: Head, files: ReadonlyMap<string, Remembered>) {
    this.#head = head;
    this.#files = files;
  }

  /** The state of the last clean build into `out`, null if there is none. */
  static read(out: string): State | null {
    try {
      const [head = '', ...lines] = readFileSync(fileOf(out), 'utf8').split('\n');
      const files = new Map<string, Remembered>();
      for (const line of lines) {
        const [path = '', sha256 = '', size, ctimeMs, ino] = line.split('\t');
        if (path) files.set(path, { sha256, size: Number(size), ctimeMs: Number(ctimeMs), ino: Number(ino) });
      }
      return new State(JSON.parse(head) as Head, files);
    } catch {
      return null;
    }
  }

  /** Whether inputs and outputs are all as they were: then a build has nothing to do. */
  async fresh(inventories: readonly string[], out: string): Promise<Fresh | null> {
    if (this.#head.key !== keyOf(inventories) || Staging.isOpen(out)) return null;
    if (this.#head.inputs.some(([path, before]) => sha(path) !== before)) return null;
    for (const { cwd, pattern, found } of this.#head.globs) {
      const { default: glob } = await import('fast-glob');
      const now = (await glob(pattern, { cwd, dot: true, absolute: true, onlyFiles: true })).sort();
      if (now.join('\0') !== found.join('\0')) return null;
    }
    for (const [path, was] of this.#files) if (!same(join(out, path), was)) return null;
    if (leftHosts(out, new Set([...this.#files.keys()].map(path => path.split('/')[0] ?? ''))).length) return null;
    return { hosts: this.#head.hosts, files: this.#files.size, inputs: this.#head.inputs.map(([path]) => path) };
  }

  /** Whether the file at `path` still is what was written with this digest. */
  holds(out: string, path: string, sha256: string): boolean {
    const was = this.#files.get(path);
    return was !== undefined && was.sha256 === sha256 && same(join(out, path), was);
  }

  /** Remembers a clean build, unless an input changed since it `started`. A cache that cannot be written is no failure. */
  static write(
    started: number, out: string, inventories: readonly string[], inputs: readonly string[], globs: readonly Globbed[], hosts: number, files: ReadonlyMap<string, string>,
  ): void {
    try {
      if (inputs.some(path => changedSince(started, path))) return;
      const head: Head = { key: keyOf(inventories), inputs: inputs.map(path => [absolute(path), sha(path) ?? '']), globs, hosts };
      const lines = [JSON.stringify(head)];
      for (const [path, sha256] of files) {
        const stat = lstatSync(join(out, path));
        lines.push(`${path}\t${sha256}\t${stat.size}\t${stat.ctimeMs}\t${stat.ino}`);
      }
      const to = fileOf(out);
      mkdirSync(dirname(to), { recursive: true });
      writeFileSync(`${to}.${process.pid}`, lines.join('\n'));
      renameSync(`${to}.${process.pid}`, to);
    } catch {
      // the next build compiles in full
    }
  }
}

/** Whether a file may have changed since then; its disk's clock ticks in steps of some milliseconds. */
export function changedSince(started: number, path: string): boolean {
  try { return statSync(path).ctimeMs > started - 20; } catch { return true; }
}

function same(path: string, was: Remembered): boolean {
  try {
    const stat = lstatSync(path);
    return stat.size === was.size && stat.ctimeMs === was.ctimeMs && stat.ino === was.ino;
  } catch {
    return false;
  }
}
