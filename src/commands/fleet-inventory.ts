// How every command that goes to hosts begins: the inventory, the hosts that are meant, the connections.
import { Failure } from '../diagnostic.ts';
import { readFleet } from '../fleet/inventory.ts';
import { Session } from '../fleet/ssh.ts';
import { chooseHosts } from '../fleet/targets.ts';
import type { Host, Model } from '../model.ts';
import { count, type Output } from './output.ts';

export interface OnHosts {
  readonly out: string;
  readonly on?: readonly string[];
  readonly sshConfig?: string;
  readonly parallel?: string;
}

/** The model, or null when the inventory is wrong; then that was said. */
export async function readModel(files: readonly string[], output: Output): Promise<Model | null> {
  const read = await readFleet(files);
  if (read.model !== null) return read.model;
  output.data(output.diagnostics(read));
  return null;
}

/** The hosts that are meant; throws a Failure when there are none. */
export function hostsOf(model: Model, on: readonly string[] | undefined): Host[] {
  const hosts = chooseHosts(model, on);
  if (hosts.length === 0) throw new Failure('the inventory has no hosts');
  return hosts;
}

/** Runs `use` with connections that are ended afterwards, also by Ctrl-C. */
export async function withSession<T>(options: Pick<OnHosts, 'sshConfig'>, use: (session: Session) => Promise<T>): Promise<T> {
  const session = options.sshConfig === undefined ? new Session() : new Session(options.sshConfig);
  const end = (): void => {
    session.abandon();
    process.exit(130);
  };
  process.once('SIGINT', end).once('SIGTERM', end);
  try {
    return await use(session);
  } finally {
    process.off('SIGINT', end).off('SIGTERM', end);
    await session.close();
  }
}

/** A number of hosts at a time; throws a Failure for anything else. */
export function parallelOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (!/^[1-9][0-9]{0,3}$/.test(text)) throw new Failure(`--parallel wants a number from 1 to 9999, not "${text}"`);
  return Number(text);
}

export const hosts = (n: number): string => count(n, 'host');
