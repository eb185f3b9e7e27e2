// The one way to run a program: with an array of arguments and never through a shell, its output as text, line by line
// or as bytes, a time limit, an end from outside.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

export interface ProcessOptions {
  /** What the program reads; nothing by default. */
  readonly stdin?: string | Buffer | undefined;
  /** Called for each line; of what goes there only the end is kept. */
  readonly onOut?: ((line: string) => void) | undefined;
  readonly onErr?: ((line: string) => void) | undefined;
  /** Milliseconds after which the program is ended. */
  readonly timeout?: number | undefined;
  /** Ends the program early. */
  readonly signal?: AbortSignal | undefined;
}

interface Ending {
  /** Exit code; null when it was ended from here or by a signal. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly timedOut: boolean;
}

export interface Ended extends Ending {
  readonly stdout: string;
  readonly stderr: string;
  /** It was ended because it printed more than is kept. */
  readonly saidTooMuch: boolean;
}

interface Start {
  readonly stdin: string | Buffer | 'terminal';
  readonly cwd?: string | undefined;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** A separate session: Ctrl-C in the terminal reaches vgen alone, which then decides what to end. */
  readonly session?: boolean | undefined;
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly endBy?: NodeJS.Signals | undefined;
}

const running = new Set<ChildProcess>();

/** Starts a program and hands its streams to the sinks; without a sink for stderr, that goes nowhere. */
function start(
  program: string, args: readonly string[], options: Start,
  sinks: {
    readonly out: (stream: NodeJS.ReadableStream) => void;
    readonly err: ((stream: NodeJS.ReadableStream) => void) | null;
  },
): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const { cwd, env, session = false, timeout } = options;
    const child = spawn(program, args, {
      detached: session,
      stdio: [options.stdin === 'terminal' ? 'inherit' : 'pipe', 'pipe', sinks.err ? 'pipe' : 'ignore'],
      ...cwd === undefined ? {} : { cwd }, ...env === undefined ? {} : { env },
    });
    if (session) running.add(child);
    let timedOut = false;
    const end = (): void => {
      child.kill(options.endBy ?? 'SIGTERM');
      // a grandchild may hold the pipes open (a shared connection, a daemon); the wait ends here all the same
      child.stdout?.destroy();
      child.stderr?.destroy();
    };
    const timer = timeout === undefined ? undefined : setTimeout(() => {
      timedOut = true;
      end();
    }, timeout);
    if (options.signal?.aborted) end();
    options.signal?.addEventListener('abort', end);
    const done = (): void => {
      running.delete(child);
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
    };
    if (child.stdout) sinks.out(child.stdout);
    if (child.stderr) sinks.err?.(child.stderr);
    // a program that ends without reading its input says why by its exit code
    child.stdin?.on('error', () => undefined);
    if (options.stdin !== 'terminal') child.stdin?.end(options.stdin);
    child.on('error', cause => {
      done();
      reject(cause);
    });
    child.on('close', (code, signal) => {
      done();
      resolve({ code, signal, timedOut });
    });
  });
}

/**
 * Runs a program to its end, in a separate session. Rejects when it cannot be started.
 */
export async function runProcess(
  program: string, args: readonly string[], options: ProcessOptions = {},
): Promise<Ended> {
  const { stdin = '', timeout } = options;
  const limit = new AbortController();
  const tooMuch = (): void => limit.abort();
  const [out, err] = [new Collected(options.onOut, tooMuch), new Collected(options.onErr, tooMuch)];
  const signal = AbortSignal.any([limit.signal, ...options.signal ? [options.signal] : []]);
  const ending =
    await start(program, args, { stdin, timeout, signal, session: true }, { out: out.from, err: err.from });
  return { ...ending, stdout: out.text(), stderr: err.text(), saidTooMuch: limit.signal.aborted };
}

/** Ends all sessions that still run, without waiting. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/**
 * What a program prints, as bytes that no string was made of; it may ask for a passphrase in the terminal, and its
 * stderr goes nowhere. Rejects when it cannot be started.
 * @param limit bytes; `stdout` is null when it printed more
 */
export async function runForBytes(
  program: string, args: readonly string[],
  { cwd, timeout, limit }: { readonly cwd: string; readonly timeout: number; readonly limit: number },
): Promise<Ending & { readonly stdout: Buffer | null }> {
  const chunks: Buffer[] = [];
  let size = 0;
  const out = (stream: NodeJS.ReadableStream): void => void stream.on('data', (chunk: Buffer) => {
    size += chunk.length;
    if (size <= limit) chunks.push(chunk);
    else chunk.fill(0);
  });
  try {
    const ending = await start(program, args, { stdin: 'terminal', cwd, timeout }, { out, err: null });
    return { ...ending, stdout: size <= limit ? Buffer.concat(chunks) : null };
  } finally {
    for (const chunk of chunks) chunk.fill(0);
  }
}

