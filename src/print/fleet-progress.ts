// What goes on on many hosts: a live line for each that is at work on a terminal, plain lines elsewhere. All of it goes
// to stderr; the result is what the command prints in the end.
import type { HostResult } from '../fleet/result.ts';
import type { Output } from './output.ts';

interface Screen { draw(lines: readonly string[]): void; clear(): void }

const MARKS: Partial<Record<HostResult['result'], string>> = {
  done: 'done', same: 'nothing to do', untouched: 'not touched', running: 'goes on there', back: 'taken back',
};

/** What came of a host, as one sentence. */
export const resultText = ({ result, why }: HostResult): string => [MARKS[result] ?? result, why].filter(Boolean)
  .join(': ');

export class FleetProgress {
  readonly #output: Output;
  readonly #live = new Map<string, string>();
  #screen: Screen | null = null;

  private constructor(output: Output) {
    this.#output = output;
  }

  /** The library that draws is loaded only where there is a terminal to draw on. */
  static async start(output: Output): Promise<FleetProgress> {
    const progress = new FleetProgress(output);
    if (process.stderr.isTTY && !process.env['CI'] && process.env['TERM'] !== 'dumb' && !output.json) {
      const { createLogUpdate } = await import('log-update');
      const update = createLogUpdate(process.stderr);
      progress.#screen = { draw: lines => update(lines.join('\n')), clear: () => update.clear() };
    }
    return progress;
  }

  /** A host is at this. */
  host(name: string, words: string): void {
    // what a host says must not move the cursor here
    const text = words.replaceAll(/\p{Cc}/gu, ' ');
    if (this.#screen === null) {
      this.#output.note(`${name}: ${text}`);
      return;
    }
    this.#live.set(name, text.trim());
    this.#draw();
  }

  result(result: HostResult): void {
    this.#live.delete(result.host);
    // what nobody touched is in the table
    if (result.result === 'untouched') return;
    const duration = result.seconds >= 0.05 ? ` (${result.seconds.toFixed(1)} s)` : '';
    this.note(`${result.host}: ${resultText(result)}${duration}`);
  }

  note(line: string): void {
    this.#screen?.clear();
    this.#output.note(line);
    this.#draw();
  }

  end(): void {
    this.#screen?.clear();
    this.#screen = null;
  }

  #draw(): void {
    if (this.#screen === null) return;
    const width = (process.stderr.columns || 80) - 1;
    const rows = Math.max(1, (process.stderr.rows || 24) - 3);
    const lines = [...this.#live].map(([name, text]) => `${name}: ${text}`.slice(0, width));
    this.#screen.draw(lines.length > rows ? [...lines.slice(0, rows), `and ${lines.length - rows} more hosts`] : lines);
  }
}
