// The fleet lock: a file on every host that says who is at work there, from which commit, why and until when. It keeps
// two runs over the fleet from interleaving; one thing at a time on one host is what the lock on the host sees to.
import { hostname, userInfo } from 'node:os';
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { Failure } from '../../contract/diagnostic.ts';
import { shWord } from '../../escape/sh.ts';
import { markOf } from '../../process/marks.ts';
import { eachLimited } from '../connect/pool.ts';
import type { Connection } from '../connect/ssh.ts';

export interface Lock {
  /** Who may renew and release it. */
  readonly id: string;
  /** Seconds since 1970 by the host's clock; 0 is never. */
  readonly expires: number;
  readonly since: number;
  readonly owner: string;
  /** The machine and the process that hold it, so that a dead holder is seen there; empty for a lock made by hand. */
  readonly machine: string;
  readonly process: string;
  readonly action: string;
  readonly commit: string;
  readonly message: string;
}

/** Seconds that the lock of a run is good for; it is renewed while the run lives. */
export const LEASE = 900;

/** `name@machine`, or what VGEN_OWNER says, as CI does. */
export const me = (): string => process.env['VGEN_OWNER'] || `${userInfo().username}@${hostname()}`;

/** A lock of this process over that many seconds (0: for ever); one made by hand outlives the process. */
export function newLock(action: string, details: { commit?: string | null; message?: string; byHand?: boolean }): Lock {
  return {
    id: randomBytes(8).toString('hex'), expires: 0, since: 0, owner: me(), action,
    commit: details.commit ?? '', message: details.message ?? '',
    ...details.byHand ? { machine: '', process: '' } : { machine: thisMachine(), process: processMark(process.pid) },
  };
}

/** Names a boot of a machine and its space of process ids; empty where /proc does not tell. */
function thisMachine(): string {
  try {
    return [hostname(), readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), readlinkSync('/proc/self/ns/pid')].join(' ');
  } catch {
    return '';
  }
}

const processMark = (pid: number): string => {
  const mark = markOf(pid);
  return mark === null ? '' : `${mark.pid} ${mark.start}`;
};

/** Whether the holder was a process of this machine and is gone. */
const isDead = (lock: Lock): boolean =>
  lock.machine !== '' && lock.machine === thisMachine() && processMark(Number(lock.process.split(' ')[0])) !== lock.process;

const FIELDS = ['id', 'expires', 'since', 'owner', 'machine', 'process', 'action', 'commit', 'message'] as const;
const clean = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 500);

/** Reads the file's one line; null for none. What is not vgen's is a lock of somebody unknown, for ever. */
export function readLock(text: string): Lock | null {
  const line = text.split('\n')[0] ?? '';
  if (line === '') return null;
  const fields = line.split('\t');
  const lock = Object.fromEntries(FIELDS.map((name, i) => [name, fields[i] ?? ''])) as Record<typeof FIELDS[number], string>;
  return { ...lock, owner: lock.owner || 'somebody unknown', expires: Number(lock.expires) || 0, since: Number(lock.since) || 0 };
}

// All of it happens while a kernel lock is held, so that looking and writing are one step. Exit 9: somebody else's.
const GUARDED = `set -euo pipefail
umask 077
dir=/var/lib/vgen file=/var/lib/vgen/fleet.lock
[[ -d $dir ]] || mkdir -p -m 0700 -- "$dir"
exec 8>>"$file.guard"
flock --timeout 20 8
now=$(date +%s) held='' until=0
[[ ! -s $file ]] || IFS=$'\\t' read -r held until _ <"$file"
[[ $until =~ ^[0-9]+$ ]] || until=0
write() { printf '%s\\n' "$1" >"$file.new"; mv -fT -- "$file.new" "$file"; }
`;

const take = (lock: Lock, seconds: number, instead: string): string => `${GUARDED}
if [[ -n $held && $held != ${shWord(lock.id)} && $held != ${shWord(instead || lock.id)} ]] && (( until == 0 || until > now )); then
  cat -- "$file"
  exit 9
fi
expires=${seconds === 0 ? '0' : `$((now + ${seconds}))`}
write ${shWord(lock.id)}$'\\t'"$expires"$'\\t'"$now"$'\\t'${shWord(FIELDS.slice(3).map(name => clean(String(lock[name]))).join('\t'))}`;

