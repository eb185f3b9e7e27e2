import { Failure } from '../contract/diagnostic.ts';
import { acquire } from '../fleet/guard/hold.ts';
import { lockText, me, newLock } from '../fleet/guard/lock.ts';
import { milliseconds } from '../fleet/rollout.ts';
import { defineCommand, value } from './declaration.ts';
import { tellLocks } from './fleet/lock-result.ts';
import { hostsOf, withFleet } from './fleet/open.ts';
import { connected, message } from './options.ts';

export const command = defineCommand({
  about: 'Nobody can apply, deploy, switch or roll back on them meanwhile. All hosts are locked or none (exit code 3).',
  arguments: {},
  options: {
    message: { ...message, isRequired: true },
    for: value('<time>', 'how long, such as 2h (default: until "vgen unlock")', { read: milliseconds }),
    ...connected,
  },
  examples: {
    'vgen lock --message "freeze for the audit" --for 8h': '',
    'vgen lock --on eu1 --message "replacing a disk"': '',
  },
  run(given, output) {
    const seconds = given.for === undefined ? 0 : Math.max(1, Math.round(given.for / 1000));
    return withFleet(given, output, hostsOf(given), async fleet => {
      const wanted = newLock('a manual lock', { message: given.message ?? '', byHand: true });
      const { refused, lost } = await acquire([...fleet.connections.values()], wanted, seconds);
      if (refused) throw new Failure(`${refused.host} is ${lockText(refused.lock)}; nothing was locked`, { exit: 3 });
      return tellLocks(fleet, lost, () => `locked by ${me()}`);
    });
  },
});
