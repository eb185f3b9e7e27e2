// Where commands print: results to stdout, progress and diagnostics to stderr;
// colour follows the terminal and NO_COLOR.
import type { Compilation } from '../compile.ts';
import { Failure, type Diagnostic } from '../contract/diagnostic.ts';
import { noPaint, printableInColour, printableJson, type Paint } from './frame.ts';
import { toJson, toText } from './report.ts';

const CODES = {
  red: [31, 39], yellow: [33, 39], cyan: [36, 39], dim: [2, 22], bold: [1, 22], green: [32, 39],
} as const;

const isColour = (stream: NodeJS.WriteStream): boolean =>
  !process.env['NO_COLOR']
    && (process.env['FORCE_COLOR'] !== undefined ? process.env['FORCE_COLOR'] !== '0' : stream.isTTY);

/** What was found in an inventory, with its text. */
interface Found {
  readonly source: Compilation['source'];
  readonly diagnostics: readonly Diagnostic[];
  readonly suppressed: Compilation['suppressed'];
}

export class Output {
  readonly json: boolean;
  readonly paint: (style: keyof typeof CODES, text: string) => string;
  readonly #paintErrors: Paint;

  constructor(json: boolean) {
    this.json = json;
    const paint = (style: keyof typeof CODES, text: string): string =>
      `\x1b[${CODES[style][0]}m${text}\x1b[${CODES[style][1]}m`;
    this.paint = !json && isColour(process.stdout) ? paint : (_, text) => text;
    this.#paintErrors = isColour(process.stderr) ? paint : noPaint;
  }

  /** A result, for people; left out with --json. */
  say(line: string): void {
    if (!this.json) process.stdout.write(`${printableInColour(line)}\n`);
  }

  /** The result, for programs. */
  data(value: unknown): void {
    if (this.json) process.stdout.write(`${printableJson(JSON.stringify(value, null, 2))}\n`);
  }

  /** Text that is the result itself, whatever the form. */
  raw(text: string): void {
    process.stdout.write(printableInColour(text));
  }

  /**
   * Writes what exists nowhere else, and returns once it is out of this process.
   * @throws Failure when nobody reads it
   */
  async deliver(text: string): Promise<void> {
    // a reader that is gone ends the process (src/cli.ts)
    process.exitCode = 2;
    await new Promise<void>((resolve, reject) => {
      process.stdout.write(text, cause => {
        if (cause) reject(new Failure(`nobody read the result (${cause.message}); nothing was kept`, { cause }));
        else resolve();
      });
    });
    process.exitCode = 0;
  }

  note(line: string): void {
    process.stderr.write(`${printableInColour(line)}\n`);
  }

  /** Prints what was found, suppressed findings last. Returns it as data. */
  diagnostics({ source, diagnostics, suppressed }: Found): { diagnostics: unknown[]; suppressed: unknown[] } {
    if (!this.json && diagnostics.length) this.note(toText(source, diagnostics, this.#paintErrors));
    const shown = toJson(source, diagnostics);
    const errors = shown.filter(({ severity }) => severity === 'error').length;
    const warnings = shown.length - errors;
    if (!this.json) {
      for (const { diagnostic, reason } of suppressed) {
        this.note(`allowed: ${diagnostic.message} [${diagnostic.code}]: ${reason}`);
      }
      if (diagnostics.length) {
        this.note([errors ? count(errors, 'error') : '', warnings ? count(warnings, 'warning') : '']
          .filter(Boolean).join(', '));
      }
    }
    return {
      diagnostics: shown,
      suppressed: suppressed.map(({ diagnostic, reason }) => ({ ...toJson(source, [diagnostic])[0], reason })),
    };
  }
}

/** "1 error", "3 errors". */
export const count = (n: number, noun: string): string => `${n} ${noun}${n === 1 ? '' : 's'}`;
