// The full reading of one YAML text: slower, but it knows where everything stands and says what is wrong.
import {
  LineCounter, isAlias, isMap, isNode, isScalar, isSeq, parseAllDocuments, visit,
  type Alias, type Document, type ErrorCode, type YAMLError,
} from 'yaml';
import { error, type Diagnostic, type Path, type Place } from '../contract/diagnostic.ts';

const SENTENCES: Partial<Record<ErrorCode, string>> = {
  TAB_AS_INDENT: 'tab used as indentation; YAML allows only spaces',
  BAD_INDENT: 'inconsistent indentation',
  BLOCK_AS_IMPLICIT_KEY: 'a second ": " on one line; quote the value',
  MISSING_CHAR: 'a closing quote, bracket or comma is missing here',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; is a ":" missing, or a quote not closed?',
  UNEXPECTED_TOKEN: 'invalid YAML; quote a value that begins with @, `, % or another mark',
  BAD_SCALAR_START: 'a plain value cannot begin with this character; quote it',
  KEY_OVER_1024_CHARS: 'a key has more than 1024 characters; is a ":" missing?',
};

interface Reading { value: unknown; diagnostics: Diagnostic[] }

/** Parses one text of the inventory and reports all that is wrong with it. */
export function readFully(name: string, text: string): Reading {
  const counter = new LineCounter();
  const place = (from: number, length = 1): Place => {
    const { line, col } = counter.linePos(from);
    return { file: name, line, column: col, length: Math.max(1, length) };
  };
  const wrong = (code: string, message: string, at: Place, extra: object = {}): Reading =>
    ({ value: null, diagnostics: [error(code, [], message, { place: at, ...extra })] });

  const documents =
    parseAllDocuments(text, { lineCounter: counter, merge: true, uniqueKeys: false, prettyErrors: false });
  if ('empty' in documents || documents.length === 0 || (documents.length === 1 && documents[0]?.contents === null)) {
    const whole = { file: name, line: 0, column: 0, length: 1 };
    return wrong('load/empty', 'the file is empty', whole, { hint: '"vgen init" writes a starter' });
  }
  const [doc, second] = documents;
  if (!doc) throw new Error('a document list without a document');
  // one mistake makes many: the first is the one to mend
  const first = doc.errors[0] ?? doc.warnings[0];
  if (first) {
    const { message, at, length, hint } = syntax(first, doc, text);
    return wrong('load/syntax', message, place(at, length), hint === undefined ? {} : { hint });
  }
  if (doc.directives?.yaml.explicit && doc.directives.yaml.version !== '1.2') {
    const at = place(text.indexOf('%YAML'), '%YAML 1.1'.length);
    return wrong(
      'load/syntax', `an inventory is YAML 1.2, not ${doc.directives.yaml.version}`, at, { hint: 'remove this line' },
    );
  }
  if (second) {
    return wrong(
      'load/documents', 'second YAML document; an inventory is a single document', place(second.range[0], 3), {
        hint: 'use several files and "include" instead of "---"',
      },
    );
  }
  const unfit = [...duplicates(doc, place), ...references(doc, place)];
  if (unfit.length) return { value: null, diagnostics: unfit };
  let value: unknown;
  try {
    value = doc.toJS({ maxAliasCount: 100 });
  } catch (cause) {
    const message = (cause as Error).message;
    if (!message.includes('alias count')) return wrong('load/syntax', lower(message), place(0));
    const [from, to] = aliases(doc).at(-1)?.range ?? [0, 1];
    return wrong('load/aliases', 'nested aliases expand to more than 100 copies', place(from, to - from), {
      hint: 'write the values out, or use fewer aliases',
    });
  }
  if (!isMap(doc.contents)) {
    return wrong(
      'load/syntax', 'an inventory must be a mapping at its top level', place(doc.contents?.range?.[0] ?? 0), {
        hint: 'begin with "hosts:" and indent the hosts under it',
      },
    );
  }
  return { value, diagnostics: [] };
}

interface Syntax { message: string; at: number; length?: number; hint?: string }

