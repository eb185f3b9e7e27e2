// Where values come from: each source is asked once, here, where vgen runs. A value is bytes in memory; it is written
// nowhere, told to nobody and overwritten once it was sent. What a command prints is its value, so it is never shown.
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { Named } from '../../contract/model.ts';
import { runForBytes } from '../../process/run.ts';

/** A secret as the inventory has it. Exactly one of env, file, exec, age and sops is there. */
export interface Secret extends Named {
  readonly env?: string | null;
  readonly file?: string | null;
  readonly exec?: readonly string[] | null;
  readonly age?: string | null;
  readonly identity?: string | null;
  readonly sops?: string | null;
  readonly key?: string | null;
}

/** `value` of those that could be had; `problems` says of the others which source failed and how. */
export interface Resolved {
  readonly values: ReadonlyMap<string, Buffer>;
  readonly problems: ReadonlyMap<string, string>;
}

/** Bytes; keys and certificates are far below it. What is longer is more likely a wrong file. */
const LARGEST = 64 * 1024;
/** How long a command may take, with a person who types a passphrase. */
const PATIENCE = 120_000;

/**
 * Asks the source of each secret, one after another: several may want the same passphrase or card.
 * @param inventory the file that names them; relative paths begin in its directory
 */
export async function resolveSecrets(secrets: readonly Secret[], inventory: string): Promise<Resolved> {
  const values = new Map<string, Buffer>();
  const problems = new Map<string, string>();
  const directory = dirname(resolve(inventory));
  for (const secret of secrets) {
    try {
      values.set(secret.name, checked(await read(secret, directory)));
    } catch (cause) {
      if (!(cause instanceof SourceError)) throw cause;
      problems.set(secret.name, cause.message);
    }
  }
  return { values, problems };
}

/** Overwrites the values in memory. */
export function wipe(values: Iterable<Buffer>): void {
  for (const value of values) value.fill(0);
}

class SourceError extends Error {}

async function read(secret: Secret, directory: string): Promise<Buffer> {
  if (secret.env) {
    const value = process.env[secret.env];
    if (value === undefined) throw new SourceError(`the environment variable ${secret.env} is not set`);
    return Buffer.from(value);
  }
  if (secret.file) return withoutLineBreak(await readBytes(place(directory, secret.file)));
  if (secret.exec) return withoutLineBreak(await output(secret.exec, directory));
  if (secret.age) {
    return withoutLineBreak(await output(ageCommand(secret.age, secret.identity ?? null, directory), directory));
  }
  if (secret.sops && secret.key) {
    return withoutLineBreak(await output(sopsCommand(secret.sops, secret.key, directory), directory));
  }
  throw new SourceError('the inventory names no source for it; "vgen validate" says what is wrong');
}

async function readBytes(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new SourceError(`cannot read ${path} (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`);
  }
}

/** A file's place: relative to the inventory, or with "~/" in the home of whoever runs this. */
const place = (directory: string, file: string): string =>
  (file.startsWith('~/') ? join(homedir(), file.slice(2)) : resolve(directory, file));

function ageCommand(file: string, identity: string | null, directory: string): string[] {
  const key = identity === null ? process.env['VGEN_AGE_IDENTITY'] : place(directory, identity);
  if (!key) throw new SourceError('age wants an identity: write "identity" in the inventory, or set VGEN_AGE_IDENTITY');
  return ['age', '--decrypt', '--identity', key, place(directory, file)];
}

/** `redis.users.0` is `["redis"]["users"][0]` for sops. */
function sopsCommand(file: string, key: string, directory: string): string[] {
  const path = key.split('.').map(part => (/^\d+$/.test(part) ? `[${part}]` : `["${part}"]`)).join('');
  return ['sops', '--decrypt', '--extract', path, place(directory, file)];
}

/** What a command prints. Its stderr goes nowhere: programs print there what they could not parse. */
async function output(words: readonly string[], cwd: string): Promise<Buffer> {
  const [program = '', ...args] = words;
  // the longest value, with its line break
  const options = { cwd, timeout: PATIENCE, limit: LARGEST + 2 };
  const { code, signal, stdout } = await runForBytes(program, args, options).catch((cause: NodeJS.ErrnoException) => {
    throw new SourceError(cause.code === 'ENOENT' ? `there is no program ${program} here`
      : `${program} could not be started (${cause.code ?? 'unknown error'})`);
  });
  if (code === 0 && stdout !== null) return stdout;
  stdout?.fill(0);
  if (code === 0) throw new SourceError(TOO_LONG);
  throw new SourceError(signal === null ? `${program} ended with code ${code}; run it yourself to see why`
    : `${program} was ended by ${signal}${signal === 'SIGTERM' ? `, perhaps because it took more `
    + `than ${PATIENCE / 1000} s`
    : ''}`);
}

const TOO_LONG = `its value is longer than ${LARGEST / 1024} KiB`;

/** Editors and commands end a text with a line break; one is taken for that, with its carriage return. */
function withoutLineBreak(value: Buffer): Buffer {
  if (value.at(-1) !== 10) return value;
  return value.subarray(0, value.at(-2) === 13 ? -2 : -1);
}

function checked(value: Buffer): Buffer {
  const wrong = value.length === 0 ? 'its value is empty' : value.length > LARGEST ? TOO_LONG
    : value.includes(0) ? 'its value holds a NUL byte, which no configuration file can hold' : null;
  if (wrong === null) return value;
  wipe([value]);
  throw new SourceError(wrong);
}
