// What stands between a wish and an apply: the plan it was agreed to, and the limits of what one apply may touch.
import { Failure } from '../../contract/diagnostic.ts';
import { blast, flagsOf, limitsOf, refusalText, type LimitFlags } from '../../fleet/guard/blast.ts';
import { verify, type PlanFile } from '../../fleet/guard/plan-file.ts';
import type { Seen } from '../../fleet/observe/survey.ts';
import type { Host, Model } from '../../contract/model.ts';
import { otherCommand, sameCommand } from '../../process/command-line.ts';
import type { ConnectedFleet } from './open.ts';

export type GuardOptions = LimitFlags & { readonly out: string };

/** The command that looks anew at hosts of a plan, and writes it to the same file. */
export const newPlan = (path: string, hosts: readonly string[]): string =>
  otherCommand(['plan', '--save', path, '--on', hosts.join(',')], ['inventory', 'out', 'sshConfig']);

/** A plan with the file that it was read from. */
export interface GivenPlan { readonly path: string; readonly plan: PlanFile }

/** Of the chosen hosts those that the plan is about. */
export function plannedHosts(given: GivenPlan | null, hosts: readonly Host[], model: Model): readonly Host[] {
  if (given === null) return hosts;
  const { path, plan } = given;
  const isThere = (name: string): boolean => model.hosts.some(host => host.name === name);
  const gone = plan.hosts.find(({ host }) => !isThere(host));
  const left = plan.hosts.map(({ host }) => host).filter(isThere);
  if (gone) throw new Failure(`stale plan: ${gone.host} is no longer in the inventory${
    left.length ? `; make a new one: ${newPlan(path, left)}` : ''}`, { exit: 3 });
  return hosts.filter(({ name }) => plan.hosts.some(({ host }) => host === name));
}

/**
 * Throws a Failure with exit 3 for a stale plan, or an apply that goes too far on one of the hosts: then
 * none is touched. The same for a dry run.
 */
export function guard(
  fleet: ConnectedFleet, seen: readonly Seen[], given: GivenPlan | null, options: GuardOptions,
): void {
  const stale = given === null ? [] : verify(given.plan, seen);
  if (given !== null && stale.length) {
    throw new Failure(`stale plan: ${stale.join('; ')}. Nothing was touched; look at a new one: ${
      newPlan(given.path, fleet.hosts.map(({ name }) => name))}`, { exit: 3 });
  }
  const limits = limitsOf(fleet.model, options);
  const refusals = seen.flatMap(one => blast(one.plan, one.state, limits));
  if (refusals.length) {
    throw new Failure(
      `this goes further than an apply may; nothing was touched.\n${refusalText(refusals)}\n`
        + `if all of that is meant: ${sameCommand(flagsOf(refusals))}`, { exit: 3 },
    );
  }
}
