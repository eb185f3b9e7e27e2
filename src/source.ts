// The text of an inventory and the way from a path back to the line that wrote it. Positions cost a full parse,
// so they are looked up only when something is to be shown.
import { LineCounter, isAlias, isMap, isPair, isScalar, isSeq, parseDocument, type Document, type Node, type Pair } from 'yaml';
import type { Path } from './diagnostic.ts';

/** A place in a file: line and column from 1 (line 0 = the file as a whole), length in characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
}

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

  constructor(files: readonly SourceFile[], value: Readonly<Record<string, unknown>>, origin: ReadonlyMap<string, number>) {
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
   * a merged or defaulted value has no text of its own.
   */
  locate(path: Path, onKey: boolean): Place {
    const index = this.#origin.get(`${String(path[0])}\0${String(path[1])}`) ?? this.#origin.get(String(path[0])) ?? 0;
    const file = this.files[index];
    if (!file) return { file: '(no file)', line: 0, column: 0, length: 1 };
    let parsed = this.#parsed.get(index);
    if (!parsed) {
      const counter = new LineCounter();
      parsed = { doc: parseDocument(file.text, { lineCounter: counter, merge: true, uniqueKeys: false }), counter, file };
      this.#parsed.set(index, parsed);
    }
    return locateIn(parsed, path, onKey);
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

function locateIn({ doc, counter, file }: Parsed, path: Path, onKey: boolean): Place {
  let node: unknown = doc.contents;
  let pair: Pair | null = null;
  for (const key of path) {
    if (isAlias(node)) node = node.resolve(doc);
    let next: unknown;
    if (isMap(node)) {
      const found = node.items.find(item => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
      if (!found) break;
      pair = found;
      next = found.value ?? found.key;
    } else if (isSeq(node)) {
      next = node.items[Number(key)];
      pair = null;
    }
    if (!next) break;
    node = next;
  }
  const reached = node as Node | null;
  const atKey = pair?.key as Node | undefined;
  // a whole map under its key is shown at the key: the key is what the eye looks for
  const shown = pair && atKey?.range && (onKey || !isScalar(reached)) ? atKey : reached;
  const range = shown?.range;
  if (!range) return { file: file.name, line: 1, column: 1, length: 1 };
  const { line, col } = counter.linePos(range[0]);
  const text = file.text.slice(range[0], range[1]);
  const length = Math.max(1, (text.split(/\r?\n/)[0] ?? '').trimEnd().length);
  return { file: file.name, line, column: col, length };
}
