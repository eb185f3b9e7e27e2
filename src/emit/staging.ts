// Where a build writes before anything in out/ is touched: same disk, so that the last step is renames only. A build
// that was killed while it renamed leaves its staging behind; the next one learns from it which files are vgen's.
import {
  closeSync, existsSync, fstatSync, lstatSync, mkdirSync, openSync, readdirSync, readFileSync, readlinkSync, renameSync,
  rmSync,
  symlinkSync, writeSync, type Stats,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../contract/diagnostic.ts';
import { pathsOf } from '../contract/manifest.ts';
import type { PlainEntry } from '../contract/tree.ts';
import { makeDirectory } from '../process/make-directory.ts';
import { isSystemError, systemFailure } from '../process/system-error.ts';

const STAGING = '.vgen-staging';
const LOCK = '.vgen-staging.pid';

export class Staging {
  readonly #out: string;
  readonly #dir: string;
  readonly #interrupted: ReadonlyMap<string, readonly string[]>;
  readonly #made = new Set<string>();
  readonly #puts: string[] = [];
  readonly #wholes = new Set<string>();
  #half = false;

  private constructor(out: string, dir: string, interrupted: ReadonlyMap<string, readonly string[]>) {
    this.#out = out;
    this.#dir = dir;
    this.#interrupted = interrupted;
  }

  /**
   * @throws Failure (exit 3) when another build of the same directory is under way, (exit 2) when it cannot be written
   */
  static open(out: string): Staging {
    const dir = join(out, STAGING);
    try {
      makeDirectory(out);
      lock(out);
      const interrupted = new Map<string, string[]>();
      for (const host of existsSync(join(dir, 'new')) ? readdirSync(join(dir, 'new')) : []) {
        const manifest = join(dir, 'new', host, 'manifest.tsv');
        if (existsSync(manifest)) interrupted.set(host, pathsOf(readFileSync(manifest, 'utf8')));
      }
      rmSync(dir, { recursive: true, force: true });
      mkdirSync(join(dir, 'new'), { recursive: true });
      return new Staging(out, dir, interrupted);
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      throw isSystemError(cause) ? systemFailure(cause, out) : cause;
    }
  }

  /** Whether a build of `out` is under way or was ended midway. */
  static isOpen(out: string): boolean {
    return existsSync(join(out, STAGING));
  }

  /** Paths that a build ended midway was about to write for a host. */
  interrupted(host: string): readonly string[] {
    return this.#interrupted.get(host) ?? [];
  }

  /** Writes one entry beside out/; tells how it lies there. */
  put(host: string, entry: PlainEntry): Stats {
    const to = `${this.#dir}/new/${host}/${entry.path}`;
    this.#directory(to.slice(0, to.lastIndexOf('/')));
    if (!this.#wholes.has(host)) this.#puts.push(`${host}/${entry.path}`);
    if (entry.kind === 'link') {
      symlinkSync(entry.target, to);
      return lstatSync(to);
    }
    const bytes = typeof entry.content === 'string' ? Buffer.from(entry.content) : entry.content;
    const file = openSync(to, 'w', entry.executable ? 0o755 : 0o644);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(file, bytes, written);
      return fstatSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** The host has no directory yet: one rename will bring all of it, and its files lie as `put` told. */
  whole(host: string): void {
    this.#wholes.add(host);
    this.#made.clear();
  }

  /** Renames what was staged into out/, each manifest last. */
  commit(): void {
    this.#half = true;
    const last = this.#puts.filter(path => path.endsWith('/manifest.tsv'));
    for (const host of this.#wholes) {
      if (existsSync(join(this.#dir, 'new', host))) renameSync(join(this.#dir, 'new', host), join(this.#out, host));
    }
    const others = this.#puts.filter(path => !path.endsWith('/manifest.tsv'));
    for (const path of [...others, ...last]) {
      const to = join(this.#out, path);
      this.#directory(dirname(to));
      renameSync(join(this.#dir, 'new', path), to);
    }
    this.#half = false;
  }

  /** Removes the staging directory; after half a commit the next build has to learn from it. */
  close(): void {
    if (!this.#half) rmSync(this.#dir, { recursive: true, force: true });
    rmSync(join(this.#out, LOCK), { force: true });
  }

  #directory(dir: string): void {
    if (this.#made.has(dir)) return;
    mkdirSync(dir, { recursive: true });
    this.#made.add(dir);
  }
}

/** Takes the lock: a link to the number of this process, because a link is made with its content at once. */
function lock(out: string): void {
  const path = join(out, LOCK);
  for (;;) {
    try { return symlinkSync(String(process.pid), path); } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST') throw cause;
    }
    let pid = 0;
    try { pid = Number(readlinkSync(path)); } catch { /* just released */ }
    if (pid !== process.pid && isAlive(pid)) {
      throw new Failure(
        `another build writes to "${out}" (process ${pid}); wait for it, or remove "${path}" if that is no build`,
        { exit: 3 },
      );
    }
    rmSync(path, { force: true });
  }
}

function isAlive(pid: number): boolean {
  if (!pid) return false;
  try { process.kill(pid, 0); return true; } catch (cause) { return (cause as NodeJS.ErrnoException).code === 'EPERM'; }
}
