// The full reading of one YAML text: slower, but it knows where everything stands and says what is wrong.
import { LineCounter, isMap, isScalar, parseAllDocuments, visit, type Document, type ErrorCode } from 'yaml';
import { error, type Diagnostic, type Path } from '../diagnostic.ts';
import type { Place } from '../source.ts';

const SENTENCES: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: 'a tab is used as indentation; YAML wants spaces',
  BAD_INDENT: 'this line is indented less or more than its neighbours',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " on one line; quote the value',
  MISSING_CHAR: 'a closing quote, bracket or comma is missing here',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; is a ":" missing, or a quote not closed?',
  UNEXPECTED_TOKEN: 'this is not YAML; a value that begins with @, `, % or another mark wants quotes',
  BAD_SCALAR_START: 'a plain value cannot begin with this character; quote it',
  KEY_OVER_1024_CHARS: 'a key has more than 1024 characters; is a ":" missing?',
};

/** Parses one text of the inventory and reports all that is wrong with it. */
export function readFully(name: string, text: string): { value: unknown; diagnostics: Diagnostic[] } {
  const counter = new LineCounter();
  const place = (from: number, length = 1): Place => {
    const { line, col } = counter.linePos(from);
    return { file: name, line, column: col, length: Math.max(1, length) };
  };
  const wrong = (code: string, message: string, at: Place, extra: object = {}): { value: unknown; diagnostics: Diagnostic[] } =>
    ({ value: null, diagnostics: [error(code, [], message, { place: at, ...extra })] });

  const documents = parseAllDocuments(text, { lineCounter: counter, merge: true, uniqueKeys: false, prettyErrors: false });
  if ('empty' in documents || documents.length === 0 || (documents.length === 1 && documents[0]?.contents === null)) {
    return wrong('load/empty', 'the file is empty', { file: name, line: 0, column: 0, length: 1 }, { hint: '"vgen init" writes a starter' });
  }
  const [doc, second] = documents;
  if (!doc) throw new Error('a document list without a document');
  if (doc.errors.length > 0) {
    // one mistake makes many: the first is the one to mend
    const first = doc.errors[0];
    const message = (first && SENTENCES[first.code]) ?? lower(first?.message ?? 'not YAML');
    return wrong('load/syntax', message, place(first?.pos[0] ?? 0));
  }
  if (second) {
    return wrong('load/documents', 'a second document begins here; an inventory is one document', place(second.range[0]), {
      hint: 'use several files and "include" instead of "---"',
    });
  }
  const twice = duplicates(doc, place);
  if (twice.length) return { value: null, diagnostics: twice };
  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const message = (cause as Error).message;
    return message.includes('alias count') ? wrong('load/aliases', 'aliases repeat one another too often (more than 100 copies)', place(0))
      : wrong('load/syntax', lower(message), place(0));
  }
  if (!isMap(doc.contents)) {
    return wrong('load/syntax', 'an inventory is a mapping such as "hosts:" at its top', place(doc.contents?.range?.[0] ?? 0));
  }
  return { value, diagnostics: [] };
}

/** Keys written twice, keys that are no text, and the one key that JavaScript cannot carry. */
function duplicates(doc: Document, place: (from: number, length: number) => Place): Diagnostic[] {
  const found: Diagnostic[] = [];
  visit(doc, {
    Map(_, map, ancestors) {
      const first = new Map<string, Place>();
      for (const { key } of map.items) {
        const start = (key as { range?: [number, number, number] } | null)?.range;
        const at = place(start?.[0] ?? 0, (start?.[1] ?? 0) - (start?.[0] ?? 0));
        if (!isScalar(key) || key.value === null || key.value === '__proto__') {
          found.push(error('load/key', [], 'a key must be a plain word', { place: at }));
          continue;
        }
        const name = String(key.value);
        const before = first.get(name);
        if (before && name !== '<<') {
          const path: Path = ancestors.length > 1 ? [] : [name];
          found.push(error('load/twice', path, `"${name}" is defined twice`, {
            place: at, see: { message: 'first defined here', at: path, place: before },
          }));
        } else first.set(name, at);
      }
    },
  });
  return found;
}

const lower = (text: string): string => (text[0] ?? '').toLowerCase() + text.slice(1).replace(/\.$/, '');
