// One of vgen's scripts on a host, followed to its end. It runs detached there, so a connection that breaks ends
// nothing: it is made anew and the run is followed further.
import { setTimeout as wait } from 'node:timers/promises';
import type { Answer, Connection } from '../connect/ssh.ts';

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

const runs = '/var/log/vgen/runs';
const newest = `{ ls -1 ${runs} 2>/dev/null || true; } | tail -n 1`;

/** What `further` says when the broken connection had not begun anything. */
const NOT_BEGUN = 240;

/**
 * Follows the run that a broken connection began after the one named `before`: all of its output, then its exit code.
 * A run whose host stopped has none; then nobody holds the host's lock any more.
 */
const further = (before: string): string => `set -u
last=$(${newest}); [[ -n $last && $last != '${before}' ]] || exit ${NOT_BEGUN}
d=${runs}/$last idle=0 o=0 e=0
tell() {
  local size
  size=$(stat -c %s -- "$d/out") && (( size > o )) && { tail -c "+$((o + 1))" -- "$d/out" | head -c "$((size - o))"; o=$size; }
  size=$(stat -c %s -- "$d/err") && (( size > e )) && { tail -c "+$((e + 1))" -- "$d/err" | head -c "$((size - e))" >&2; e=$size; }
}
until [[ -e $d/code ]] || (( idle >= 20 )); do
  tell
  if flock --nonblock /run/lock/vgen.lock true; then idle=$((idle + 1)); else idle=0; fi
  sleep 0.2
done
tell
[[ -e $d/code ]] || { echo 'error: the run ended without a result; was the host restarted?' >&2; exit 2; }
exit "$(<"$d/code")"`;

/**
 * Runs a command of vgen's on the host and follows it. `resume` is what to say to the host after the connection broke;
 * without it the newest run on the host is followed, or the command is given once more if it had not begun.
 */
export async function act(connection: Connection, command: string, following: Following, resume: string | null = null): Promise<Acted> {
  let before = '';
  const first = `printf '@before %s\\n' "$(${newest})"; exec ${command}`;
  let answer = await follow(connection, first, following, line => {
    if (!line.startsWith('@before ')) return false;
    before = line.slice('@before '.length).replaceAll(/[^\w.:-]/g, '');
    return true;
  });
  for (const seconds of BACKOFF) {
    if (answer.unreachable === null || following.signal.aborted) break;
    following.say(`${answer.unreachable}; trying again in ${seconds} s`);
    await wait(seconds * 1000, undefined, { signal: following.signal }).catch(() => undefined);
    if (following.signal.aborted) break;
    answer = await follow(connection, resume ?? further(before), following);
    if (resume === null && answer.code === NOT_BEGUN) answer = await follow(connection, command, following);
  }
  if (following.signal.aborted && answer.unreachable !== null) return { code: null, why: 'left to itself', lost: 'left' };
  if (answer.unreachable !== null) return { code: null, why: answer.unreachable, lost: 'unreachable' };
  return { code: answer.code, why: answer.code === 0 ? '' : reasonOf(answer), lost: null };
}

async function follow(
  connection: Connection, script: string, { say, signal }: Following, takes: (line: string) => boolean = () => false,
): Promise<Answer> {
  return connection.run(script, { signal, onErr: say, onOut: line => { if (!takes(line)) say(line); } });
}

/** The sentence after "error:", else the last one that was said. */
function reasonOf({ code, stderr, stdout }: Answer): string {
  const lines = `${stdout}\n${stderr}`.split('\n').filter(line => line.trim() !== '' && !line.startsWith('@before '));
  const error = lines.findLast(line => line.startsWith('error: '));
  return error?.slice('error: '.length) ?? lines.at(-1) ?? `exit ${code} without a word`;
}
