import { compile } from '../compile.ts';
import { Failure } from '../contract/diagnostic.ts';
import { emit } from '../emit.ts';
import { chooseHosts } from '../fleet/connect/targets.ts';
import { knownNames } from '../kit/nearest.ts';
import { isArtifact } from '../rehearse/apps.ts';
import { sweepSlots } from '../rehearse/claim.ts';
import { systems, type BaseSystem } from '../rehearse/debian.ts';
import { bootFleet, type Fleet } from '../rehearse/fleet.ts';
import { fleetOf, planRehearsal, type Inputs, type HostRehearsal } from '../rehearse/plan.ts';
import { fromNpm } from '../rehearse/programs.ts';
import { rehearse as runRehearsal } from '../rehearse/rehearsal.ts';
import { missing } from '../rehearse/requirements.ts';
import type { Model } from '../contract/model.ts';
import type { Proof } from '../contract/proof.ts';
import type { HostTree } from '../contract/tree.ts';
import { blame, type Blamed } from '../rehearse/blame.ts';
import type { Step } from '../rehearse/step.ts';
import { count, type Output } from '../print/output.ts';
import { notes, notProven, printFailure, printSteps, progress, verdict } from '../print/rehearse-report.ts';
import { defineCommand, flag, list, oneOf, value, wholeNumber, type Given } from './declaration.ts';
import { on, out, reading } from './options.ts';

const options = {
  artifact: list(
    '<app=path>', 'an app\'s build: file, directory or tar; may be repeated (default: a stand-in of vgen\'s)',
  ),
  program: list(
    '<path=file>', 'a program that Debian does not have: its path on hosts, and the file; may be repeated',
  ),
  os: value('<name>', `${systems.join(' or ')} (default: the release of this machine)`, { read: oneOf(systems) }),
  requests: value('<number>', 'requests sent while an app is switched', { default: '10000', read: wholeNumber(1) }),
  switches: value('<number>', 'switches back and forth under that load', { default: '10', read: wholeNumber(1) }),
  clients: value('<number>', 'clients that send them', { default: '20', read: wholeNumber(1) }),
  keep: flag('keep the containers running until Ctrl-C'),
  end: flag('rehearse nothing; remove what rehearsals that were killed left on this machine'),
  on, out, ...reading,
};
type Options = Given<typeof options>;

export const command = defineCommand({
  about: 'Boots the hosts of the inventory as containers on this machine and, with the trees of out/, installs, issues '
    + 'certificates, deploys, switches under load and rolls back; then asks sites by their names, tries the firewall, '
    + 'backs up and restores. What cannot be had here is named as not proven. Needs root on Debian or Ubuntu; the '
    + 'servers are not contacted. Exit code 1 if a step failed, 2 if the containers cannot be run here.',
  arguments: {},
  options,
  examples: {
    'vgen rehearse': 'the whole fleet',
    'vgen rehearse --on eu1 --keep': 'one host, which stays up',
    'vgen rehearse --artifact peerbook=build/peerbook': 'with a real build',
    'vgen rehearse --os ubuntu-24.04 --json': 'on Ubuntu, for CI',
    'vgen rehearse --end': 'after one was killed; those that run go on',
  },
  renamed: { '--host': '--on' },
  run: rehearse,
});

async function rehearse(options: Options, output: Output): Promise<number> {
  if (options.end) return endLeftovers(output);
  const compilation = await compile(options.inventory);
  const { model } = compilation;
  const chosen = new Set(model ? chooseHosts(model, options.on).map(({ name }) => name) : []);
  const trees = [...compilation.trees(name => chosen.has(name))];
  if (compilation.failed() || !model) {
    output.data({ good: false, steps: [], ...output.diagnostics(compilation) });
    return 1;
  }
  const artifacts = readArtifacts(options.artifact, trees);
  const programs = readPrograms(options.program, trees);
  const lack = missing();
  if (lack !== null) throw new Failure(lack);
  const begun = performance.now();
  const sources = await fromNpm(trees.map(({ plan }) => plan), programs, line => output.note(line));
  const secrets = new Map<string, string>();
  const plans = trees.map(({ plan }) => planRehearsal(plan, options.out, { artifacts, sources }, secrets));
  const proofs = compilation.proofs().filter(({ host }) => chosen.has(host.name));
  warnOfOldTrees(model, trees, options, output);

  const fleet = await boot(plans, { artifacts, sources }, proofs, options.os, output);
  try {
    const steps: Step[] = [];
    await runRehearsal(fleet, plans, options, step => {
      steps.push(step);
      output.note(progress(step));
    }, proofs);
    const blamed = await Promise.all(steps.filter(({ result }) => result === 'failed').map(async step => ({
      step, places: await blame(compilation, trees.find(({ host }) => host.name === step.host), step.output),
    })));
    const code = report(steps, blamed, plans, (performance.now() - begun) / 1000, output);
    if (options.keep) await keep(fleet, output);
    return code;
  } finally {
    await fleet.stop();
  }
}

