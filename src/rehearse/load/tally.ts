/** What a load saw, in memory that does not grow with it. */

export interface LoadResult {
  seconds: number;
  requests: number;
  posts: number;
  /** Requests without the right answer, for whatever reason; the resets are among them. */
  failed: number;
  /** Connections that ended without an announcement. */
  resets: number;
  /** Connections that the server ended as announced, and that were opened again. */
  reconnects: number;
  /** The first few failures, in words. */
  failures: string[];
  /** Milliseconds. */
  latency: { p50: number; p99: number; most: number };
  /** The releases that answered, in the order in which they took over from one another. */
  sequence: string[];
  /** How often one took over; and how often the clients saw it that saw it least and most often. */
  flips: number;
  flipsPerClient: { least: number; most: number };
  websockets: { opened: number; dropped: number; echoes: number };
}

const toldFailures = 10;
const toldReleases = 1000;
/** The histogram's columns are 0.1 ms wide and reach to 10 s. */
const columns = 100_000;

/**
 * Follows which release answers. An answer of the former one is no step back if its request was sent before anybody
 * had an answer of the new one: it was under way when they changed. Any other is one, and counts as a flip.
 */
export class Flips {
  readonly sequence: string[] = [];
  count = 0;
  readonly #last: (string | null)[];
  readonly #counts: number[];
  #current: string | null = null;
  #since = 0;

  constructor(clients: number) {
    this.#last = Array.from({ length: clients }, () => null);
    this.#counts = Array.from({ length: clients }, () => 0);
  }

  /** A client got an answer of a release now, to a request that it sent at `begun`. */
  seen(client: number, release: string, begun: number, now: number): void {
    const last = this.#last[client] ?? null;
    if (last !== null && last !== release) this.#counts[client] = (this.#counts[client] ?? 0) + 1;
    this.#last[client] = release;
    if (release === this.#current || begun < this.#since) return;
    if (this.#current !== null) this.count += 1;
    this.#current = release;
    this.#since = now;
    if (this.sequence.length < toldReleases) this.sequence.push(release);
  }

  get perClient(): { least: number; most: number } {
    return { least: Math.min(...this.#counts), most: Math.max(...this.#counts) };
  }
}

export class Tally {
  requests = 0;
  posts = 0;
  failed = 0;
  resets = 0;
  reconnects = 0;
  readonly failures: string[] = [];
  readonly #histogram = new Uint32Array(columns);
  #most = 0;

  answered(milliseconds: number): void {
    const column = Math.min(columns - 1, Math.floor(milliseconds * 10));
    this.#histogram[column] = (this.#histogram[column] ?? 0) + 1;
    this.#most = Math.max(this.#most, milliseconds);
  }

  fail(reason: string): void {
    this.failed += 1;
    if (this.failures.length < toldFailures) this.failures.push(reason);
  }

  get latency(): LoadResult['latency'] {
    return { p50: this.#quantile(0.5), p99: this.#quantile(0.99), most: Math.round(this.#most * 10) / 10 };
  }

  #quantile(share: number): number {
    const total = this.#histogram.reduce((sum, count) => sum + count, 0);
    let left = total * share;
    const column = this.#histogram.findIndex(count => (left -= count) <= 0);
    return Math.max(0, column) / 10;
  }
}
