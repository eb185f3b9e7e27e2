// What lock and unlock print.
import type { ConnectedFleet } from './open.ts';

/** Prints what came of each host and returns the exit code: 2 where one could not be reached. */
export function tellLocks(
  fleet: ConnectedFleet, lost: ReadonlyMap<string, string>, textOf: (host: string) => string,
): number {
  const results = fleet.hosts.map(({ name }) => ({
    host: name, result: lost.has(name) ? 'unreachable' : textOf(name), why: lost.get(name) ?? '',
  }));
  for (const { host, result, why } of results) fleet.output.say(`${host}: ${why ? `${result}: ${why}` : result}`);
  fleet.output.data({ hosts: results });
  return lost.size ? 2 : 0;
}
