// The fleet lock on hosts: taken on all of them or on none, renewed while its run lives, released (fleet-lock.sh).
import { Failure } from '../../contract/diagnostic.ts';
import { eachLimited } from '../connect/pool.ts';
import { hostScript } from '../connect/script.ts';
import type { ScriptAnswer, Connection } from '../connect/ssh.ts';
import { argsOf, questionsFor, readAnswer, SCRIPT, type Depth, type Unseen } from '../observe/observe.ts';
import type { HostState } from '../observe/state.ts';
import type { BuiltTree } from '../observe/tree.ts';
import { detailsOf, isDead, LEASE, readLock, type Lock } from './lock.ts';

/** A host whose lock somebody else has. */
export interface HeldByOther { readonly host: string; readonly lock: Lock }

/** Hosts on which the lock was tried and could not be asked for, with ssh's words. */
export type Lost = ReadonlyMap<string, string>;

/** What is looked at in the same breath as the lock is taken. */
export interface LockedLook { readonly depth: Depth; readonly tree: BuiltTree | null }

export interface HeldLock {
  readonly refused: HeldByOther | null;
  readonly lost: Lost;
  /** What was seen right after the lock was taken. */
  readonly seen: ReadonlyMap<string, HostState | Unseen>;
}

export interface AcquireOptions {
  readonly onTakeOver?: (other: HeldByOther) => void;
  readonly look?: ((host: string) => LockedLook) | undefined;
}

const fleetLock = (): string => hostScript('src/fleet/guard/fleet-lock.sh');

interface Taken { readonly isTaken: boolean; readonly answer: Promise<ScriptAnswer> }

/** Resolves once the lock is had or is not; `answer` comes when the look is through as well. */
function take(
  connection: Connection, lock: Lock, seconds: number, instead: string, look: LockedLook | undefined,
): Promise<Taken> {
  const words = [lock.id, String(seconds), detailsOf(lock), ...instead === '' ? [] : [instead]];
  if (!look) {
    return connection.run(fleetLock(), { args: ['take', ...words] })
      .then(answer => ({ isTaken: answer.code === 0, answer: Promise.resolve(answer) }));
  }
  const lines: string[] = [];
  return new Promise((resolve, reject) => {
    const answer = connection.run(SCRIPT(), {
      args: [...argsOf(look.depth, look.tree), ...words], stdin: questionsFor(look.depth, look.tree), timeout: 120_000,
      onOut: line => {
        lines.push(line);
        if (lines.length === 1 && line === 'locked') resolve({ isTaken: true, answer });
      },
    }).then(ended => ({ ...ended, stdout: lines.join('\n') }));
    answer.then(() => resolve({ isTaken: lines[0] === 'locked', answer }), reject);
  });
}

/**
 * Takes the lock on all hosts, in the order of their names, or on none; with `look` each host is looked at as soon as
 * its lock is had, beside those after it. A lock that has expired, or whose holder was a process of this machine and is
 * dead, is taken over. `seconds` 0 is for ever.
 */
export async function acquire(
  connections: readonly Connection[], lock: Lock, seconds: number, options: AcquireOptions = {},
): Promise<HeldLock> {
  const lost = new Map<string, string>();
  const taken: Connection[] = [];
  const looks: Promise<readonly [string, HostState | Unseen]>[] = [];
  const giveBack = async (): Promise<void> => {
    await Promise.allSettled(looks);
    await releaseAll(taken, lock.id);
  };
  for (const connection of connections) {
    const host = connection.target.name;
    const look = options.look?.(host);
    let one = await take(connection, lock, seconds, '', look);
    let other = await otherIn(one);
    if (other && isDead(other)) {
      options.onTakeOver?.({ host, lock: other });
      one = await take(connection, lock, seconds, other.id, look);
      other = await otherIn(one);
    }
    if (one.isTaken) {
      taken.push(connection);
      if (look) looks.push(one.answer.then(answer => [host, readAnswer(answer)] as const));
      continue;
    }
    const { unreachable, stderr, code } = await one.answer;
    if (other === null && unreachable !== null) {
      lost.set(host, unreachable);
      continue;
    }
    await giveBack();
    if (other) return { refused: { host, lock: other }, lost, seen: new Map() };
    throw new Failure(`${host}: the fleet lock could not be taken: ${stderr.trim() || `exit ${code}`}`);
  }
  return { refused: null, lost, seen: new Map(await Promise.all(looks)) };
}

async function otherIn({ isTaken, answer }: Taken): Promise<Lock | null> {
  if (isTaken) return null;
  const { code, stdout } = await answer;
  return code === 9 ? readLock(stdout) : null;
}

/** Makes the lock good for that many seconds from now. */
export async function renewAll(connections: readonly Connection[], lock: Lock, limit = 8): Promise<void> {
  const args = ['renew', lock.id, String(LEASE)];
  await eachLimited(connections, limit, connection => connection.run(fleetLock(), { args, timeout: 30_000 }));
}

/** Releases the lock of that id; returns the hosts on which that did not work, each with the reason. */
export async function releaseAll(connections: readonly Connection[], id: string, limit = 8): Promise<Lost> {
  const left = new Map<string, string>();
  await eachLimited(connections, limit, async connection => {
    const { code, unreachable, stderr } = await connection.run(fleetLock(), { args: ['release', id], timeout: 30_000 });
    if (code !== 0 && code !== 9) left.set(connection.target.name, unreachable ?? stderr.trim());
  });
  return left;
}
