// What a stage has to say about an inventory. Stages speak in paths; only printing turns a path into a
// place in a file, so that a mistake found late is still shown at the line that was written.
import { codeFrame, printable } from './frame.ts';
import type { Place, Source } from './source.ts';

/** Keys from the root of the inventory, e.g. `['apps', 'peerbook', 'slots', 'blue', 'port']`. */
export type Path = readonly (string | number)[];

export interface Diagnostic {
  readonly severity: 'error' | 'warning';
  /** `area/rule`: names the rule for suppression, documentation and tests. */
  readonly code: string;
  /** One lower-case sentence without a full stop; the user's text in double quotes. */
  readonly message: string;
  readonly at: Path;
  /** The key is meant, not its value. */
  readonly onKey?: boolean;
  /** The piece of the value's text that is meant. */
  readonly part?: string;
  /** Set where no path exists yet (the text could not be read as YAML). */
  readonly place?: Place;
  readonly hint?: string;
  readonly see?: { readonly message: string; readonly at: Path; readonly place?: Place };
  /** The source line may hold a secret's value: its text is not shown. */
  readonly sensitive?: boolean;
}

type Extra = Partial<Omit<Diagnostic, 'severity' | 'code' | 'message' | 'at'>>;

/** A diagnostic that stops the flow after its stage. */
export const error = (code: string, at: Path, message: string, extra: Extra = {}): Diagnostic => ({
  severity: 'error', code, message, at, ...extra,
});

/** A diagnostic that is shown and does not stop the flow. */
export const warning = (code: string, at: Path, message: string, extra: Extra = {}): Diagnostic => ({
  severity: 'warning', code, message, at, ...extra,
});

/** Thrown deep inside a pure function to refuse one value; the stage that called it reports the diagnostic. */
export class Refused extends Error {
  readonly diagnostic: Diagnostic;
  constructor(diagnostic: Diagnostic) {
    super(diagnostic.message);
    this.name = 'Refused';
    this.diagnostic = diagnostic;
  }
}

/** A wrong world (a file absent, a directory not writable), as opposed to a wrong inventory or a wrong program. */
export class Failure extends Error {
  /** Exit code: 2 could not be done, 3 refused for safety. */
  readonly exit: 2 | 3;
  constructor(message: string, options: { cause?: unknown; exit?: 2 | 3 } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.name = 'Failure';
    this.exit = options.exit ?? 2;
  }
}

/** The path as the user would write it: `apps.peerbook.hosts[0]`. */
export const pathText = (path: Path): string =>
  path.map((key, i) =>
    typeof key === 'number' ? `[${key}]`
      : /^[\w-]+$/.test(key) ? (i ? '.' : '') + key
        : `[${JSON.stringify(key)}]`).join('');

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
export function locateAll(source: Source, diagnostics: readonly Diagnostic[]): { diagnostic: Diagnostic; place: Place }[] {
  const unique = new Map<string, { diagnostic: Diagnostic; place: Place; messages: Set<string> }>();
  for (const diagnostic of diagnostics) {
    const place = diagnostic.place ?? source.locate(diagnostic.at, diagnostic.onKey ?? false, diagnostic.part);
    const key = [place.file, place.line, place.column, diagnostic.code, diagnostic.message.replaceAll(MET, '')].join('\0');
    const row = unique.get(key);
    if (row) row.messages.add(diagnostic.message);
    else unique.set(key, { diagnostic, place, messages: new Set([diagnostic.message]) });
  }
  const rows = [...unique.values()].map(({ diagnostic, place, messages }) => ({
    diagnostic: messages.size === 1 ? diagnostic : { ...diagnostic, message: `${diagnostic.message} (and ${messages.size - 1} more alike)` }, place,
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

const pick = ({ file, line, column }: Place): { file: string; line: number; column: number } => ({ file, line, column });

export type Paint = (style: 'red' | 'yellow' | 'cyan' | 'dim' | 'bold', text: string) => string;
export const noPaint: Paint = (_, text) => text;

/** The diagnostics as the user reads them: `file:line:col: error: message [area/rule]`, a code frame and the hint. */
export function toText(source: Source, diagnostics: readonly Diagnostic[], paint: Paint = noPaint): string {
  const rows = locateAll(source, diagnostics);
  const hidden = new Set(rows.filter(({ diagnostic }) => diagnostic.sensitive).flatMap(({ place }) => linesOf(place)));
  return rows.map(({ diagnostic: d, place }) => {
    const colour = d.severity === 'error' ? 'red' : 'yellow';
    const head = `${where(place)}: ${paint(colour, d.severity)}: ${paint('bold', printable(d.message))} ${paint('dim', `[${d.code}]`)}`;
    const frame = codeFrame(source, place, hidden, paint, colour);
    const hint = d.hint ? `  ${paint('cyan', 'hint:')} ${printable(d.hint)}\n` : '';
    const see = d.see ? `  ${paint('cyan', 'see:')} ${where(d.see.place ?? source.locate(d.see.at, true))}: ${printable(d.see.message)}\n` : '';
    return `${head}\n${frame}${see}${hint}`;
  }).join('\n');
}

const where = ({ file, line, column }: Place): string => (line ? `${file}:${line}:${column}` : file);

/** `file:line` of each line that the value at a place takes. */
const linesOf = ({ file, line, last = line }: Place): string[] =>
  Array.from({ length: last - line + 1 }, (_, i) => `${file}:${line + i}`);
