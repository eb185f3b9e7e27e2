// Runs one script on all hosts and prints what it says.
import { eachLimited } from '../../fleet/connect/pool.ts';
import { connectionOf, type ConnectedFleet } from './open.ts';

/** What a script said on a host. */
export interface Said { host: string; code: number; unreachable: string | null; stdout: string; stderr: string }

/** Runs a script on all hosts and prints what it says, each line with its host before it. */
export async function everywhere(fleet: ConnectedFleet, script: string, args: readonly string[] = []): Promise<Said[]> {
  const { output } = fleet;
  const said = await eachLimited(fleet.hosts, fleet.limit, async ({ name }): Promise<Said> => {
    const lines = output.json ? {} : {
      onOut: (line: string) => output.say(`${output.paint('cyan', `${name}:`)} ${line}`),
      onErr: (line: string) => output.note(`${name}: ${line}`),
    };
    const answer = await connectionOf(fleet, name).run(script, { ...lines, args, signal: fleet.stop });
    if (answer.unreachable !== null && !fleet.stop.aborted) output.note(`${name}: unreachable: ${answer.unreachable}`);
    return { host: name, ...answer };
  });
  return said.filter(one => one !== null);
}

/** 2 where a host could not be reached, 1 where the script failed. */
export const exitOfAll = (said: readonly Said[]): number =>
  (said.some(({ unreachable }) => unreachable !== null) ? 2 : said.some(({ code }) => code !== 0) ? 1 : 0);