const renew = (lock: Lock, seconds: number): string => `${GUARDED}
[[ $held == ${shWord(lock.id)} ]] || exit 9
line=$(<"$file")
rest=\${line#*$'\\t'*$'\\t'}
write ${shWord(lock.id)}$'\\t'"$((now + ${seconds}))"$'\\t'"$rest"`;

const release = (id: string): string => `${GUARDED}
[[ -z $held ]] || [[ $held == ${shWord(id)} ]] || exit 9
rm -f -- "$file"`;

export interface Refusal { readonly host: string; readonly lock: Lock }

/** Hosts on which the lock was tried and could not be asked for, with ssh's words. */
export type Lost = ReadonlyMap<string, string>;

/**
 * Takes the lock on all hosts, in the order of their names, or on none. A lock that has expired, or whose holder was a
 * process of this machine and is dead, is taken over. `seconds` 0 is for ever.
 */
export async function acquire(
  connections: readonly Connection[], lock: Lock, seconds: number, onTakeOver: (refusal: Refusal) => void = () => undefined,
): Promise<{ refused: Refusal | null; lost: Lost }> {
  const lost = new Map<string, string>();
  const taken: Connection[] = [];
  for (const connection of connections) {
    const host = connection.target.name;
    let answer = await connection.run(take(lock, seconds, ''));
    let other = answer.code === 9 ? readLock(answer.stdout) : null;
    if (other && isDead(other)) {
      onTakeOver({ host, lock: other });
      answer = await connection.run(take(lock, seconds, other.id));
      other = answer.code === 9 ? readLock(answer.stdout) : null;
    }
    if (answer.code === 0) {
      taken.push(connection);
    } else if (other) {
      await releaseAll(taken, lock.id);
      return { refused: { host, lock: other }, lost };
    } else if (answer.unreachable !== null) {
      lost.set(host, answer.unreachable);
    } else {
      await releaseAll(taken, lock.id);
      throw new Failure(`${host}: the fleet lock could not be taken: ${answer.stderr.trim() || `exit ${answer.code}`}`);
    }
  }
  return { refused: null, lost };
}

/** Makes the lock good for that many seconds from now. */
export async function renewAll(connections: readonly Connection[], lock: Lock, limit = 8): Promise<void> {
  await eachLimited(connections, limit, connection => connection.run(renew(lock, LEASE), { timeout: 30_000 }));
}

/** Releases the lock of that id; returns the hosts on which that did not work, each with the reason. */
export async function releaseAll(connections: readonly Connection[], id: string, limit = 8): Promise<Lost> {
  const left = new Map<string, string>();
  await eachLimited(connections, limit, async connection => {
    const { code, unreachable, stderr } = await connection.run(release(id), { timeout: 30_000 });
    if (code !== 0 && code !== 9) left.set(connection.target.name, unreachable ?? stderr.trim());
  });
  return left;
}

/** The lock of a host as it is; null if there is none that holds. */
export async function lockOf(connection: Connection): Promise<{ lock: Lock | null; unreachable: string | null }> {
  const { stdout, unreachable } = await connection.run('date +%s; cat /var/lib/vgen/fleet.lock 2>/dev/null || true');
  const [now = '', line = ''] = stdout.split('\n');
  const lock = readLock(line);
  return { lock: lock && (lock.expires === 0 || lock.expires > Number(now)) ? lock : null, unreachable };
}

const time = (seconds: number): string => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z');

/** Who has it, since when, for what, until when. */
export const lockText = (lock: Lock): string =>
  `locked by ${lock.owner} since ${time(lock.since)} for ${lock.action}${lock.commit ? ` of ${lock.commit.slice(0, 12)}` : ''}`
  + `${lock.message ? `: "${lock.message}"` : ''}, ${lock.expires === 0 ? 'until it is unlocked' : `until ${time(lock.expires)}`}`;
