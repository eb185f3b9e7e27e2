// What leads into a host (sshd, firewall, network, a tunnel to sshd) is put back by
// the host unless somebody comes in anew.
import { setTimeout as wait } from 'node:timers/promises';
import { act, type Acted, type Following } from './action.ts';
import type { Connection } from '../connect/ssh.ts';
import { observe } from '../observe/observe.ts';

/**
 * A change of sshd, firewall or tunnel waits for proof that a new connection can be made, and reverts by itself without
 * it. Returns why it was reverted; null if nothing waits or it is confirmed.
 * @param seconds until it reverts, as was seen; null if nothing waits
 */
export async function confirm(
  connection: Connection, seconds: number | null, { say }: Following,
): Promise<string | null> {
  if (seconds === null) return null;
  say('confirming over a new connection');
  const until = Date.now() + seconds * 1000;
  let why: string;
  do {
    const { code, unreachable, stderr } =
      await connection.run('exec /opt/vgen/bin/vgen confirm', { fresh: true, timeout: 15_000 });
    if (code === 0) return null;
    why = unreachable ?? stderr.trim().split('\n').at(-1) ?? '';
    if (unreachable === null) break;
    await wait(1000);
  } while (Date.now() < until);
  say('waiting for the host to revert');
  await wait(Math.max(0, until - Date.now()) + 5000);
  return `it reverted by itself, because it could not be confirmed over a new connection: ${why}`;
}

/**
 * The configuration of generation `to`, or of the last good one before this; confirmed where it changes a way in.
 * @param edits what to do about local edits: `--adopt`, `--force`, or nothing, which refuses them
 */
export async function backTo(
  connection: Connection, to: number | null, edits: readonly string[], following: Following,
): Promise<Acted> {
  const words = ['/opt/vgen/bin/vgen', 'rollback', '--host', ...to === null ? [] : [String(to)], ...edits];
  const acted = await act(connection, words, following);
  if (acted.code !== 0 || acted.lost) return acted;
  const after = await observe(connection, 'state', null);
  const reverted = 'unreachable' in after ? null : await confirm(connection, after.unconfirmed, following);
  return reverted === null ? acted : { ...acted, code: 1, why: reverted };
}
