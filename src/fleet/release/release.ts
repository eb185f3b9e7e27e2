// Releases of an app on one host: deployed to next, switched to live, rolled back.
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { Failure } from '../../contract/diagnostic.ts';
import { act, type Following } from '../apply/action.ts';
import { backTo } from '../apply/confirm.ts';
import { notDone } from '../apply/apply.ts';
import { hostScript } from '../connect/script.ts';
import { observe } from '../observe/observe.ts';
import { statusOf, type HostState } from '../observe/state.ts';
import type { HostResult } from '../result.ts';
import type { Connection } from '../connect/ssh.ts';

const vgen = '/opt/vgen/bin/vgen';
const artifacts = '/var/lib/vgen/artifacts';

/** A name for what is deployed, the same on all hosts: the time and the first digits of its sha256. */
export function releaseId(artifact: string, now = new Date()): string {
  if (!existsSync(artifact)) throw new Failure(`there is no ${artifact}`);
  const hash = createHash('sha256');
  const add = (path: string, name: string): void => {
    const stat = name === '' ? statSync(path) : lstatSync(path);
    if (stat.isDirectory()) {
      for (const entry of readdirSync(path).sort()) add(join(path, entry), `${name}/${entry}`);
    } else {
      hash.update(`${name}\0${stat.mode & 0o111}\0`)
        .update(stat.isSymbolicLink() ? readlinkSync(path) : readFileSync(path));
    }
  };
  add(artifact, '');
  return `${now.toISOString().replaceAll(/[-:]|\.\d+/g, '')}-${hash.digest('hex').slice(0, 8)}`;
}

async function command(
  connection: Connection, looked: HostState, run: () => ReturnType<typeof act>,
): Promise<HostResult> {
  const began = Date.now();
  const acted = await run();
  const after = acted.lost ? null : await observe(connection, 'state', null);
  return {
    host: connection.target.name, result: notDone(acted) ?? 'done', why: acted.why, was: statusOf(looked),
    is: after === null || 'unreachable' in after ? null : statusOf(after), seconds: (Date.now() - began) / 1000,
  };
}

/**
 * Sends the artifact, and puts it into the next slot of the app; live is untouched. The host keeps the release alone.
 */
export function deployHost(
  connection: Connection, looked: HostState, app: string, artifact: string, release: string, following: Following,
): Promise<HostResult> {
  const remote = `${artifacts}/${release}`;
  return command(connection, looked, async () => {
    following.say('sending the release');
    const into = statSync(artifact).isDirectory() ? `${remote}/${basename(artifact)}` : remote;
    const sent = await connection.push(artifact, into, { signal: following.signal });
    if (following.signal.aborted) return { code: null, why: 'stopped before it was deployed', lost: 'left' };
    if (sent.unreachable !== null) return { code: null, why: sent.unreachable, lost: 'unreachable' };
    if (sent.code !== 0) return { code: 2, why: `rsync: ${sent.stderr.trim().split('\n')[0] ?? ''}`, lost: null };
    const words = [vgen, 'deploy', app, `${remote}/${basename(artifact)}`, '--release', release];
    const acted = await act(connection, words, following);
    // what a run that goes on without us still reads stays; the next deploy removes what is older than a day
    if (!acted.lost) {
      await connection.run(hostScript('src/fleet/release/forget-artifact.sh'), {
        args: [remote, artifacts], timeout: 60_000,
      });
    }
    return acted;
  });
}

/** Makes the next slot live. */
export const switchHost =
  (connection: Connection, looked: HostState, app: string, following: Following): Promise<HostResult> =>
    command(connection, looked, () => act(connection, [vgen, 'switch', app], following));

/** Makes the release live that was live before. */
export const rollBackHost =
  (connection: Connection, looked: HostState, app: string, following: Following): Promise<HostResult> =>
    command(connection, looked, () => act(connection, [vgen, 'rollback', app], following));

/** The configuration of the generation before, or of generation `to`. */
export const rollBackConfiguration = (
  connection: Connection, looked: HostState, to: number | null, edits: readonly string[], following: Following,
): Promise<HostResult> => command(connection, looked, () => backTo(connection, to, edits, following));

/** Takes a switch back. */
export async function switchBack(
  connection: Connection, result: HostResult, app: string, following: Following,
): Promise<HostResult> {
  const acted = await act(connection, [vgen, 'rollback', app], following);
  const looked = await observe(connection, 'state', null);
  const is = 'unreachable' in looked ? null : statusOf(looked);
  return acted.code === 0 ? { ...result, result: 'back', why: 'switched back, since others failed', is }
    : { ...result, result: 'failed', why: `switched, and could not be switched back: ${acted.why}`, is };
}
