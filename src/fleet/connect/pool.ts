// Many hosts at a time, but not more than this machine bears.
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';

/**
 * Descriptors that one host takes here: three pipes of ssh, twice that while rsync runs, and some for both programs.
 */
const DESCRIPTORS = 10;
/** An ssh client waits nearly all the time, but the start of each costs some milliseconds of a core. */
const HOSTS_PER_CORE = 8;

/** How many hosts to speak to at a time: by cores and by open files, at least 1. */
export function defaultParallel(cores = availableParallelism(), descriptors = openFiles()): number {
  return Math.max(1, Math.min(cores * HOSTS_PER_CORE, Math.floor((descriptors - 64) / DESCRIPTORS)));
}

/** The soft limit of open files; 1024 where the system does not tell. */
function openFiles(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? 1024);
  } catch {
    return 1024;
  }
}

/**
 * Does `work` for every item, at most `limit` at a time, begun in order; results are in the order of the items.
 * `proceed` is asked before each begin: once it says no, nothing more is begun and the rest is null. When one rejects,
 * nothing more is begun either, what runs is waited for, and then this rejects with its reason.
 */
export async function eachLimited<T, R>(
  items: readonly T[], limit: number, work: (item: T) => Promise<R>, proceed: () => boolean = () => true,
): Promise<(R | null)[]> {
  const results = new Array<R | null>(items.length).fill(null);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && proceed()) {
      const index = next++;
      try {
        results[index] = await work(items[index] as T);
      } catch (cause) {
        next = items.length;
        throw cause;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(limit, items.length) }, worker));
  const failed = ended.find(end => end.status === 'rejected');
  if (failed) throw failed.reason;
  return results;
}
