/**
 * The rehearsal: what happens to real hosts, in the order in which it will. In: a booted fleet and, per host, its tree
 * and its apps. Out: one Step per thing done. A step that fails ends what follows it on that host or for that app.
 */
import { availableParallelism } from 'node:os';
import type { Proof } from '../contract/proof.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import type { Fleet } from './fleet.ts';
import type { RehearsalHost } from './host.ts';
import { install, type LeftOut } from './installing.ts';
import type { HostRehearsal } from './plan.ts';
import { keptOf, liveKey, prove, type RehearsalState } from './proving.ts';
import { noted, type OnStep } from './step.ts';
import { substitute } from './substitutes.ts';
import { rehearseApp, type Amounts, type Rehearsed } from './switching.ts';
import { spreadTrust } from './trust.ts';

/** Runs it all and tells each step when it has ended. */
export async function rehearse(
  fleet: Fleet, plans: readonly HostRehearsal[], amounts: Amounts, onStep: OnStep, proofs: readonly Proof[] = [],
): Promise<void> {
  const limit = availableParallelism();
  const installed = new Map<string, LeftOut>();
  const live = new Map<string, string>();
  const state: RehearsalState = { fleet, installed, live };
  const of = (when: Proof['when']): Proof[] => proofs.filter(one => one.when === when);
  const hostOf = (name: string): RehearsalHost => fleet.hosts.get(name) as RehearsalHost;
  for (const { name } of plans) {
    const seconds = hostOf(name).bootSeconds;
    onStep(noted({ host: name, app: null, step: 'boot', result: 'ok', seconds, what: 'a bare server' }));
  }
  const substitutes = await substitute(fleet, plans);
  // who has most to install is begun first
  await eachLimited(plans.toSorted((a, b) => b.units.length - a.units.length), limit, async plan => {
    const leftOut = await install(fleet, plan, substitutes, onStep);
    if (leftOut !== null) installed.set(plan.name, leftOut);
  });
  await prove(of('installed'), state, limit, onStep);
  const there = plans.filter(({ name }) => installed.has(name));
  const { authority, publicAuthority } = substitutes;
  const trust = await spreadTrust(
    there.map(({ name, units }) => ({ host: hostOf(name), units })),
    [authority, ...publicAuthority === null ? [] : [publicAuthority]],
  );
  // hosts at a time, since they mostly wait; apps of a host one after the other, as operators switch them
  await eachLimited(there, limit, async ({ name, apps }) => {
    for (const app of apps) {
      const own = proofs.filter(one => one.host.name === name && one.app?.name === app.name);
      const release = await rehearseApp({
        host: hostOf(name), app, trust, site: siteOf(own, state),
        leftOut: installed.get(name)?.units ?? [],
        kept: keptOf(own.filter(one => one.when === 'switched'), state, onStep),
      }, amounts, onStep);
      if (release !== null) live.set(liveKey(app.name, name), app.artifact.kind === 'stand-in' ? release : '');
    }
  });
  await prove(of('live'), state, limit, onStep);
}

/** Where one of these proofs reaches its app, from a host that is rehearsed. */
function siteOf(proofs: readonly Proof[], { fleet, installed }: RehearsalState): Rehearsed['site'] {
  for (const { place, from } of proofs) {
    const client = from.find(({ name }) => installed.has(name));
    if (place && client) return { place, client: fleet.hosts.get(client.name) as RehearsalHost };
  }
  return null;
}
