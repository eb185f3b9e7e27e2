// The thread that src/emit/beside.ts starts: takes the trees as they come, and does to out/ what emit does.
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { Failure } from '../contract/diagnostic.ts';
import type { PlainEntry, PlainTree, UnchangedTree } from '../contract/tree.ts';
import { emitTrees } from '../emit.ts';
import { SENT, TAKEN, type ThreadAnswer, type ThreadOrder, type SentTree, type SentFile } from './beside.ts';

const { port, counts, options } = workerData as ThreadOrder;
const bytes: Uint8Array[] = [];
let proceed: boolean | null = null;

function unpacked(entry: SentFile): PlainEntry {
  if (entry.length === 2) return { path: entry[0], kind: 'link', target: entry[1] };
  const [path, content, executable] = entry;
  return {
    path, kind: 'file', executable,
    content: typeof content === 'string' ? content : bytes[content] ?? new Uint8Array(),
  };
}

/** The trees in the order in which they were sent; waits for the next one. */
function* trees(): Generator<PlainTree | UnchangedTree> {
  for (let taken = 0; ; taken++) {
    Atomics.store(counts, TAKEN, taken);
    Atomics.wait(counts, SENT, taken);
    const sent = (receiveMessageOnPort(port) as { message: SentTree }).message;
    if ('proceed' in sent) {
      ({ proceed } = sent);
      if (proceed === null) throw new Failure('rendering ended');
      return;
    }
    if ('unchanged' in sent) yield sent.unchanged;
    else {
      bytes.push(...sent.bytes);
      yield { name: sent.tree, entries: sent.entries.map(unpacked) };
    }
  }
}

function answer(): ThreadAnswer {
  const digests: [name: string, digest: string][] = [];
  try {
    const changes = emitTrees(trees(), {
      ...options, proceed: () => proceed === true, onTree: (name, _, digest) => digests.push([name, digest]),
    });
    return { changes, digests };
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    return { failure: cause.message, exit: cause.exit };
  }
}

parentPort?.postMessage(answer());
port.close();
