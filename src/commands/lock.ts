import { Failure } from '../contract/diagnostic.ts';
import { acquire, releaseAll } from '../fleet/guard/hold.ts';
import { lockText, me, newLock, type Lock } from '../fleet/guard/lock.ts';
import { observe } from '../fleet/observe/observe.ts';
import type { Connection } from '../fleet/connect/ssh.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import { milliseconds } from '../fleet/rollout.ts';
import { connectionOf, hostsOf, withFleet, type Fleet, type FleetOptions } from './fleet.ts';
import type { Output } from '../print/output.ts';

/** Locks hosts for everybody, by hand, until they are unlocked or the time is over. All of them or none. */
export async function lock(options: FleetOptions & { message: string; for?: string }, output: Output): Promise<number> {
  const seconds = options.for === undefined ? 0 : Math.max(1, Math.round(milliseconds(options.for) / 1000));
  return withFleet(options, output, hostsOf(options), async fleet => {
    const { refused, lost } = await acquire([...fleet.connections.values()], newLock('a lock by hand', { message: options.message, byHand: true }), seconds);
    if (refused) throw new Failure(`${refused.host} is ${lockText(refused.lock)}; nothing was locked`, { exit: 3 });
    return tell(fleet, lost, `locked by ${me()}`);
  });
}

/** Unlocks hosts that the user has locked; with `force` also those of others. */
export async function unlock(options: FleetOptions & { force?: boolean }, output: Output): Promise<number> {
  return withFleet(options, output, hostsOf(options), async fleet => {
    const found = (await eachLimited(fleet.hosts, fleet.limit, async ({ name }) => ({ name, ...await lockOf(connectionOf(fleet, name)) }))).filter(one => one !== null);
    const foreign = found.find(({ lock: one }) => one && one.owner !== me());
    if (foreign?.lock && !options.force) {
      throw new Failure(`${foreign.name} is ${lockText(foreign.lock)}; you are ${me()}. Nothing was unlocked; if nobody is at work there: `
        + `vgen unlock --on ${foreign.name} --force`, { exit: 3 });
    }
    const lost = new Map(found.flatMap(({ name, unreachable }) => (unreachable === null ? [] : [[name, unreachable] as const])));
    for (const { name, lock: one } of found) {
      if (!one) continue;
      for (const [host, why] of await releaseAll([connectionOf(fleet, name)], one.id)) lost.set(host, why);
      output.note(`${name}: was ${lockText(one)}`);
    }
    return tell(fleet, lost, 'unlocked');
  });
}

async function lockOf(connection: Connection): Promise<{ lock: Lock | null; unreachable: string | null }> {
  const state = await observe(connection, 'state', null);
  return 'unreachable' in state ? { lock: null, ...state } : { lock: state.lock, unreachable: null };
}

function tell(fleet: Fleet, lost: ReadonlyMap<string, string>, text: string): number {
  for (const { name } of fleet.hosts) fleet.output.say(`${name}: ${lost.has(name) ? `unreachable: ${lost.get(name) ?? ''}` : text}`);
  fleet.output.data({ hosts: fleet.hosts.map(({ name }) => ({ host: name, result: lost.has(name) ? 'unreachable' : text, why: lost.get(name) ?? '' })) });
  return lost.size ? 2 : 0;
}
