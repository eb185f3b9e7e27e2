/** What is rehearsed on each host: its tree as it lies in out/, with apps, made-up secrets and stand-ins. */
import { randomBytes } from 'node:crypto';
import type { ListedCertificate } from '../contract/manifest.ts';
import type { App } from '../contract/model.ts';
import type { HostPlan } from '../contract/plan.ts';
import type { Proof } from '../contract/proof.ts';
import { checkTree, readBytes, readTree, type BuiltTree } from '../fleet/observe/tree.ts';
import { CA, certificateBeside } from '../kit/certificate-files.ts';
import { isToldItsPort, standInFor } from './apps.ts';
import type { AppPlan } from './apps.ts';
import type { FleetOptions } from './fleet.ts';
import { bindsOf, findPrograms, type ForeignProgram, type Sources } from './programs.ts';
import { volumesOf } from './volumes.ts';
import type { ListedVolume } from './volumes.ts';

export interface HostRehearsal {
  readonly name: string;
  /** As the inventory has them. */
  readonly addresses: readonly string[];
  /** `ssh-ed25519 AAAA…`, as the inventory has it; null if it has none. */
  readonly hostKey: string | null;
  /** The folder of its tree on this machine. */
  readonly tree: string;
  readonly packages: readonly string[];
  readonly units: readonly string[];
  /** The units that slots have by name; not every runtime makes units of them. */
  readonly slotUnits: readonly string[];
  readonly programs: readonly ForeignProgram[];
  readonly volumes: readonly ListedVolume[];
  readonly secrets: Map<string, string>;
  readonly keyPairs: HostPlan['keyPairs'];
  /** Those that the CA of the fleet issues. */
  readonly certificates: readonly ListedCertificate[];
  /** User-supplied ones: their paths in the tree, and the secrets with their keys. */
  readonly supplied: readonly { readonly path: string; readonly secret: string }[];
  readonly apps: readonly AppPlan[];
}

/** What a rehearsal takes of whoever starts it. */
export interface Inputs {
  /** App → build. */
  readonly artifacts: ReadonlyMap<string, string>;
  readonly sources: Sources;
}
export const nothingGiven: Inputs = { artifacts: new Map(), sources: { given: new Map(), npm: new Map() } };

/**
 * Plans one host. `secrets` is shared by the hosts of a fleet and filled here: a secret has one value on all of them,
 * since they may speak to one another. The values fit every grammar and use.
 * @throws Failure when out/ has no tree of it, or one that is not what it says
 */
export function planRehearsal(
  plan: Pick<HostPlan, 'host' | 'apps' | 'programs' | 'keyPairs'>, out: string, given: Inputs,
  secrets: Map<string, string>,
): HostRehearsal {
  const { host, apps, keyPairs } = plan;
  const tree = readTree(out, host.name);
  checkTree(tree);
  const { packages, units, certificates, files, secrets: named } = tree;
  for (const name of [...named, ...keyPairs.map(({ secret }) => secret)]) {
    if (!secrets.has(name)) secrets.set(name, randomBytes(16).toString('hex'));
  }
  const programs = findPrograms(plan, given.sources);
  return {
    name: host.name, tree: tree.dir, addresses: [host.address, ...host.private === null ? [] : [host.private]],
    hostKey: host.ssh.hostKey, units: [...units.keys()], programs, packages, volumes: volumesOf(tree.dir), keyPairs,
    slotUnits: apps.flatMap(app => app.slots.map(({ unit }) => `${unit}.service`)),
    secrets: new Map([...named].map(name => [name, secrets.get(name) ?? ''])),
    supplied: files.flatMap(({ path, secrets: [secret] }) => {
      const certificate = certificateBeside(path);
      return certificate !== null && secret !== undefined ? [{ path: certificate.slice(1), secret }] : [];
    }),
    certificates: files.some(({ path }) => path === CA) ? certificates.filter(one => one.issuer === 'internal') : [],
    apps: apps.map(app => {
      const path = given.artifacts.get(app.name);
      const lack = lackOf(app, tree, programs);
      return { name: app.name, artifact: lack !== null ? { kind: 'none', why: lack }
        : path === undefined ? standInFor(app, isServer(app, tree)) : { kind: 'own', path } };
    }),
  };
}

/** Whether requests are what an app is for; one that nobody asks, and that is told no port, is a worker. */
function isServer(app: App, { dir }: BuiltTree): boolean {
  const { live, next } = app.listen;
  return live !== null || next !== null || app.health !== null || isToldItsPort(app)
    || /^served=yes$/m.test(readBytes(dir, `opt/vgen/apps/${app.name}.sh`).toString('utf8'));
}

/** Why an app cannot run at all: its unit starts a program that cannot be had. */
function lackOf(app: App, { dir, files }: BuiltTree, programs: readonly ForeignProgram[]): string | null {
  const unit = `/etc/systemd/system/${app.slots[0].unit}.service`;
  const text = files.some(({ path }) => path === unit) ? readBytes(dir, unit.slice(1)).toString('utf8') : '';
  const found = programs.find(({ path, missing }) => missing !== null && text.includes(`=${path} `));
  return found?.missing ? `${found.path} is not there: ${found.missing.why}` : null;
}

/** The hosts to boot for these plans, and what they can install. */
export function fleetOf(
  plans: readonly HostRehearsal[], sources = nothingGiven.sources, proofs: readonly Proof[] = [],
): Pick<FleetOptions, 'hosts' | 'packages' | 'extras' | 'binds'> {
  const needsPython = plans.some(({ apps }) => apps.some(({ artifact }) => artifact.kind === 'stand-in'));
  return {
    hosts: plans.map(({ name, addresses, volumes, packages }) =>
      ({ name, addresses: [...addresses], volumes, prepared: { packages: [], below: packages } })),
    packages: [...new Set([...plans.flatMap(({ packages }) => packages), ...needsPython ? ['python3'] : []])],
    extras: [...new Set(proofs.flatMap(({ packages = [], extras = [] }) => [...packages, ...extras]))],
    binds: bindsOf(sources),
  };
}
