// The text of an inventory and the way from a path back to the line that wrote it. Positions cost a full parse,
// so they are looked up only when something is to be shown.
import { createRequire } from 'node:module';
import type { Document, LineCounter, Node, Pair, YAMLMap } from 'yaml';
import type { Path, Place } from './diagnostic.ts';

// loaded when the first place is looked up: most runs have nothing to show
let loaded: typeof import('yaml') | undefined;
const yaml = (): typeof import('yaml') => loaded ??= createRequire(import.meta.url)('yaml') as typeof import('yaml');

export interface SourceFile {
  /** The name as it was given on the command line or found by an include. */
  readonly name: string;
  readonly text: string;
}

interface Parsed { doc: Document; counter: LineCounter; file: SourceFile }

/** What `load` hands on: the merged value, the files, and the way back from a path to a place. */
export class Source {
  readonly files: readonly SourceFile[];
  readonly value: Readonly<Record<string, unknown>>;
  /** `section` or `section\0key` → index of the file that wrote it. */
  readonly #origin: ReadonlyMap<string, number>;
  readonly #parsed = new Map<number, Parsed>();

  constructor(
    files: readonly SourceFile[], value: Readonly<Record<string, unknown>>, origin: ReadonlyMap<string, number>,
  ) {
    this.files = files;
    this.value = value;
    this.#origin = origin;
  }

  /** The lines of one of the files; empty for a file that is not part of the inventory. */
  lines(name: string): readonly string[] {
    return this.files.find(file => file.name === name)?.text.split(/\r?\n/) ?? [];
  }

  /**
   * The place of the value at `path` (or of its key), or of its nearest ancestor that was written:
   * a defaulted value has no text, a merged one is where it was merged from.
   * @param part the piece of the value's text that is meant
   */
  locate(path: Path, onKey: boolean, part?: string): Place {
    const index = this.#origin.get(`${String(path[0])}\0${String(path[1])}`) ?? this.#origin.get(String(path[0])) ?? 0;
    const file = this.files[index];
    if (!file) return { file: '(no file)', line: 0, column: 0, length: 1 };
    let parsed = this.#parsed.get(index);
    if (!parsed) {
      const counter = new (yaml().LineCounter)();
      parsed = {
        doc: yaml().parseDocument(file.text, { lineCounter: counter, merge: true, uniqueKeys: false }), counter, file,
      };
      this.#parsed.set(index, parsed);
    }
    return locateIn(parsed, path, onKey, part);
  }

  /** Whether exactly this path was written (no default, no merge). */
  has(path: Path): boolean {
    let value: unknown = this.value;
    for (const key of path) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return false;
      value = (value as Record<string | number, unknown>)[key];
    }
    return true;
  }
}

function locateIn({ doc, counter, file }: Parsed, path: Path, onKey: boolean, part?: string): Place {
  let node: unknown = doc.contents;
  let pair: Pair | null = null;
  for (const key of path) {
    if (yaml().isAlias(node)) node = node.resolve(doc);
    let next: unknown;
    if (yaml().isMap(node)) {
      const found = pairIn(node, key, doc);
      if (!found) break;
      pair = found;
      next = found.value ?? found.key;
    } else if (yaml().isSeq(node)) {
      next = node.items[Number(key)];
      pair = null;
    }
    if (!next) break;
    node = next;
  }
  const reached = node as Node | null;
  const atKey = pair?.key as Node | undefined;
  // a whole map under its key is shown at the key, and so is a key with nothing after
  // it: the key is what the eye looks for
  const shown = pair && atKey?.range
    && (onKey || !yaml().isScalar(reached) || reached.range?.[0] === reached.range?.[1]) ? atKey : reached;
  const range = shown?.range;
  if (!range) return { file: file.name, line: 1, column: 1, length: 1 };
  const text = file.text.slice(range[0], range[1]);
  const found = part === undefined || shown === atKey ? -1 : text.indexOf(part);
  const { line, col } = counter.linePos(range[0] + Math.max(0, found));
  const last = counter.linePos(Math.max(range[0], (reached?.range ?? range)[1] - 1)).line;
  const length = found >= 0 ? part?.length ?? 1 : (text.split(/\r?\n/)[0] ?? '').trimEnd().length;
  return { file: file.name, line, column: col, length: Math.max(1, length), ...(last > line ? { last } : {}) };
}

/** The pair of a key: the one written there, or one that `<<` merges into the mapping. */
function pairIn(map: YAMLMap, key: string | number, doc: Document): Pair | undefined {
  const written =
    map.items.find(item => yaml().isPair(item) && yaml().isScalar(item.key) && String(item.key.value) === String(key));
  if (written) return written;
  for (const item of map.items) {
    if (!yaml().isScalar(item.key) || String(item.key.source ?? item.key.value) !== '<<') continue;
    for (const source of yaml().isSeq(item.value) ? item.value.items : [item.value]) {
      const merged = yaml().isAlias(source) ? source.resolve(doc) : source;
      const found = yaml().isMap(merged) ? pairIn(merged, key, doc) : undefined;
      if (found) return found;
    }
  }
  return undefined;
}
