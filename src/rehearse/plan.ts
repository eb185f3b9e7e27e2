/** What is rehearsed on each host: its tree as it lies in out/, with apps, made-up secrets and stand-ins. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../contract/manifest.ts';
import type { HostPlan } from '../contract/plan.ts';
import { standInFor } from './apps.ts';
import type { AppPlan } from './apps.ts';
import type { FleetOptions } from './fleet.ts';
import { volumesOf } from './volumes.ts';
import type { ListedVolume } from './volumes.ts';

export interface HostRehearsal {
  readonly name: string;
  /** As the inventory has them. */
  readonly addresses: readonly string[];
  /** The folder of its tree on this machine. */
  readonly tree: string;
  readonly packages: readonly string[];
  readonly units: readonly string[];
  /** Paths of programs that get a stand-in. */
  readonly programs: readonly string[];
  readonly volumes: readonly ListedVolume[];
  readonly secrets: ReadonlyMap<string, string>;
  readonly apps: readonly AppPlan[];
}

/**
 * Plans one host; null when out/ has no tree of it. `secrets` is shared by the hosts of a fleet and filled here: a
 * secret has one value on all of them, since they may speak to one another. The values fit every grammar and use.
 */
export function planRehearsal(
  { host, apps }: Pick<HostPlan, 'host' | 'apps'>, out: string, artifacts: ReadonlyMap<string, string>,
  secrets: Map<string, string>,
): HostRehearsal | null {
  const tree = join(out, host.name);
  const manifest = join(tree, 'manifest.tsv');
  if (!existsSync(manifest)) return null;
  const { packages, programs, units, secrets: named } = readManifest(readFileSync(manifest, 'utf8'), manifest);
  for (const name of named) if (!secrets.has(name)) secrets.set(name, randomBytes(16).toString('hex'));
  return {
    name: host.name, tree, addresses: [host.address, ...host.private === null ? [] : [host.private]],
    units: [...units.keys()], programs, packages, volumes: volumesOf(tree),
    secrets: new Map(named.map(name => [name, secrets.get(name) ?? ''])),
    apps: apps.map(app => {
      const path = artifacts.get(app.name);
      return { name: app.name, artifact: path === undefined ? standInFor(app) : { kind: 'own', path } };
    }),
  };
}

/** The hosts to boot for these plans, and what they can install. */
export function fleetOf(plans: readonly HostRehearsal[]): Pick<FleetOptions, 'hosts' | 'packages'> {
  const needsPython = plans.some(({ apps }) => apps.some(({ artifact }) => artifact.kind === 'stand-in'));
  return {
    hosts: plans.map(({ name, addresses, volumes }) => ({ name, addresses: [...addresses], volumes })),
    packages: [...new Set([...plans.flatMap(({ packages }) => packages), ...needsPython ? ['python3'] : []])],
  };
}