/** What is wrong with a text that is no YAML, and where somebody would mend it. */
function syntax(problem: YAMLError, doc: Document, text: string): Syntax {
  const at = problem.pos[0];
  const conflict = /^(<{7}|={7}|>{7})( .*)?$/m.exec(text);
  if (conflict) {
    const hint = 'choose one side and remove the conflict markers';
    return { message: 'unresolved merge conflict', at: conflict.index, length: 7, hint };
  }
  if (problem.message.startsWith('Missing closing')) {
    const quotes: number[] = [];
    visit(doc, {
      Scalar(_, { type, range }) {
        if (type?.startsWith('QUOTE') && range && range[0] < at) quotes.push(range[0]);
      },
    });
    return { message: 'unclosed quote', at: quotes.at(-1) ?? at };
  }
  const open = /end with a (.)$/.exec(problem.message)?.[1];
  if (open) return { message: `missing "${open}" before this`, at };
  if (problem.code === 'UNEXPECTED_TOKEN' && /["']/.test(text[at - 1] ?? '')) {
    const hint = "double the quote inside quotes ('it''s'), or use the other kind around it (\"it's\")";
    return { message: 'unexpected text after the closing quote', at, hint };
  }
  if (problem.code === 'TAG_RESOLVE_FAILED') {
    const tag = /^!\S*/.exec(text.slice(at))?.[0] ?? '!';
    return { message: `unknown tag "${tag}"`, at, length: tag.length, hint: 'quote a value that begins with "!"' };
  }
  const indent = problem.code === 'BAD_INDENT' ? /^ */.exec(text.slice(at))?.[0].length ?? 0 : 0;
  return { message: SENTENCES[problem.code] ?? lower(problem.message), at: at + indent };
}

function aliases(doc: Document): Alias[] {
  const found: Alias[] = [];
  visit(doc, { Alias: (_, alias) => { found.push(alias); } });
  return found;
}

/** Aliases of nothing or of what they stand in, and merges of what is no mapping. */
function references(doc: Document, place: (from: number, length: number) => Place): Diagnostic[] {
  const found: Diagnostic[] = [];
  const at = (node: unknown): Place => {
    const [from, to] = (isNode(node) ? node.range : null) ?? [0, 1];
    return place(from, to - from);
  };
  visit(doc, {
    Alias(_, alias, ancestors) {
      const target = alias.resolve(doc);
      if (!target) {
        const message = `undefined alias "*${alias.source}": no anchor "&${alias.source}" precedes it`;
        found.push(error('load/aliases', [], message, { place: at(alias) }));
      } else if (ancestors.includes(target)) {
        found.push(error('load/aliases', [], `alias "*${alias.source}" contains itself`, { place: at(alias) }));
      }
    },
    Pair(_, { key, value }) {
      if (!isScalar(key) || !isMerge(key)) return;
      for (const source of isSeq(value) ? value.items : [value]) {
        const target = isAlias(source) ? source.resolve(doc) : source;
        if (!target || isMap(target)) continue;
        found.push(error('load/syntax', [], '"<<" merges mappings, and this is not one', {
          place: at(source), hint: 'such as "<<: *base"',
        }));
      }
    },
  });
  return found;
}

/** The key `<<`, which is a symbol where it merges and a string in quotes. */
const isMerge = (key: { value: unknown }): boolean => typeof key.value === 'symbol';

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
          const [message, hint] = key !== null && !isScalar(key)
            ? ['a key must be text', 'quote a value that begins with "{", "[" or "?"']
            : isScalar(key) && key.value !== null ? ['key "__proto__" is reserved', 'choose another key']
            : ['missing key before ":"', 'write a key before the ":"'];
          found.push(error('load/key', [], message, { place: at, hint }));
          return visit.BREAK;
        }
        const name = String(key.value);
        const before = first.get(name);
        if (isMerge(key)) continue;
        if (before) {
          const path: Path = ancestors.length > 1 ? [] : [name];
          found.push(error('load/twice', path, `duplicate key "${name}"`, {
            place: at, see: { message: 'first defined here', at: path, place: before },
          }));
        } else first.set(name, at);
      }
      return undefined;
    },
  });
  return found;
}

const lower = (text: string): string => (text[0] ?? '').toLowerCase() + text.slice(1).replace(/\.$/, '');
