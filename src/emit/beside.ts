// emit on a thread beside: this one plans and renders host by host while that one compares and writes
// (src/emit/thread.ts). On two cores a large build takes the time of the slower of the two.
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { Failure } from '../contract/diagnostic.ts';
import type { PlainTree, UnchangedTree } from '../contract/tree.ts';
import { fixUmask, type Changes, type EmitOptions } from '../emit.ts';
import { ownFile } from '../process/own-files.ts';
import { sleep } from '../process/sleep.ts';

/** How many trees may wait for the disk: memory stays small where that is slow. */
const AHEAD = 64;

/** Numbers that both threads see: trees that were sent, and taken. */
export const SENT = 0;
export const TAKEN = 1;

/** One file or link: path, content (bytes that were sent before by their number) and whether it is executable. */
export type SentFile =
  | readonly [path: string, content: string | number, executable: boolean] | readonly [path: string, target: string];

export type SentTree =
  | { readonly tree: string; readonly entries: readonly SentFile[]; readonly bytes: readonly Uint8Array[] }
  | { readonly unchanged: UnchangedTree }
  /** No more trees. `proceed`: what EmitOptions say; null: rendering threw. */
  | { readonly proceed: boolean | null };

/** What the thread is given when it starts. */
export interface ThreadOrder {
  readonly port: MessagePort;
  readonly counts: Int32Array;
  readonly options: Omit<EmitOptions, 'onTree' | 'proceed'>;
}

export type ThreadAnswer =
  | { readonly changes: Changes; readonly digests: readonly (readonly [name: string, digest: string])[] }
  | { readonly failure: string; readonly exit: 2 | 3 };

/** What `emit` does, by a separate thread. The same results, failures and bytes. */
export async function emitBeside(
  trees: Iterable<PlainTree | UnchangedTree>, { onTree, proceed, ...options }: EmitOptions,
): Promise<Changes> {
  const umask = fixUmask();
  const { port1: port, port2 } = new MessageChannel();
  const counts = new Int32Array(new SharedArrayBuffer(8));
  const given: ThreadOrder = { port: port2, counts, options };
  const worker = new Worker(ownFile('dist/emit/thread.js'), {
    workerData: given, transferList: [port2],
    // what it makes is soon garbage
    resourceLimits: { maxYoungGenerationSizeMb: 8 },
  });
  let isOver = false;
  const answered = new Promise<ThreadAnswer>((resolve, reject) => {
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', code => reject(new Error(`the thread that writes ended with ${code}`)));
  }).finally(() => { isOver = true; });
  answered.catch(() => undefined);

  let sent = 0;
  const send = (message: SentTree): void => {
    port.postMessage(message);
    sent++;
    Atomics.add(counts, SENT, 1);
    Atomics.notify(counts, SENT);
  };
  const numbers = new Map<Uint8Array, number>();
  const pathsOf = new Map<string, readonly string[]>();
  const lists = new Map<string, readonly string[]>();
  try {
    try {
      for (const tree of trees) {
        if ('unchanged' in tree) send({ unchanged: tree });
        else {
          if (onTree) pathsOf.set(tree.name, shared(lists, tree.entries.map(({ path }) => path)));
          send(packed(tree, numbers));
        }
        while (!isOver && sent - Atomics.load(counts, TAKEN) > AHEAD) await sleep(1);
        if (isOver) break;
      }
    } catch (cause) {
      send({ proceed: null });
      await answered.catch(() => undefined);
      throw cause;
    }
    send({ proceed: proceed() });
    const answer = await answered;
    if ('failure' in answer) throw new Failure(answer.failure, { exit: answer.exit });
    for (const [name, digest] of answer.digests) onTree?.(name, pathsOf.get(name) ?? [], digest);
    return answer.changes;
  } finally {
    port.close();
    process.umask(umask);
  }
}

/** The first list of the same paths: most hosts have the same. */
function shared(lists: Map<string, readonly string[]>, paths: readonly string[]): readonly string[] {
  const key = paths.join('\n');
  const first = lists.get(key) ?? paths;
  lists.set(key, first);
  return first;
}

/** A tree as it is sent: bytes that many hosts share go once. */
function packed({ name, entries }: PlainTree, numbers: Map<Uint8Array, number>): SentTree {
  const bytes: Uint8Array[] = [];
  const numberOf = (content: Uint8Array): number => {
    let number = numbers.get(content);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(content, number);
      // a separate buffer, and not all of the pool that it lies in
      bytes.push(new Uint8Array(content));
    }
    return number;
  };
  return {
    tree: name, bytes,
    entries: entries.map(entry => (entry.kind === 'link' ? [entry.path, entry.target] : [
      entry.path, typeof entry.content === 'string' ? entry.content : numberOf(entry.content), entry.executable,
    ])),
  };
}
