// Secrets to and from hosts. A value goes over the standard input of ssh and by no other way; what comes back is words.
import { Failure } from '../../contract/diagnostic.ts';
import { hostScript } from '../connect/script.ts';
import type { Connection } from '../connect/ssh.ts';
import { wipe } from './sources.ts';

/** One secret on one host. `pushed`: when vgen put a value there last; `byHand`: somebody else changed it since. */
export interface CheckedSecret {
  readonly name: string;
  readonly state: 'present' | 'stale' | 'missing';
  readonly pushed: string | null;
  readonly byHand: boolean;
}

export interface Pushed {
  readonly secrets: readonly { readonly name: string; readonly state: 'same' | 'pushed' | 'refused' }[];
  /** What was reloaded, restarted or rewritten for it. */
  readonly done: readonly string[];
  /** The host's last word about it. */
  readonly note: string;
  readonly code: number;
}

/** Asks how the values that are on the host compare with these. Throws a Failure when that cannot be known. */
export async function checkOn(connection: Connection, values: ReadonlyMap<string, Buffer>): Promise<CheckedSecret[]> {
  const { code, lines, stderr } = await send(connection, 'check', values);
  if (code !== 0) throw new Failure(stderr);
  return lines.filter(([kind]) => kind === 'secret').map(([, name = '', state = '', pushed = '-', hand]) =>
    ({
      name, state: state as CheckedSecret['state'], pushed: pushed === '-' ? null : pushed, byHand: hand === 'hand',
    }));
}

/** What takes secrets in the tree of a host: the bash that encodes them, and its placeholders. */
export interface Taken {
  readonly encoders: string;
  readonly placeholders: readonly string[];
}

/**
 * Puts the values there, if all that takes them can hold them, and has them taken up. Throws a Failure when the host
 * cannot be reached or does not know how.
 */
export async function pushTo(
  connection: Connection, values: ReadonlyMap<string, Buffer>, { encoders, placeholders }: Taken,
): Promise<Pushed> {
  const { code, lines, stderr } = await send(connection, 'push', values, [
    ['@encode', base64(Buffer.from(encoders)).toString()], ...placeholders.map(text => ['@placeholder', text]),
  ]);
  const of = (wanted: string): string[][] => lines.filter(([kind]) => kind === wanted).map(([, ...rest]) => rest);
  const note = of('note').at(-1)?.[0] ?? '';
  if (code !== 0 && note === '') throw new Failure(stderr, { exit: code === 3 ? 3 : 2 });
  return {
    secrets: of('secret').map(([name = '', state = '']) => ({ name, state: state as 'same' })),
    done: of('did').map(([text = '']) => text.replace(/ +/, ' ')), note, code,
  };
}

async function send(
  connection: Connection, action: 'check' | 'push', values: ReadonlyMap<string, Buffer>,
  more: readonly (readonly string[])[] = [],
): Promise<{ code: number; lines: string[][]; stderr: string }> {
  const stdin = questions(action, values, more);
  try {
    const { code, stdout, stderr, unreachable } =
      await connection.run(hostScript('src/fleet/secrets/secrets.sh'), { stdin });
    if (unreachable !== null) throw new Failure(unreachable);
    const last = stderr.trim().split('\n').at(-1) ?? '';
    return {
      code, lines: stdout.split('\n').filter(Boolean).map(line => line.split('\t')),
      stderr: last || `it ended with code ${code}`,
    };
  } finally {
    wipe([stdin]);
  }
}

/** `NAME TAB VALUE` a line, in base64, without a string that would stay in memory. */
function questions(
  action: string, values: ReadonlyMap<string, Buffer>, more: readonly (readonly string[])[],
): Buffer {
  const parts: Buffer[] = [[action], ...more].map(line => Buffer.from(`${line.join('\t')}\n`));
  for (const [name, value] of values) parts.push(Buffer.from(`${name}\t`), base64(value), Buffer.from('\n'));
  const whole = Buffer.concat(parts);
  wipe(parts);
  return whole;
}

const ALPHABET = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/');

/** RFC 4648; Buffer.toString would leave a copy that cannot be overwritten. */
export function base64(bytes: Buffer): Buffer {
  const encoded = Buffer.alloc(4 * Math.ceil(bytes.length / 3), 61);
  for (let from = 0, to = 0; from < bytes.length; from += 3, to += 4) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(from, from + 3);
    const sextets = [a >> 2, ((a & 3) << 4) | (b >> 4), ((b & 15) << 2) | (c >> 6), c & 63];
    for (let i = 0; i <= Math.min(3, bytes.length - from); i++) {
      encoded[to + i] = ALPHABET[sextets[i] as number] as number;
    }
  }
  return encoded;
}
