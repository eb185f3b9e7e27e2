// The form of the fleet lock: a file on every host that says who is at work there, from which commit,
// why and until when. It keeps two runs over the fleet from interleaving; one thing at a time on one
// host is what the lock on the host sees to.
import { hostname, userInfo } from 'node:os';
import { randomBytes } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { markOf } from '../../process/marks.ts';

export interface Lock {
  /** Who may renew and release it. */
  readonly id: string;
  /** Seconds since 1970 by the host's clock; 0 is never. */
  readonly expires: number;
  readonly since: number;
  readonly owner: string;
  /** The machine and the process that hold it, so that a dead holder is seen there; empty for a manual lock. */
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

/** A lock of this process over that many seconds (0: for ever); a manual one outlives the process. */
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
    return [
      hostname(), readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(), readlinkSync('/proc/self/ns/pid'),
    ]
      .join(' ');
  } catch {
    return '';
  }
}

const processMark = (pid: number): string => {
  const mark = markOf(pid);
  return mark === null ? '' : `${mark.pid} ${mark.start}`;
};

/** Whether the holder was a process of this machine and is gone. */
export const isDead = (lock: Lock): boolean =>
  lock.machine !== '' && lock.machine === thisMachine()
    && processMark(Number(lock.process.split(' ')[0])) !== lock.process;

const FIELDS = ['id', 'expires', 'since', 'owner', 'machine', 'process', 'action', 'commit', 'message'] as const;
/** What a lock is written with, beside its id and times. */
export const detailsOf = (lock: Lock): string => FIELDS.slice(3).map(name => clean(String(lock[name]))).join('\t');

const clean = (text: string): string => text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ').slice(0, 500);

/** Reads the file's one line; null for none. What is not vgen's is a lock of somebody unknown, for ever. */
export function readLock(text: string): Lock | null {
  const line = text.split('\n')[0] ?? '';
  if (line === '') return null;
  const fields = line.split('\t');
  const lock =
    Object.fromEntries(FIELDS.map((name, i) => [name, fields[i] ?? ''])) as Record<typeof FIELDS[number], string>;
  return {
    ...lock, owner: lock.owner || 'somebody unknown', expires: Number(lock.expires) || 0,
    since: Number(lock.since) || 0,
  };
}

/** Beyond the years of four digits a host says nothing that can be meant. */
const LAST = Date.UTC(9999, 11) / 1000;
const time = (seconds: number): string => (seconds >= 0 && seconds < LAST
  ? new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z') : 'a time that is none');

/** Who has it, since when, for what, until when. */
export const lockText = (lock: Lock): string =>
  `locked by ${lock.owner} since ${time(lock.since)} for ${lock.action}${lock.commit ? ` of ${lock.commit.slice(0, 12)}`
    : ''}`
  + `${lock.message ? `: "${lock.message}"`
    : ''}, ${lock.expires === 0 ? 'until it is unlocked' : `until ${time(lock.expires)}`}`;
