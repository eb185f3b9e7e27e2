// ssh and rsync as child processes: their words line by line, a time limit, an end from outside.
import { spawn, type ChildProcess } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';

export interface ProcessOptions {
  readonly stdin?: string | Buffer | undefined;
  /** Called for each line; of what goes there only the end is kept. */
  readonly onOut?: ((line: string) => void) | undefined;
  readonly onErr?: ((line: string) => void) | undefined;
  /** Milliseconds after which the program is ended. */
  readonly timeout?: number | undefined;
  /** Ends the program early. */
  readonly signal?: AbortSignal | undefined;
}

export interface Ended {
  /** Exit code; null when it was ended from here or by a signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

const running = new Set<ChildProcess>();

/**
 * Runs a program to its end. It has a session of its own, so that Ctrl-C in the terminal reaches vgen alone, which
 * then decides what to end. Rejects when the program cannot be started.
 */
export function runProcess(program: string, args: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { detached: true, stdio: ['pipe', 'pipe', 'pipe'] });
    running.add(child);
    let timedOut = false;
    const end = (): void => {
      child.kill('SIGTERM');
      // a shared connection holds the pipes until the host's side ends
      child.stdout.destroy();
      child.stderr.destroy();
    };
    const timer = options.timeout === undefined ? undefined : setTimeout(() => {
      timedOut = true;
      end();
    }, options.timeout);
    if (options.signal?.aborted) end();
    options.signal?.addEventListener('abort', end);
    const done = (): void => {
      running.delete(child);
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', end);
    };
    const stdout = collect(child.stdout, options.onOut);
    const stderr = collect(child.stderr, options.onErr);
    // a program that ends without reading its input says why by its exit code
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    child.on('error', cause => {
      done();
      reject(cause);
    });
    child.on('close', code => {
      done();
      resolve({ code, stdout: stdout(), stderr: stderr(), timedOut });
    });
  });
}

/** Ends all that still runs, without waiting. */
export function endAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Lines of a stream that was handed on line by line, kept to say why it ended. */
const KEPT = 20;

/** Gathers a stream as text, or hands it on line by line and keeps the last ones. */
function collect(stream: NodeJS.ReadableStream, onLine: ((line: string) => void) | undefined): () => string {
  const decoder = new StringDecoder('utf8');
  let text = '';
  const last: string[] = [];
  const hand = (line: string): void => {
    last.push(line);
    if (last.length > KEPT) last.shift();
    onLine?.(line);
  };
  stream.on('data', (chunk: Buffer) => {
    text += decoder.write(chunk);
    if (!onLine) return;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    lines.forEach(hand);
  });
  stream.on('end', () => {
    text += decoder.end();
    if (!onLine || text === '') return;
    hand(text);
    text = '';
  });
  return () => (onLine ? last.join('\n') : text);
}
