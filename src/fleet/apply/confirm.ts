// What leads into a host (sshd, firewall, network, a tunnel to sshd) is put back by the host unless somebody comes in anew.
import { setTimeout as wait } from 'node:timers/promises';
import { act, type Acted, type Following } from './action.ts';
import type { Connection } from '../connect/ssh.ts';

/**
 * A change of sshd, firewall or tunnel waits for proof that a new connection can be made, and reverts by itself without
 * it. Returns why it was reverted; null if nothing waits or it is confirmed.
 */
export async function confirm(connection: Connection, { say }: Following): Promise<string | null> {
  const asked = await connection.run('[[ ! -x /opt/vgen/bin/confirm.sh ]] || /opt/vgen/bin/status.sh --json', { timeout: 60_000 });
  const left = secondsLeft(asked.stdout);
  if (left === null) return null;
  say('confirming over a new connection');
  const until = Date.now() + left * 1000;
  let why: string;
  do {
    const { code, unreachable, stderr } = await connection.run('/opt/vgen/bin/confirm.sh', { fresh: true, timeout: 15_000 });
    if (code === 0) return null;
    why = unreachable ?? stderr.trim().split('\n').at(-1) ?? '';
    if (unreachable === null) break;
    await wait(1000);
  } while (Date.now() < until);
  say('waiting for the host to revert');
  await wait(Math.max(0, until - Date.now()) + 5000);
  return `it reverted by itself, because it could not be confirmed over a new connection: ${why}`;
}

/** Seconds until the host reverts what is not confirmed; null if all is. */
export function secondsLeft(status: string): number | null {
  try {
    const { unconfirmed } = JSON.parse(status) as { unconfirmed?: { seconds?: number } | null };
    return unconfirmed ? unconfirmed.seconds ?? 0 : null;
  } catch {
    return null;
  }
}

/** The configuration of generation `to`, or of the last good one before this; confirmed where it changes a way in. */
export async function backTo(connection: Connection, to: number | null, following: Following): Promise<Acted> {
  const acted = await act(connection, `/opt/vgen/bin/rollback.sh --host${to === null ? '' : ` ${to}`}`, following);
  const reverted = acted.code === 0 && !acted.lost ? await confirm(connection, following) : null;
  return reverted === null ? acted : { ...acted, code: 1, why: reverted };
}
