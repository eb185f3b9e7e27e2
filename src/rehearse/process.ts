/** Runs programs with argument arrays, never through a shell, and tells facts about processes from /proc. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

export interface Outcome {
  /** Exit code; 128 + n when signal n ended it. */
  code: number;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  stdin?: string | Buffer | undefined;
  /** The program is killed after this many seconds and the promise is rejected. */
  timeoutSeconds?: number | undefined;
  env?: Record<string, string> | undefined;
  cwd?: string | undefined;
}

const signalNumbers: Record<string, number> = { SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGPIPE: 13, SIGTERM: 15 };

/** The environment for every program: the machine's own (proxies), English messages, and root's program folders. */
export function environment(extra: Record<string, string> = {}): NodeJS.ProcessEnv {
  return { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH'] ?? ''}:/usr/sbin:/usr/bin:/sbin:/bin`, ...extra };
}

/**
 * Runs a program to its end; a code other than 0 is an answer, not an error.
 * @throws Error when it cannot be started or is still running after `timeoutSeconds`.
 */
export function run(program: string, args: string[], options: RunOptions = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { env: environment(options.env), cwd: options.cwd, stdio: 'pipe' });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    let late = false;
    const timer = options.timeoutSeconds === undefined ? undefined : setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
      // A grandchild may hold the pipes open (an ssh master, a daemon); the wait ends here all the same.
      child.stdout.destroy();
      child.stderr.destroy();
    }, options.timeoutSeconds * 1000);
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    // A program that ends without reading its input is no error of ours: its exit code says what happened.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.stdin ?? '');
    child.on('error', cause => {
      clearTimeout(timer);
      reject(new Error(`${program} could not be started`, { cause }));
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      const outcome = {
        code: code ?? 128 + (signalNumbers[signal ?? ''] ?? 0),
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString(),
      };
      if (!late) resolve(outcome);
      else reject(new Error(
        `${program} was still running after ${options.timeoutSeconds} s\n${outcome.stdout}${outcome.stderr}`,
      ));
    });
  });
}

/**
 * Runs a program that has to succeed and returns its standard output.
 * @throws Error with the end of its output when the exit code is not 0.
 */
export async function demand(program: string, args: string[], options: RunOptions = {}): Promise<string> {
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

export function sleep(milliseconds: number): Promise<void> {
  return new Promise(resolve => void setTimeout(resolve, milliseconds));
}

/** Blocks the thread; only for exit hooks. */
export function sleepNow(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** A process that cannot be mistaken for a later one with the same pid: proc(5), stat field 22, in clock ticks. */
export interface ProcessMark {
  pid: number;
  start: string;
}

/** The mark of a living process; null when there is none, or only a zombie not yet waited for. */
export function markOf(pid: number): ProcessMark | null {
  const stat = readStat(pid);
  return stat === null || stat.state === 'Z' ? null : { pid, start: stat.start };
}

export function isAlive(mark: ProcessMark): boolean {
  return markOf(mark.pid)?.start === mark.start;
}

/** Sends a signal to exactly that process; nothing happens when it is gone. */
export function signal(mark: ProcessMark, name: NodeJS.Signals | number): void {
  if (!isAlive(mark)) return;
  try {
    process.kill(mark.pid, name);
  } catch {
    // It ended between the look and the signal.
  }
}

/** The children of a process. Read from all of /proc: task/…/children depends on how the kernel was built. */
export function childrenOf(pid: number): ProcessMark[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).flatMap(name => {
    const stat = readStat(Number(name));
    return stat?.parent === pid && stat.state !== 'Z' ? [{ pid: Number(name), start: stat.start }] : [];
  });
}

function readStat(pid: number): { state: string; parent: number; start: string } | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return null;
  }
  // The second field is the program's name in brackets and may hold spaces and brackets itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', parent: Number(fields[1]), start: fields[19] ?? '' };
}
