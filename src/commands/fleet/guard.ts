// What stands between a wish and an apply: the plan it was agreed to, and the limits of what one apply may touch.
import { Failure } from '../../contract/diagnostic.ts';
import { blast, flagsOf, limitsOf, refusalText, type LimitFlags } from '../../fleet/guard/blast.ts';
import { verify, type PlanFile } from '../../fleet/guard/plan-file.ts';
import type { Seen } from '../../fleet/observe/survey.ts';
import type { Host, Model } from '../../contract/model.ts';
import { otherCommand, sameCommand } from '../../process/command-line.ts';
import type { ConnectedFleet } from './open.ts';

export type GuardOptions = LimitFlags & { readonly out: string };

/** The command that looks anew at the hosts of a plan. */
const newPlan = ({ hosts }: PlanFile): string =>
  otherCommand(['plan', '--save', 'plan.json', '--on', hosts.map(({ host }) => host).join(',')],
    ['inventory', 'out', 'sshConfig']);

/** Of the chosen hosts those that the plan is about. */
export function plannedHosts(plan: PlanFile | null, hosts: readonly Host[], model: Model): readonly Host[] {
  if (plan === null) return hosts;
  const gone = plan.hosts.find(({ host }) => !model.hosts.some(({ name }) => name === host));
  if (gone) throw new Failure(
    `stale plan: ${gone.host} is no longer in the inventory; make a new one: ${newPlan(plan)}`, { exit: 3 },
  );
  return hosts.filter(({ name }) => plan.hosts.some(({ host }) => host === name));
}

/**
 * Throws a Failure with exit 3 for a stale plan, or an apply that goes too far on one of the hosts: then
 * none is touched. The same for a dry run.
 */
export function guard(
  fleet: ConnectedFleet, seen: readonly Seen[], plan: PlanFile | null, options: GuardOptions,
): void {
  const stale = plan === null ? [] : verify(plan, seen);
  if (stale.length) throw new Failure(
    `stale plan: ${stale.join('; ')}. Nothing was touched; look at a new one: ${newPlan(plan as PlanFile)}`,
    { exit: 3 },
  );
  const limits = limitsOf(fleet.model, options);
  const refusals = seen.flatMap(one => blast(one.plan, one.state, limits));
  if (refusals.length) {
    throw new Failure(
      `this goes further than an apply may; nothing was touched.\n${refusalText(refusals)}\n`
        + `if all of that is meant: ${sameCommand(flagsOf(refusals))}`, { exit: 3 },
    );
  }
}
