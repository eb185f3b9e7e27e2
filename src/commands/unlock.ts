import { otherCommand } from '../process/command-line.ts';
import { Failure } from '../contract/diagnostic.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import type { Connection } from '../fleet/connect/ssh.ts';
import { releaseAll } from '../fleet/guard/hold.ts';
import { lockText, me, type Lock } from '../fleet/guard/lock.ts';
import { observe } from '../fleet/observe/observe.ts';
import type { Output } from '../print/output.ts';
import { defineCommand, flag, type Given } from './declaration.ts';
import { tellLocks } from './fleet/lock-result.ts';
import { connectionOf, hostsOf, withFleet } from './fleet/open.ts';
import { connected } from './options.ts';

const options = { force: flag('remove locks of other users too'), ...connected };

export const command = defineCommand({
  about: 'Removes your locks. Locks of other users are refused (exit code 3) unless --force is given.',
  arguments: {},
  options,
  examples: {
    'vgen unlock': '',
    'vgen unlock --on eu1 --force': '',
  },
  run: unlock,
});

async function unlock(given: Given<typeof options>, output: Output): Promise<number> {
  return withFleet(given, output, hostsOf(given), async fleet => {
    const found = (await eachLimited(fleet.hosts, fleet.limit, async ({ name }) =>
      ({ name, ...await lockOf(connectionOf(fleet, name)) }))).filter(one => one !== null);
    const foreign = found.find(({ lock }) => lock && lock.owner !== me());
    if (foreign?.lock && !given.force) {
      throw new Failure(`${foreign.name} is ${lockText(foreign.lock)}; you are ${me()}. Nothing was unlocked; if `
        + `nobody is at work there: `
        + otherCommand(['unlock', '--on', foreign.name, '--force']), { exit: 3 });
    }
    const lost =
      new Map(found.flatMap(({ name, unreachable }) => (unreachable === null ? [] : [[name, unreachable] as const])));
    for (const { name, lock } of found) {
      if (!lock) continue;
      for (const [host, why] of await releaseAll([connectionOf(fleet, name)], lock.id)) lost.set(host, why);
      output.note(`${name}: was ${lockText(lock)}`);
    }
    const locked = new Set(found.flatMap(({ name, lock }) => (lock ? [name] : [])));
    return tellLocks(fleet, lost, name => (locked.has(name) ? 'unlocked' : 'was not locked'));
  });
}

async function lockOf(connection: Connection): Promise<{ lock: Lock | null; unreachable: string | null }> {
  const state = await observe(connection, 'state', null);
  return 'unreachable' in state ? { lock: null, ...state } : { lock: state.lock, unreachable: null };
}
