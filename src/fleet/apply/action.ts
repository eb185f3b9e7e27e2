// One of vgen's scripts on a host, followed to its end. It runs detached there, so a connection that breaks ends
// nothing: it is made anew and the run is followed further.
import { setTimeout as wait } from 'node:timers/promises';
import { hostScript } from '../connect/script.ts';
import type { ScriptAnswer, Connection } from '../connect/ssh.ts';

export type Say = (line: string) => void;

export interface Following {
  readonly say: Say;
  /** Ends the following; what runs on the host goes on. */
  readonly signal: AbortSignal;
}

export interface Acted {
  /** The script's exit code; null when it is not known. */
  readonly code: number | null;
  /** Why it failed, in the words of the host. */
  readonly why: string;
  /** How the code is not known. */
  readonly lost: 'unreachable' | 'left' | null;
}

/** Seconds to wait before each try to reach a host again: some three minutes together. */
const BACKOFF = [1, 2, 4, 8, 15, 30, 30, 30, 30, 30];

/** What follow.sh ends with when the broken connection had not begun anything. */
const NOT_BEGUN = 240;

/**
 * Runs a command of vgen's on the host and follows it. `resume` is what to say to the host after the connection broke;
 * without it the newest run on the host is followed, or the command is given once more if it had not begun.
 */
export async function act(
  connection: Connection, command: readonly string[], following: Following, resume: readonly string[] | null = null,
): Promise<Acted> {
  let before = '';
  let answer = await follow(connection, ['src/fleet/apply/begin.sh', ...command], following, line => {
    if (!line.startsWith('@before ')) return false;
    before = line.slice('@before '.length).replaceAll(/[^\w.:-]/g, '');
    return true;
  });
  for (const seconds of BACKOFF) {
    if (answer.unreachable === null || following.signal.aborted) break;
    following.say(`${answer.unreachable}; trying again in ${seconds} s`);
    await wait(seconds * 1000, undefined, { signal: following.signal }).catch(() => undefined);
    if (following.signal.aborted) break;
    answer = await follow(connection, resume === null ? ['src/fleet/apply/follow.sh', before]
      : ['src/fleet/apply/begin.sh', ...resume], following);
    if (resume === null && answer.code === NOT_BEGUN) {
      answer = await follow(connection, ['src/fleet/apply/begin.sh', ...command], following);
    }
  }
  if (following.signal.aborted && answer.unreachable !== null) {
    return { code: null, why: 'left to itself', lost: 'left' };
  }
  if (answer.unreachable !== null) return { code: null, why: answer.unreachable, lost: 'unreachable' };
  return { code: answer.code, why: answer.code === 0 ? '' : reasonOf(answer), lost: null };
}

async function follow(
  connection: Connection, [script = '', ...args]: readonly string[], { say, signal }: Following,
  takes: (line: string) => boolean = isBefore,
): Promise<ScriptAnswer> {
  return connection.run(hostScript(script), {
    args, signal, onErr: say, onOut: line => { if (!takes(line)) say(line); },
  });
}

const isBefore = (line: string): boolean => line.startsWith('@before ');

/** The sentence after "error:", else the last one that was said. */
function reasonOf({ code, stderr, stdout }: ScriptAnswer): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter(line => line.trim() !== '' && !line.startsWith('@before '));
  const error = lines.findLast(line => line.startsWith('error: '));
  return error?.slice('error: '.length) ?? lines.at(-1) ?? `exit ${code} without a word`;
}
