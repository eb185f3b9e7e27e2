// What a stage has to say about an inventory. Stages speak in paths; only printing turns a path into a
// place in a file, so that a mistake found late is still shown at the line that was written.
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

/** Sorts by place, drops repetitions and gives each diagnostic its place in the files. */
export function locateAll(source: Source, diagnostics: readonly Diagnostic[]): { diagnostic: Diagnostic; place: Place }[] {
  const rows = diagnostics.map(diagnostic => ({
    diagnostic,
    place: diagnostic.place ?? source.locate(diagnostic.at, diagnostic.onKey ?? false),
  }));
  const key = (r: (typeof rows)[number]): string =>
    [r.place.file, r.place.line, r.place.column, r.diagnostic.code, r.diagnostic.message].join('\0');
  const unique = new Map(rows.map(row => [key(row), row]));
  return [...unique.values()].sort((a, b) =>
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
  return locateAll(source, diagnostics).map(({ diagnostic: d, place }) => {
    const colour = d.severity === 'error' ? 'red' : 'yellow';
    const head = `${where(place)}: ${paint(colour, d.severity)}: ${paint('bold', d.message)} ${paint('dim', `[${d.code}]`)}`;
    const frame = d.sensitive ? '' : codeFrame(source, place, paint, colour);
    const hint = d.hint ? `  ${paint('cyan', 'hint:')} ${d.hint}\n` : '';
    const see = d.see ? `  ${paint('cyan', 'see:')} ${where(d.see.place ?? source.locate(d.see.at, true))}: ${d.see.message}\n` : '';
    return `${head}\n${frame}${see}${hint}`;
  }).join('\n');
}

const where = ({ file, line, column }: Place): string => (line ? `${file}:${line}:${column}` : file);

/** One line above and below; wide lines are cut around the place that is meant. */
function codeFrame(source: Source, place: Place, paint: Paint, colour: 'red' | 'yellow'): string {
  const lines = source.lines(place.file);
  if (!place.line || lines.length === 0) return '';
  const from = Math.max(1, place.line - 1);
  const to = Math.min(lines.length, place.line + 1);
  const width = String(to).length;
  const start = Math.max(0, place.column - 80);
  const out: string[] = [];
  for (let n = from; n <= to; n++) {
    const text = (lines[n - 1] ?? '').slice(start, start + 120);
    if (n === to && n > place.line && text.trim() === '') continue;
    out.push(`  ${n === place.line ? '>' : ' '} ${String(n).padStart(width)} | ${text}`.trimEnd());
    if (n === place.line) {
      const room = Math.max(1, Math.min(place.length, text.length - (place.column - 1 - start)));
      out.push(`    ${' '.repeat(width)} | ${' '.repeat(place.column - 1 - start)}${paint(colour, '^'.repeat(room))}`);
    }
  }
  return `${out.join('\n')}\n`;
}
