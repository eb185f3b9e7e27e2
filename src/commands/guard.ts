// What stands between a wish and an apply: the plan it was agreed to, and the limits of what one apply may touch.
import { Failure } from '../contract/diagnostic.ts';
import { AREAS, blast, limitsOf, refusalText, type LimitFlags } from '../fleet/guard/blast.ts';
import { readPlan, verify, type PlanFile } from '../fleet/guard/plan-file.ts';
import type { Seen } from '../fleet/observe/survey.ts';
import type { Host, Model } from '../contract/model.ts';
import type { Fleet } from './fleet.ts';

export interface GuardOptions extends LimitFlags { readonly out: string }

/** Reads the plan that an apply is bound to; checks what flags say. Throws a Failure for what makes no sense. */
export function boundTo(file: string | undefined, { maxChanged, maxDeleted, maxRestarts, allow = [] }: GuardOptions): PlanFile | null {
  const shares = [['--max-changed', maxChanged], ['--max-deleted', maxDeleted]] as const;
  for (const [flag, value] of shares) {
    if (value !== undefined && !/^(100|[1-9]?[0-9])%?$/.test(value)) throw new Failure(`${flag} wants a share such as 80%, not "${value}"`);
  }
  if (maxRestarts !== undefined && !/^[0-9]{1,4}$/.test(maxRestarts)) throw new Failure(`--max-restarts wants a number, not "${maxRestarts}"`);
  const unknown = allow.find(area => !(AREAS as readonly string[]).includes(area));
  if (unknown !== undefined) throw new Failure(`--allow wants ${AREAS.join(', ')}, not "${unknown}"`);
  return file === undefined ? null : readPlan(file);
}

/** Of the chosen hosts those that the plan is about. */
export function plannedHosts(plan: PlanFile | null, hosts: readonly Host[], model: Model): readonly Host[] {
  if (plan === null) return hosts;
  const gone = plan.hosts.find(({ host }) => !model.hosts.some(({ name }) => name === host));
  if (gone) throw new Failure(`stale plan: ${gone.host} is no longer in the inventory; make a new one with "vgen plan --out FILE"`, { exit: 3 });
  return hosts.filter(({ name }) => plan.hosts.some(({ host }) => host === name));
}

/**
 * Throws a Failure with exit 3 for a stale plan, or an apply that goes too far on one of the hosts: then none is touched.
 * The same for a dry run.
 */
export function guard(fleet: Fleet, seen: readonly Seen[], plan: PlanFile | null, options: GuardOptions): void {
  const stale = plan === null ? [] : verify(plan, seen);
  if (stale.length) throw new Failure(`stale plan: ${stale.join('; ')}. Nothing was touched; look at a new one: vgen plan --out FILE`, { exit: 3 });
  const limits = limitsOf(fleet.model, options);
  const refusals = seen.flatMap(one => blast(one.plan, one.state, limits));
  if (refusals.length) throw new Failure(`this goes further than an apply may; nothing was touched.\n${refusalText(refusals)}`, { exit: 3 });
}
