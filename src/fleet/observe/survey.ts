// Many hosts looked at together: what plan, drift and an apply with its guards begin with.
import { Failure } from '../../contract/diagnostic.ts';
import type { Host } from '../../contract/model.ts';
import { planFor } from './compare.ts';
import { lookAt } from './live.ts';
import type { Seen } from '../guard/plan-file.ts';
import { eachLimited } from '../connect/pool.ts';
import type { Connection } from '../connect/ssh.ts';
import { readTree, type BuiltTree } from './tree.ts';

/** A host, or why it could not be looked at. */
export type Looked = Seen | { readonly host: string; readonly problem: string };

export const isSeen = (one: Looked): one is Seen => 'state' in one;

/** Looks at all hosts at a time, in their order. Throws a Failure when a tree in `out` is missing or not whole. */
export async function survey(hosts: readonly Host[], connections: ReadonlyMap<string, Connection>, out: string, limit: number): Promise<Looked[]> {
  const trees = hosts.map(host => readTree(out, host.name));
  const looked = await eachLimited(trees, limit, tree => lookAtOne(connections.get(tree.host) as Connection, tree));
  return looked.filter(one => one !== null);
}

/** Looks at one host. */
export async function lookAtOne(connection: Connection, tree: BuiltTree): Promise<Looked> {
  try {
    const state = await lookAt(connection, tree);
    return { tree, state, plan: planFor(tree, state) };
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    return { host: tree.host, problem: cause.message };
  }
}
