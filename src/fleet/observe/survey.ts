// Many hosts looked at together, and what an apply would do on each.
import type { Host } from '../../contract/model.ts';
import { eachLimited } from '../connect/pool.ts';
import type { Connection } from '../connect/ssh.ts';
import { planFor, type Foretold } from './compare.ts';
import { observe, type Unseen } from './observe.ts';
import type { HostState } from './state.ts';
import { checkTree, readTree, type BuiltTree } from './tree.ts';

/** A host as it was seen, and what an apply would do there. */
export interface Seen { readonly tree: BuiltTree; readonly state: HostState; readonly plan: Foretold }

/** A host, or why it could not be looked at. */
export type Surveyed = Seen | { readonly host: string; readonly problem: string };

export const isSeen = (one: Surveyed): one is Seen => 'state' in one;

/** What an apply would do on a host that was looked at. */
export const foretell = (tree: BuiltTree, state: HostState | Unseen): Surveyed =>
  ('unreachable' in state ? { host: tree.host, problem: state.unreachable } : {
    tree, state, plan: planFor(tree, state),
  });

/** Looks at all hosts at a time, in their order. Throws a Failure when a tree in `out` is missing or not whole. */
export async function survey(
  hosts: readonly Host[], connections: ReadonlyMap<string, Connection>, out: string, limit: number,
): Promise<Surveyed[]> {
  const trees = hosts.map(host => readTree(out, host.name));
  trees.forEach(checkTree);
  const looked = await eachLimited(trees, limit, async tree =>
    foretell(tree, await observe(connections.get(tree.host) as Connection, 'full', tree, { isLast: true })));
  return looked.filter(one => one !== null);
}