/** Lines of a stream that was handed on line by line, kept to say why it ended. */
const KEPT = 20;
/** Characters of a line that are handed on; a host could send one without end. */
const LINE = 64 * 1024;
/** Characters of a stream that are kept as text. */
const TEXT = 16 * 1024 * 1024;

/** Gathers a stream as text, or hands it on line by line and keeps the last ones. */
class Collected {
  readonly #onLine: ((line: string) => void) | undefined;
  readonly #decoder = new StringDecoder('utf8');
  readonly #last: string[] = [];
  readonly #tooMuch: (() => void) | undefined;
  #text = '';

  /** @param tooMuch called when the text is longer than what is kept */
  constructor(onLine: ((line: string) => void) | undefined, tooMuch?: () => void) {
    this.#onLine = onLine;
    this.#tooMuch = tooMuch;
  }

  readonly from = (stream: NodeJS.ReadableStream): void => {
    stream.on('data', (chunk: Buffer) => {
      const text = this.#decoder.write(chunk);
      if (this.#onLine) {
        this.#addLines(text);
      } else if (this.#tooMuch && this.#text.length + text.length > TEXT) {
        this.#tooMuch();
      } else {
        this.#text += text;
      }
    });
    stream.on('end', () => {
      this.#text += this.#decoder.end();
      if (!this.#onLine || this.#text === '') return;
      this.#hand(this.#text);
      this.#text = '';
    });
  };

  #addLines(text: string): void {
    const [first = '', ...further] = text.split('\n');
    if (this.#text.length <= LINE) this.#text += first.slice(0, LINE + 1 - this.#text.length);
    for (const piece of further) {
      this.#hand(this.#text);
      this.#text = piece.slice(0, LINE + 1);
    }
  }

  text(): string {
    return this.#onLine ? this.#last.join('\n') : this.#text;
  }

  #hand(whole: string): void {
    const line = whole.length > LINE ? `${whole.slice(0, LINE)} (the rest of this line is left out)` : whole;
    this.#last.push(line);
    if (this.#last.length > KEPT) this.#last.shift();
    this.#onLine?.(line);
  }
}

export interface Outcome {
  /** Exit code; 128 + n when signal n ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface ToolOptions {
  stdin?: string | Buffer | undefined;
  /** The program is killed after this many seconds and the promise is rejected. */
  timeoutSeconds?: number | undefined;
  env?: Record<string, string> | undefined;
  cwd?: string | undefined;
}

const signalNumbers: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 };

/**
 * The environment for a tool of the machine: that of the machine (proxies),
 * English messages, and root's program folders.
 */
export function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, ...extra };
}

/**
 * Runs a tool of the machine to its end, in that environment; a code other than 0 is an answer, not an error.
 * @throws Error when it cannot be started or is still running after `timeoutSeconds`.
 */
export async function run(program: string, args: string[], options: ToolOptions = {}): Promise<Outcome> {
  const { stdin = '', timeoutSeconds, cwd } = options;
  const [out, err] = [new Collected(undefined), new Collected(undefined)];
  const ending = await start(program, args, {
    stdin, cwd, env: environment(options.env), endBy: 'SIGKILL',
    timeout: timeoutSeconds === undefined ? undefined : timeoutSeconds * 1000,
  }, { out: out.from, err: err.from }).catch((cause: unknown) => {
    throw new Error(`${program} could not be started`, { cause });
  });
  const [stdout, stderr] = [out.text(), err.text()];
  if (ending.timedOut) throw new Error(`${program} was still running after ${timeoutSeconds} s\n${stdout}${stderr}`);
  return { code: ending.code ?? 128 + (signalNumbers[ending.signal ?? ''] ?? 0), stdout, stderr };
}

/**
 * Runs a tool that has to succeed and returns its standard output.
 * @throws Error with the end of its output when the exit code is not 0.
 */
export async function demand(program: string, args: string[], options: ToolOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(program, args, options);
  if (code === 0) return stdout;
  throw new Error(`${program} ${args.join(' ')} ended with code ${code}\n${lastLines(stderr.trim() || stdout, 15)}`);
}

/** As `run`, but blocking: for exit hooks, where no promise is waited for. */
export function runNow(program: string, args: string[]): Outcome {
  const { status, stdout, stderr } = spawnSync(program, args, { env: environment(), encoding: 'utf8' });
  return { code: status ?? 1, stdout: stdout ?? '', stderr: stderr ?? '' };
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
