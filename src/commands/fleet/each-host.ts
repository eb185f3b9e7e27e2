// Does something with each of some hosts; what fails on one is its answer and ends nothing.
import { Failure } from '../../contract/diagnostic.ts';
import { eachLimited } from '../../fleet/connect/pool.ts';
import type { Connection } from '../../fleet/connect/ssh.ts';
import { connectionOf, type ConnectedFleet } from './open.ts';

/** What a host answered, or why there is no answer. */
export type Told<T> = { readonly host: string } & ({ readonly answer: T } | { readonly problem: string });

/** Does the work on the hosts that `wanted` names, so many at a time as the fleet allows. */
export async function eachHost<W extends { readonly host: string }, T>(
  fleet: ConnectedFleet, wanted: readonly W[], work: (connection: Connection, one: W) => Promise<T>,
): Promise<Told<T>[]> {
  const told = await eachLimited(wanted, fleet.limit, async (one): Promise<Told<T>> => {
    try {
      return { host: one.host, answer: await work(connectionOf(fleet, one.host), one) };
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause;
      return { host: one.host, problem: cause.message };
    }
  });
  fleet.progress.end();
  return told.filter(one => one !== null);
}
