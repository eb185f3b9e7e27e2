/** What is slow to make and the same for every run: made once per machine, found by the hash of what goes in. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unmountBeneathNow } from './disk.ts';
import { atEnd } from './ending.ts';
import { childrenOf, isAlive, isLeftover, ownMark, signal } from '../process/marks.ts';
import { demand, environment } from '../process/run.ts';
import { sleepNow } from '../process/sleep.ts';

export type Progress = (line: string) => void;

/** Between the kind of what is being made and the mark of its maker, in the name of a folder. */
const infix = '.building-';

/** A folder below `${VGEN_CACHE:-/var/cache/vgen}/rehearse`. */
export function cachePath(...names: string[]): string {
  return join(process.env['VGEN_CACHE'] || '/var/cache/vgen', 'rehearse', ...names);
}

/** A short name for a set of ingredients. */
export function hashOf(ingredients: unknown): string {
  return createHash('sha256').update(JSON.stringify(ingredients)).digest('hex').slice(0, 16);
}

/**
 * Returns the folder `kind/key` of the cache and makes it first when it is not there. Two processes never make the same
 * kind at once (flock), and what is there is whole: it is made under another name and renamed at the end.
 * @throws whatever `build` throws; then nothing is kept.
 */
export async function buildOnce(
  kind: string, key: string, build: (dir: string) => Promise<void>, onProgress: Progress,
): Promise<string> {
  const done = cachePath(kind, key);
  if (existsSync(done)) return done;
  return withLock(cachePath(`${kind}.lock`), async () => {
    if (existsSync(done)) return done;
    removeLeftovers();
    const building = cachePath(`${kind}${infix}${ownMark()}`);
    mkdirSync(building);
    const callOff = atEnd(() => {
      endChildrenNow();
      // what still writes there leaves something: the next rehearsal removes that
      try { remove(building); } catch { /* tried */ }
    });
    try {
      await build(building);
      await demand('sync', ['--file-system', building]);
      mkdirSync(dirname(done), { recursive: true });
      renameSync(building, done);
    } finally {
      callOff();
      remove(building);
    }
    return done;
  }, () => onProgress(`waiting for another process that makes the ${kind}`));
}

/** Removes what was being made by processes that were killed; how many folders. Blocks. */
export function removeLeftovers(): number {
  const left = existsSync(cachePath())
    ? readdirSync(cachePath()).filter(name => name.includes(infix) && isLeftover(name)) : [];
  for (const name of left) remove(cachePath(name));
  return left.length;
}

/**
 * Runs `action` while no other process holds the lock file. The lock is a `flock` program's that ends with its standard
 * input, so that it never outlives this process.
 */
export async function withLock<T>(file: string, action: () => Promise<T>, onWait?: () => void): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const holder = spawn('flock', [file, 'sh', '-c', 'echo locked; exec cat'], {
    env: environment(), stdio: ['pipe', 'pipe', 'ignore'],
  });
  const patience = setTimeout(() => onWait?.(), 500);
  try {
    await new Promise<void>((resolve, reject) => {
      holder.stdout.once('data', () => resolve());
      holder.once('error', reject);
      holder.once('exit', code => reject(new Error(`flock ${file} ended with code ${code}`)));
    });
    clearTimeout(patience);
    return await action();
  } finally {
    clearTimeout(patience);
    holder.stdin.end();
  }
}

/** Ends what this process has started, such as a download, and waits up to two seconds for it. */
function endChildrenNow(): void {
  const children = childrenOf(process.pid);
  for (const mark of children) signal(mark, 'SIGTERM');
  for (let attempt = 0; attempt < 100 && children.some(isAlive); attempt += 1) sleepNow(20);
}

function remove(dir: string): void {
  // debootstrap leaves /proc mounted in what it could not finish.
  unmountBeneathNow(dir);
  // More than one try: what a signal ended a moment ago may still have been writing.
  rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
}
