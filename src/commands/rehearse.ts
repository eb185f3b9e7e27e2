import { compile, type Compilation } from '../compile.ts';
import { Failure } from '../contract/diagnostic.ts';
import { emit } from '../emit.ts';
import { knownNames } from '../kit/nearest.ts';
import { isArtifact } from '../rehearse/apps.ts';
import { systems, type System } from '../rehearse/debian.ts';
import { bootFleet, type Fleet } from '../rehearse/fleet.ts';
import { fleetOf, planHost, type HostPlan } from '../rehearse/plan.ts';
import { rehearse as runRehearsal, type Step } from '../rehearse/rehearsal.ts';
import { missing } from '../rehearse/requirements.ts';
import type { HostTree } from '../contract/tree.ts';
import { count, type Output } from '../print/output.ts';
import { blame, notes, printFailure, printTable, progress, verdict, type Blamed } from '../print/rehearse-report.ts';

export interface RehearseOptions {
  readonly out: string;
  readonly host?: readonly string[];
  readonly artifact?: readonly string[];
  readonly os?: string;
  readonly keep?: boolean;
  readonly requests: string;
  readonly switches: string;
  readonly clients: string;
}

/** Boots the fleet as local containers and does to them what will be done to the servers; returns the exit code. */
export async function rehearse(files: readonly string[], options: RehearseOptions, output: Output): Promise<number> {
  const amounts = {
    requests: wholeNumber('requests', options.requests, 1), switches: wholeNumber('switches', options.switches, 1),
    clients: wholeNumber('clients', options.clients, 1),
  };
  const base = systems.find(name => name === options.os);
  if (options.os !== undefined && base === undefined) {
    throw new Failure(`unknown system "${options.os}"; ${knownNames(options.os, systems)}`);
  }
  const compilation = await compile(files);
  const trees = [...compilation.trees(name => options.host?.includes(name) ?? true)];
  if (compilation.failed() || !compilation.model) {
    output.data({ good: false, steps: [], ...output.diagnostics(compilation) });
    return 1;
  }
  const names = compilation.model.hosts.map(({ name }) => name);
  for (const name of options.host ?? []) {
    if (!names.includes(name)) throw new Failure(`unknown host "${name}"; ${knownNames(name, names)}`);
  }
  const artifacts = readArtifacts(options.artifact ?? [], trees);
  const secrets = new Map<string, string>();
  const plans = trees.map(({ plan }) => {
    const one = planHost(plan, options.out, artifacts, secrets);
    if (!one) throw new Failure(`there is no tree of host "${plan.host.name}" in "${options.out}"; run "vgen build"`);
    return one;
  });
  const lack = missing();
  if (lack !== null) throw new Failure(lack);
  warnOfOldTrees(compilation, trees, options, output);

  const begun = performance.now();
  const fleet = await boot(plans, base, output);
  try {
    const steps: Step[] = [];
    await runRehearsal(fleet, plans, amounts, step => {
      steps.push(step);
      output.note(progress(step));
    });
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

function wholeNumber(option: string, text: string, least: number): number {
  const number = Number(text);
  if (!/^\d{1,8}$/.test(text) || number < least) throw new Failure(`--${option} is a whole number from ${least} on, not "${text}"`);
  return number;
}

/** `APP=PATH`, given for apps of the hosts that are rehearsed. */
function readArtifacts(given: readonly string[], trees: readonly HostTree[]): Map<string, string> {
  const apps = new Set(trees.flatMap(({ plan }) => plan.apps.map(({ name }) => name)));
  return new Map(given.map(one => {
    const [, app = '', path = ''] = /^([^=]+)=(.+)$/.exec(one) ?? [];
    if (app === '') throw new Failure(`"${one}" is no artifact; write APP=PATH, such as ${[...apps][0] ?? 'web'}=build/program`);
    if (!apps.has(app)) throw new Failure(`unknown app "${app}"; ${knownNames(app, apps)}`);
    if (!isArtifact(path)) throw new Failure(`there is no file or directory "${path}"`);
    return [app, path];
  }));
}

/** out/ is rehearsed as it lies there, because that is what the servers will get. */
function warnOfOldTrees(
  compilation: Compilation, trees: readonly HostTree[], { out, host }: RehearseOptions, output: Output,
): void {
  const fleet = host ? null : new Set(compilation.model?.hosts.map(({ name }) => name));
  const { added, changed, removed } = emit(trees, { out, fleet, check: true, proceed: () => true });
  const files = added.length + changed.length + removed.length;
  if (files === 0) return;
  const advice = 'it is rehearsed as it is ("vgen build --check" lists them)';
  output.note(`warning: ${out}/ is not what the inventory says: ${count(files, 'file')}; ${advice}`);
}

async function boot(plans: readonly HostPlan[], base: System | undefined, output: Output): Promise<Fleet> {
  try {
    return await bootFleet({ ...fleetOf(plans), base, onProgress: line => output.note(line) });
  } catch (cause) {
    throw new Failure(`the hosts cannot be booted here: ${(cause as Error).message}`, { cause });
  }
}

/** Prints all that is known; returns the exit code. */
function report(
  steps: readonly Step[], blamed: readonly Blamed[], plans: readonly HostPlan[], seconds: number, output: Output,
): number {
  const good = blamed.length === 0;
  const remarks = notes(plans);
  output.data({
    good, seconds, steps, notes: remarks,
    blamed: blamed.map(({ step: { host, app, step }, places }) => ({ host, app, step, places })),
  });
  printTable(steps, output);
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
