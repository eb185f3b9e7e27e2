// What a stage has to say about an inventory. Stages speak in paths; only printing turns a path into a
// place in a file, so that a mistake found late is still shown at the line that was written.

/** Keys from the root of the inventory, e.g. `['apps', 'peerbook', 'slots', 'blue', 'port']`. */
export type Path = readonly (string | number)[];

/** A place in a file: line and column from 1 (line 0 = the file as a whole), length in characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly length: number;
  /** The last line of a value that takes more than one. */
  readonly last?: number;
}

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

/** A name that tells that its value is a secret: the value is kept back from messages, and belongs under "secrets". */
export const TELLING_NAME = /(PASS(WORD|WD|PHRASE)?|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)$/i;

/** The path as the user would write it: `apps.peerbook.hosts[0]`. */
export const pathText = (path: Path): string =>
  path.map((key, i) =>
    typeof key === 'number' ? `[${key}]`
      : /^[\w-]+$/.test(key) ? (i ? '.' : '') + key
        : `[${JSON.stringify(key)}]`).join('');
