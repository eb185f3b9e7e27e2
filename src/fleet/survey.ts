// Many hosts looked at together: what plan, drift and an apply with its guards begin with.
import { Failure } from '../diagnostic.ts';
import type { Host } from '../model.ts';
import { planFor } from './compare.ts';
import { lookAt } from './live.ts';
import type { Seen } from './plan-file.ts';
import { defaultParallel, eachLimited } from './pool.ts';
import type { Session } from './ssh.ts';
import { targetOf } from './targets.ts';
import { readTree } from './tree.ts';

/** A host, or why it could not be looked at. */
export type Looked = Seen | { readonly host: string; readonly problem: string };

export const isSeen = (one: Looked): one is Seen => 'state' in one;

/** Looks at all hosts at a time, in their order. Throws a Failure when a tree in `out` is missing or not whole. */
export async function survey(session: Session, hosts: readonly Host[], out: string, parallel = defaultParallel()): Promise<Looked[]> {
  const trees = hosts.map(host => ({ host, tree: readTree(out, host.name) }));
  const looked = await eachLimited(trees, parallel, async ({ host, tree }): Promise<Looked> => {
    try {
      const state = await lookAt(session.connect(targetOf(host)), tree);
      return { tree, state, plan: planFor(tree, state) };
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause;
      return { host: host.name, problem: cause.message };
    }
  });
  return looked.filter(one => one !== null);
}
