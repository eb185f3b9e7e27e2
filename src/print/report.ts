// Diagnostics as people and programs read them: sorted by place, each mistake told once, with the lines around it.
import { pathText, type Diagnostic, type Place } from '../contract/diagnostic.ts';
import { codeFrame, noPaint, printable, type Paint } from './frame.ts';
import type { Source } from '../contract/source.ts';

/** A diagnostic with its place, as `--json` prints it. */
export interface Located {
  severity: 'error' | 'warning';
  code: string;
  message: string;
  path: string;
  file: string;
  line: number;
  column: number;
  hint?: string;
  see?: { message: string; file: string; line: number; column: number };
}

/** What alone differs where one mistake is met on many hosts, or in the files of both slots. */
const MET = /host "[^"]*"|address "[^"]*"|slot (?:blue|green)|\(in "[^"]*"\)/g;

/** Sorts by place, tells a mistake once, however often it was met, and gives each diagnostic its place in the files. */
export function locateAll(
  source: Source, diagnostics: readonly Diagnostic[],
): { diagnostic: Diagnostic; place: Place }[] {
  const unique = new Map<string, { diagnostic: Diagnostic; place: Place; messages: Set<string> }>();
  for (const diagnostic of diagnostics) {
    const place = diagnostic.place ?? source.locate(diagnostic.at, diagnostic.onKey ?? false, diagnostic.part);
    const key = [place.file, place.line, place.column, diagnostic.code, diagnostic.message.replaceAll(MET, '')]
      .join('\0');
    const row = unique.get(key);
    if (row) row.messages.add(diagnostic.message);
    else unique.set(key, { diagnostic, place, messages: new Set([diagnostic.message]) });
  }
  const rows = [...unique.values()].map(({ diagnostic, place, messages }) => ({
    diagnostic: messages.size === 1 ? diagnostic
      : { ...diagnostic, message: `${diagnostic.message} (and ${messages.size - 1} more alike)` }, place,
  }));
  return rows.sort((a, b) =>
    a.place.file < b.place.file ? -1 : a.place.file > b.place.file ? 1
      : a.place.line - b.place.line || a.place.column - b.place.column
      || (a.diagnostic.code < b.diagnostic.code ? -1 : a.diagnostic.code > b.diagnostic.code ? 1 : 0));
}

/** The diagnostics as data. */
export function toJson(source: Source, diagnostics: readonly Diagnostic[]): Located[] {
  return locateAll(source, diagnostics).map(({ diagnostic: d, place }) => ({
    severity: d.severity, code: d.code, message: d.message, path: pathText(d.at),
    file: place.file, line: place.line, column: place.column,
    ...(d.hint ? { hint: d.hint } : {}),
    ...(d.see ? { see: { message: d.see.message, ...pick(d.see.place ?? source.locate(d.see.at, true)) } } : {}),
  }));
}

const pick = ({ file, line, column }: Place): { file: string; line: number; column: number } =>
  ({ file, line, column });

/** The diagnostics as the user reads them: `file:line:col: error: message [area/rule]`, a code frame and the hint. */
export function toText(source: Source, diagnostics: readonly Diagnostic[], paint: Paint = noPaint): string {
  const rows = locateAll(source, diagnostics);
  const hidden = new Set(rows.filter(({ diagnostic }) => diagnostic.sensitive).flatMap(({ place }) => linesOf(place)));
  return rows.map(({ diagnostic: d, place }) => {
    const colour = d.severity === 'error' ? 'red' : 'yellow';
    const message = `${paint('bold', printable(d.message))} ${paint('dim', `[${d.code}]`)}`;
    const head = `${where(place)}: ${paint(colour, d.severity)}: ${message}`;
    const frame = codeFrame(source, place, hidden, paint, colour);
    const hint = d.hint ? `  ${paint('cyan', 'hint:')} ${printable(d.hint)}\n` : '';
    const seen = d.see && where(d.see.place ?? source.locate(d.see.at, true));
    const see = d.see ? `  ${paint('cyan', 'see:')} ${seen}: ${printable(d.see.message)}\n` : '';
    return `${head}\n${frame}${see}${hint}`;
  }).join('\n');
}

const where = ({ file, line, column }: Place): string => (line ? `${file}:${line}:${column}` : file);

/** `file:line` of each line that the value at a place takes. */
const linesOf = ({ file, line, last = line }: Place): string[] =>
  Array.from({ length: last - line + 1 }, (_, i) => `${file}:${line + i}`);
