// Where a build writes before anything in out/ is touched: same disk, so that the last step is renames only. A build
// that was killed while it renamed leaves its staging behind; the next one learns from it which files are vgen's.
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Failure } from '../diagnostic.ts';
import { pathsOf } from '../manifest.ts';
import type { Entry } from '../render.ts';

export class Staging {
  readonly #out: string;
  readonly #dir: string;
  readonly #interrupted: ReadonlyMap<string, readonly string[]>;
  readonly #made = new Set<string>();
  readonly #puts: string[] = [];
  readonly #wholes = new Set<string>();

  private constructor(out: string, dir: string, interrupted: ReadonlyMap<string, readonly string[]>) {
    this.#out = out;
    this.#dir = dir;
    this.#interrupted = interrupted;
  }

  /** @throws Failure (exit 3) when another build of the same directory is under way, (exit 2) when it cannot be written */
  static open(out: string): Staging {
    const dir = join(out, '.vgen-staging');
    const interrupted = new Map<string, string[]>();
    try {
      if (existsSync(dir)) {
        const pid = Number(readFileSync(join(dir, 'pid'), 'utf8').trim() || '0');
        if (isAlive(pid) && pid !== process.pid) throw new Failure(`another build writes to "${out}" (process ${pid}); wait for it`, { exit: 3 });
        for (const host of readdirSync(join(dir, 'new'))) {
          const manifest = join(dir, 'new', host, 'manifest.tsv');
          if (existsSync(manifest)) interrupted.set(host, pathsOf(readFileSync(manifest, 'utf8')));
        }
        rmSync(dir, { recursive: true });
      }
      mkdirSync(join(dir, 'new'), { recursive: true });
      writeFileSync(join(dir, 'pid'), `${process.pid}\n`);
    } catch (cause) {
      if (cause instanceof Failure) throw cause;
      throw new Failure(`cannot write to "${out}" (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`, { cause });
    }
    return new Staging(out, dir, interrupted);
  }

  /** Paths that a build ended midway was about to write for a host. */
  interrupted(host: string): readonly string[] {
    return this.#interrupted.get(host) ?? [];
  }

  /** Writes one entry beside out/. */
  put(path: string, entry: Entry): void {
    const to = join(this.#dir, 'new', path);
    this.#directory(dirname(to));
    if (entry.kind === 'link') symlinkSync(entry.target, to);
    else {
      writeFileSync(to, entry.bytes, { mode: entry.executable ? 0o755 : 0o644 });
      // the umask may have taken bits; git keeps the executable one, so it must not depend on who builds
      if (entry.executable) chmodSync(to, 0o755);
    }
    this.#puts.push(path);
  }

  /** The host has no directory yet: one rename brings all of it. */
  whole(host: string): void {
    this.#wholes.add(host);
  }

  /** Renames what was staged into out/, each manifest last. */
  commit(): void {
    const last = this.#puts.filter(path => path.endsWith('/manifest.tsv') && !this.#wholes.has(path.split('/')[0] ?? ''));
    for (const host of this.#wholes) if (existsSync(join(this.#dir, 'new', host))) renameSync(join(this.#dir, 'new', host), join(this.#out, host));
    const single = this.#puts.filter(path => !this.#wholes.has(path.split('/')[0] ?? '') && !last.includes(path));
    for (const path of [...single, ...last]) {
      const to = join(this.#out, path);
      this.#directory(dirname(to));
      if (isDirectory(to)) throw new Failure(`"${to}" is a directory that vgen did not make; move it away`, { exit: 3 });
      renameSync(join(this.#dir, 'new', path), to);
    }
  }

  /** Removes the staging directory. */
  close(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #directory(dir: string): void {
    if (this.#made.has(dir)) return;
    mkdirSync(dir, { recursive: true });
    this.#made.add(dir);
  }
}

const isDirectory = (path: string): boolean => {
  try { return lstatSync(path).isDirectory(); } catch { return false; }
};

function isAlive(pid: number): boolean {
  if (!pid) return false;
  try { process.kill(pid, 0); return true; } catch (cause) { return (cause as NodeJS.ErrnoException).code === 'EPERM'; }
}
