// The built command line, run as a user runs it: a process of its own, in a directory of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { inTemporaryDirectory } from './programs.ts';

export const cli = join(import.meta.dirname, '../dist/cli.js');
export const example = join(import.meta.dirname, '../inventory.example.yaml');

export interface Ran { readonly code: number | null; readonly stdout: string; readonly stderr: string }

/** Two hosts with a file each: the least that shows what a command does. */
export const small = `hosts:
  web1: { address: 192.0.2.1 }
  web2: { address: 192.0.2.2 }
files:
  /etc/motd: { content: "one\\n" }
`;

export function write(dir: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
}

export const read = (dir: string, path: string): string => readFileSync(join(dir, path), 'utf8');

/** Gives `use` a directory that holds these files. */
export const withFiles = <T>(files: Readonly<Record<string, string>>, use: (dir: string) => Promise<T>): Promise<T> =>
  inTemporaryDirectory(dir => {
    write(dir, files);
    return use(dir);
  });

/** Starts vgen; its cache is in the directory, and no colour is asked for unless `env` asks. */
export function start(dir: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const inherited =
    Object.fromEntries(Object.entries(process.env).filter(([name]) => name !== 'NO_COLOR' && name !== 'FORCE_COLOR'));
  return spawn(process.execPath, [cli, ...args], {
    cwd: dir, env: { ...inherited, XDG_CACHE_HOME: join(dir, '.cache'), XDG_STATE_HOME: join(dir, '.state'), ...env },
  });
}

/** Runs vgen to its end. */
export function vgen(dir: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = start(dir, args, env);
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', data => { stdout += String(data); });
    child.stderr?.on('data', data => { stderr += String(data); });
    child.on('error', reject);
    child.on('close', code => resolve({ code, stdout, stderr }));
  });
}
