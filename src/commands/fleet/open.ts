// Opens the fleet for a command: the inventory, the hosts that are meant, connections, progress, signals.
import { chooseHosts, targetOf } from '../../fleet/connect/targets.ts';
import { Failure } from '../../contract/diagnostic.ts';
import { readFleet, type FleetInventory } from '../../fleet/connect/inventory.ts';
import { observe, type Depth, type Unseen } from '../../fleet/observe/observe.ts';
import type { HostState } from '../../fleet/observe/state.ts';
import type { BuiltTree } from '../../fleet/observe/tree.ts';
import { defaultParallel, eachLimited } from '../../fleet/connect/pool.ts';
import { Session, type Connection } from '../../fleet/connect/ssh.ts';
import type { Host, Model } from '../../contract/model.ts';
import { knownNames } from '../../kit/nearest.ts';
import { FleetProgress } from '../../print/fleet-progress.ts';
import type { Output } from '../../print/output.ts';
import type { Given } from '../declaration.ts';
import type { connected } from '../options.ts';

/** The options of all commands that connect to hosts. */
export type ConnectOptions = Given<typeof connected>;

export interface ConnectedFleet {
  readonly model: Model;
  readonly source: FleetInventory['source'];
  /** The hosts that are meant, sorted by name. */
  readonly hosts: readonly Host[];
  readonly connections: ReadonlyMap<string, Connection>;
  readonly limit: number;
  readonly progress: FleetProgress;
  readonly output: Output;
  /** Aborted by the first Ctrl-C. */
  readonly stop: AbortSignal;
}

const SIGNALS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/**
 * Opens the fleet for one command and closes it however the command ends. Returns the exit code: 1 for a wrong
 * inventory, 130 after Ctrl-C (a second one ends at once), else what `body` returns.
 */
export async function withFleet(
  options: ConnectOptions, output: Output, choose: (model: Model) => readonly Host[],
  body: (fleet: ConnectedFleet) => Promise<number>,
): Promise<number> {
  const inventory = await readFleet(options.inventory);
  const { model } = inventory;
  if (!model) {
    output.data(output.diagnostics(inventory));
    return 1;
  }
  const hosts = choose(model);
  const limit = options.parallel ?? defaultParallel();
  const session = new Session(options.sshConfig);
  const progress = await FleetProgress.start(output);
  const stop = new AbortController();
  let signalled: number | null = null;
  const handlers = Object.entries(SIGNALS).map(([name, code]) => [name, (): void => {
    if (signalled !== null) {
      session.abandon();
      process.exit(code);
    }
    signalled = code;
    progress.note('stopping: no further host is begun, what runs on hosts goes on there; once more ends at once');
    stop.abort();
  }] as const);
  for (const [name, handler] of handlers) process.on(name, handler);
  try {
    const code = await body({
      model, source: inventory.source, hosts, limit, progress, output, stop: stop.signal,
      connections: new Map(hosts.map(host => [host.name, session.connect(targetOf(host))])),
    });
    return signalled ?? code;
  } catch (cause) {
    // what failed because it was stopped is no failure
    if (signalled === null || !(cause instanceof Failure)) throw cause;
    output.note(`vgen: ${cause.message}`);
    return signalled;
  } finally {
    progress.end();
    await session.close();
    for (const [name, handler] of handlers) process.off(name, handler);
  }
}

/** The hosts of `--on`; with an app, of these the ones that run it. Throws a Failure when there are none. */
export const hostsOf = (options: ConnectOptions, app: string | null = null) => (model: Model): readonly Host[] => {
  const chosen = chooseHosts(model, options.on);
  if (app === null) return chosen;
  const found = model.apps.find(({ name }) => name === app);
  if (!found) {
    throw new Failure(`unknown app "${app}"; ${knownNames(app, model.apps.map(({ name }) => name), 'known apps')}`);
  }
  const running = chosen.filter(host => found.hosts.has(host));
  if (running.length === 0) throw new Failure(`${app} runs on none of ${chosen.map(({ name }) => name).join(', ')}`);
  return running;
};

export const connectionOf = (fleet: ConnectedFleet, host: string): Connection =>
  fleet.connections.get(host) as Connection;

/** Looks at all hosts at once; `trees` is what they should have. */
export async function observeAll(
  fleet: ConnectedFleet, depth: Depth, trees: ReadonlyMap<string, BuiltTree> = new Map(),
): Promise<Map<string, HostState | Unseen>> {
  const all = await eachLimited(fleet.hosts, fleet.limit, async ({ name }) =>
    [name, await observe(connectionOf(fleet, name), depth, trees.get(name) ?? null, { signal: fleet.stop })] as const);
  return new Map(all.filter(one => one !== null));
}