async function endLeftovers(output: Output): Promise<number> {
  const lack = missing();
  if (lack !== null) throw new Failure(lack);
  const removed = await sweepSlots();
  output.data({ removed });
  output.say(removed === 0 ? 'no rehearsal left anything' : `removed what ${count(removed, 'rehearsal')} left`);
  return 0;
}

/** `APP=PATH`, given for apps of the hosts that are rehearsed. */
function readArtifacts(given: readonly string[], trees: readonly HostTree[]): Map<string, string> {
  const apps = new Set(trees.flatMap(({ plan }) => plan.apps.map(({ name }) => name)));
  return new Map(given.map(one => {
    const [, app = '', path = ''] = /^([^=]+)=(.+)$/.exec(one) ?? [];
    if (app === '') {
      throw new Failure(`"${one}" is no artifact; write APP=PATH, such as ${[...apps][0] ?? 'web'}=build/program`);
    }
    if (!apps.has(app)) throw new Failure(`unknown app "${app}"; ${knownNames(app, apps)}`);
    if (!isArtifact(path)) throw new Failure(`there is no file or directory "${path}"`);
    return [app, path];
  }));
}

/** `PATH=FILE`, given for programs that these hosts run and Debian does not have. */
function readPrograms(given: readonly string[], trees: readonly HostTree[]): Map<string, string> {
  const known = new Set(trees.flatMap(({ plan }) => plan.programs.map(({ path }) => path)));
  return new Map(given.map(one => {
    const [, path = '', file = ''] = /^([^=]+)=(.+)$/.exec(one) ?? [];
    if (path === '') throw new Failure(`"${one}" is no program; write PATH=FILE, such as /usr/local/bin/agent=./agent`);
    if (!known.has(path)) throw new Failure(`no host runs a program "${path}" of its own; ${knownNames(path, known)}`);
    if (!isArtifact(file)) throw new Failure(`there is no file "${file}"`);
    return [path, file];
  }));
}

/** out/ is rehearsed as it lies there, because that is what the servers will get. */
function warnOfOldTrees(
  model: Model, trees: readonly HostTree[], { out, on }: Options, output: Output,
): void {
  const fleet = on.length ? null : new Set(model.hosts.map(({ name }) => name));
  const { added, changed, removed } = emit(trees, { out, fleet, check: true, proceed: () => true });
  const files = added.length + changed.length + removed.length;
  if (files === 0) return;
  const advice = 'it is rehearsed as it is ("vgen build --check" lists them)';
  output.note(`warning: ${out}/ is not what the inventory says: ${count(files, 'file')}; ${advice}`);
}

async function boot(
  plans: readonly HostRehearsal[], { sources }: Inputs, proofs: readonly Proof[], base: BaseSystem | undefined,
  output: Output,
): Promise<Fleet> {
  try {
    return await bootFleet({ ...fleetOf(plans, sources, proofs), base, onProgress: line => output.note(line) });
  } catch (cause) {
    throw new Failure(`the hosts cannot be booted here: ${(cause as Error).message}`, { cause });
  }
}

/** Prints all that is known; returns the exit code. */
function report(
  steps: readonly Step[], blamed: readonly Blamed[], plans: readonly HostRehearsal[], seconds: number, output: Output,
): number {
  const good = blamed.length === 0;
  const remarks = notes(plans);
  output.data({
    good, seconds, steps, notProven: notProven(steps), notes: remarks,
    blamed: blamed.map(({ step: { host, app, step }, places }) => ({ host, app, step, places })),
  });
  printSteps(steps, output);
  for (const line of remarks) output.say(`note: ${line}`);
  for (const one of blamed) printFailure(one, output);
  output.say(verdict(steps, plans.length, seconds));
  return good ? 0 : 1;
}

/** Leaves the fleet up until Ctrl-C. */
async function keep(fleet: Fleet, output: Output): Promise<void> {
  output.note('the fleet stays up; look round with');
  for (const name of fleet.hosts.keys()) output.note(`  ssh -F ${fleet.sshConfig} ${name}`);
  output.note('end it with Ctrl-C');
  // A handle that keeps the process alive: waiting for a signal alone does not.
  const alive = setInterval(() => undefined, 60_000);
  await new Promise<void>(resolve => {
    for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(name, () => resolve());
  });
  clearInterval(alive);
}
