// A plan as a file: what was seen and agreed to. An apply that is given one does that and nothing else: if the tree or
// the host is another one by now, it is refused.
import { readFileSync, writeFileSync } from 'node:fs';
import { Failure } from '../../contract/diagnostic.ts';
import type { Seen } from '../observe/survey.ts';
import { shWord } from '../../escape/sh.ts';
import { isSystemError, systemFailure } from '../../process/system-error.ts';

export interface PlannedHost {
  readonly host: string;
  /** The id of the tree in out/. */
  readonly tree: string;
  readonly generation: number | null;
  /** Stands for all that was seen on the host. */
  readonly live: string;
  readonly changes: number;
  readonly actions: readonly string[];
}

export interface PlanFile { readonly version: 1; readonly hosts: readonly PlannedHost[] }

/** What the file holds; the same for the same hosts and trees. */
export const planFileOf = (seen: readonly Seen[]): PlanFile => ({
  version: 1,
  hosts: seen.map(({ tree, state, plan }) => ({
    host: tree.host, tree: tree.id, generation: state.generation, live: state.seal,
    changes: plan.changes.length, actions: plan.actions.map(({ action, what }) => `${action} ${what}`),
  })),
});

/** Writes it; throws a Failure when that does not work. */
export function writePlan(path: string, plan: PlanFile): void {
  try {
    writeFileSync(path, `${JSON.stringify(plan, null, 2)}\n`);
  } catch (cause) {
    throw isSystemError(cause) ? systemFailure(cause, path) : cause;
  }
}

/** Reads a plan; throws a Failure when it is none. */
export function readPlan(path: string): PlanFile {
  let plan: unknown;
  try {
    plan = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw isSystemError(cause) ? systemFailure(cause, path)
      : new Failure(`${path} is no plan: it is not JSON`, { cause });
  }
  const { version, hosts } = (plan ?? {}) as Partial<PlanFile>;
  const isHost = (one: unknown): boolean => typeof one === 'object' && one !== null
    && ['host', 'tree', 'live'].every(key => typeof (one as Record<string, unknown>)[key] === 'string');
  if (version !== 1 || !Array.isArray(hosts) || !hosts.every(isHost)) {
    throw new Failure(`${path} is no plan of this version of vgen; make it anew with "vgen plan --save `
      + `${shWord(path)}"`);
  }
  return plan as PlanFile;
}

/**
 * Why the plan is good no more, one sentence each; nothing if tree and hosts are those that it was made for.
 * @param seen every host that shall be applied, looked at now
 */
export function verify({ hosts }: PlanFile, seen: readonly Seen[]): string[] {
  const planned = new Map(hosts.map(one => [one.host, one]));
  const generation = (number: number | null): string => (number === null ? 'no generation' : `generation ${number}`);
  return seen.flatMap(({ tree, state }) => {
    const was = planned.get(tree.host);
    if (!was) return [`${tree.host} is not in the plan`];
    if (was.tree !== tree.id) return [
      `${tree.host}: the tree in out/ changed since the plan (${was.tree.slice(0, 12)}, now ${tree.id.slice(0, 12)})`,
    ];
    if (was.generation !== state.generation) return [
      `${tree.host}: the host is at ${generation(state.generation)}, the plan was made `
        + `at ${generation(was.generation)}`,
    ];
    return was.live === state.seal ? [] : [`${tree.host}: something on the host changed since the plan`];
  });
}
