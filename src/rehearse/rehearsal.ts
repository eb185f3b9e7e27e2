/**
 * The rehearsal: what happens to real hosts, in the order in which it will. In: a booted fleet and, per host, its tree
 * and its apps. Out: one Step per thing done. A step that fails ends what follows it on that host or for that app.
 */
import { availableParallelism } from 'node:os';
import { bring, demandOn, putSecrets, readAppFacts, replacePrograms } from './apps.ts';
import type { AppPlan, Facts } from './apps.ts';
import { shWord } from '../escape/sh.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import type { Fleet } from './fleet.ts';
import type { RehearsalHost } from './host.ts';
import { Load } from './load.ts';
import type { LoadResult } from './load/tally.ts';
import type { HostRehearsal } from './plan.ts';

export interface Amounts {
  /** Per app and host. */
  readonly requests: number;
  readonly switches: number;
  readonly clients: number;
}

export interface Step {
  readonly host: string;
  readonly app: string | null;
  readonly step: string;
  readonly result: 'ok' | 'failed' | 'skipped';
  readonly seconds: number;
  /** What happened, in a few words. */
  readonly what: string;
  /** What a failed step printed; else ''. */
  readonly output: string;
  /** What the load saw, and how long each switch took in seconds. */
  readonly load: (LoadResult & { readonly switches: readonly number[] }) | null;
}

const blank = { seconds: 0, output: '', load: null };

type Done = Pick<Step, 'what'> & Partial<Pick<Step, 'load'>>;

const bin = '/opt/vgen/bin';
const incoming = '/root/vgen';
const websockets = 5;
/** A load that takes longer than this has gone wrong. */
const loadSeconds = 600;

/** The answer is no: a step that ran and did not do what it is for. */
class No extends Error {
  readonly output: string;
  readonly load: Step['load'];
  constructor(what: string, output: string, load: Step['load'] = null) {
    super(what);
    this.output = output.trim();
    this.load = load;
  }
}

/** Runs it all and tells each step when it has ended. */
export async function rehearse(
  fleet: Fleet, plans: readonly HostRehearsal[], amounts: Amounts, onStep: (step: Step) => void,
): Promise<void> {
  const installed = new Set<HostRehearsal>();
  const hostOf = ({ name }: HostRehearsal) => fleet.hosts.get(name) as RehearsalHost;
  for (const plan of plans) {
    const { bootSeconds } = hostOf(plan);
    onStep({
      ...blank, host: plan.name, app: null, step: 'boot', result: 'ok', seconds: bootSeconds, what: 'a bare server',
    });
  }
  await eachLimited(plans, availableParallelism(), async plan => {
    if (await installTwice(hostOf(plan), plan, onStep)) installed.add(plan);
  });
  // One after the other: their loads would slow one another down.
  for (const plan of plans.filter(one => installed.has(one))) {
    for (const app of plan.apps) await rehearseApp(hostOf(plan), app, amounts, onStep);
  }
}

async function installTwice(host: RehearsalHost, plan: HostRehearsal, onStep: (step: Step) => void): Promise<boolean> {
  const steps = sequence(host.name, null, onStep);
  await steps('install', async () => {
    await putSecrets(host, plan.secrets);
    await replacePrograms(host, plan.programs);
    await host.push(plan.tree, incoming);
    const output = await demandYes(host, `bash ${incoming}/install.sh`);
    // what leads into the host is put back unless somebody comes in anew and confirms it
    const { code, stdout, stderr } = await host.run(`${bin}/vgen confirm`, { fresh: true });
    if (code !== 0) throw new No('its change of a way in could not be confirmed', `${output}${stdout}${stderr}`);
    return { what: resultOf(output, host.name) };
  });
  return steps('install again', async () => {
    const before = await processes(host, plan.units);
    const output = await demandYes(host, `bash ${incoming}/install.sh`);
    if (!output.includes('nothing to do')) throw new No('it changed something', output);
    const after = await processes(host, plan.units);
    if (before !== after) throw new No('it restarted something', `before:\n${before}\nafter:\n${after}`);
    return { what: 'nothing to do' };
  });
}

async function rehearseApp(
  host: RehearsalHost, app: AppPlan, amounts: Amounts, onStep: (step: Step) => void,
): Promise<void> {
  const { name, artifact } = app;
  if (artifact.kind === 'none') {
    onStep({ ...blank, host: host.name, app: name, step: 'deploy', result: 'skipped', what: artifact.why });
    return;
  }
  const [one, two] = ['rehearsal-1', 'rehearsal-2'];
  const steps = sequence(host.name, name, onStep);
  const act = (script: string) => demandYes(host, `${bin}/${script}`);
  let path = '';
  let facts: Facts = { dir: '', health: '', live: null };
  const expect = (release: string) => proveLive(host, name, facts, artifact.kind === 'stand-in', release);
  const deploy = async (release: string, live: string): Promise<Done> => {
    const output = await act(`vgen deploy ${name} ${shWord(path)} --release ${release}`);
    await expect(live);
    return { what: resultOf(output, name) };
  };
  await steps('deploy', async () => {
    path = await bring(host, app);
    facts = await readAppFacts(host, name);
    return deploy(one, '');
  });
  await steps('switch', async () => {
    const output = await act(`vgen switch ${name}`);
    await expect(one);
    return { what: resultOf(output, name) };
  });
  await steps('deploy the next', () => deploy(two, one));
  await steps('switch under load', async () => {
    const done = await switchUnderLoad(host, app, facts, amounts);
    await expect(amounts.switches % 2 === 0 ? one : two);
    return done;
  });
  await steps('rollback', async () => {
    const output = await act(`vgen rollback ${name}`);
    await expect(amounts.switches % 2 === 0 ? two : one);
    return { what: resultOf(output, name) };
  });
  await steps('status', async () => ({ what: await askStatus(host, name) }));
}

interface Status {
  apps: { name: string; live: SlotStatus; next: SlotStatus }[];
  units: { name: string; up: boolean; state: string }[];
}
interface SlotStatus { slot: string; release: string; healthy: boolean; reason: string }

/** The status that the host tells; its exit code speaks of other apps too, which may not be deployed yet. */
async function askStatus(host: RehearsalHost, app: string): Promise<string> {
  const { code, stdout, stderr } = await host.run(`${bin}/vgen status --json`);
  if (code > 1) throw new No(`vgen status ended with code ${code}`, `${stdout}${stderr}`);
  const { apps, units } = JSON.parse(stdout) as Status;
  const own = apps.find(({ name }) => name === app);
  if (own === undefined) throw new No(`vgen status does not know ${app}`, stdout);
  const wrong = [
    ...(['live', 'next'] as const).filter(role => !own[role].healthy).map(role => `${role}: ${own[role].reason}`),
    ...units.filter(({ up }) => !up).map(({ name, state }) => `${name} is ${state}`),
  ];
  if (wrong.length > 0) throw new No(wrong.join(', '), stdout);
  return `live ${own.live.slot} ${own.live.release}, next ${own.next.slot} ${own.next.release}, all healthy and up`;
}

async function switchUnderLoad(
  host: RehearsalHost, { name, artifact }: AppPlan, facts: Facts, amounts: Amounts,
): Promise<Done> {
  const { switches, clients } = amounts;
  const standIn = artifact.kind === 'stand-in';
  const load = facts.live === null ? null : await Load.start(host, {
    ...facts.live, path: facts.health || '/', standIn, clients, requests: amounts.requests,
    websockets: standIn ? websockets : 0, seconds: loadSeconds,
  });
  const times: number[] = [];
  try {
    for (let count = 1; count <= switches; count += 1) {
      await load?.reached(Math.floor(amounts.requests * count / (switches + 1)));
      const begun = performance.now();
      await demandYes(host, `${bin}/vgen switch ${name}`);
      times.push((performance.now() - begun) / 1000);
      await load?.saw(count);
    }
    if (load === null) return { what: `${switches} switches; nginx does not serve the app, so nothing was asked` };
    const seen = { ...await load.stop(), switches: times };
    const wrong = faults(seen, switches, standIn ? websockets : 0);
    if (wrong.length > 0) throw new No(wrong.join(', '), [...wrong, ...seen.failures].join('\n'), seen);
    return { what: toldLoad(seen, clients), load: seen };
  } finally {
    load?.abandon();
  }
}

/** What a load must not see while there were that many switches. */
export function faults(seen: LoadResult, switches: number, sockets: number): string[] {
  const { failed, resets, flips, flipsPerClient, sequence } = seen;
  const { opened, dropped } = seen.websockets;
  // Whoever saw least is told of, or whoever saw most.
  const changes = [flips, flipsPerClient.least, flipsPerClient.most].find(count => count !== switches) ?? switches;
  return [
    ...failed > 0 ? [`${failed} of ${seen.requests} requests failed`] : [],
    ...resets > 0 ? [`${resets} connections were cut`] : [],
    ...opened < sockets ? [`${sockets - opened} of ${sockets} websockets did not open`] : [],
    ...dropped > 0 ? [`${dropped} of ${opened} websockets were dropped`] : [],
    ...changes !== switches
      ? [`the release changed ${changes} times in ${switches} switches: ${sequence.slice(0, 20).join(' ')}`]
      : [],
  ];
}

function toldLoad(seen: NonNullable<Step['load']>, clients: number): string {
  const { latency, switches, websockets: sockets } = seen;
  const mean = switches.reduce((sum, seconds) => sum + seconds, 0) / Math.max(1, switches.length);
  return [
    `${switches.length} switches, ${mean.toFixed(2)} s each; ${clients} clients, `
      + `p50 ${latency.p50} ms, p99 ${latency.p99} ms`,
    ...sockets.opened > 0 ? [`${sockets.opened} websockets stayed open`] : [],
  ].join('; ');
}

/** The live link leads to that release ('' for none), and a stand-in says so itself, through nginx. */
async function proveLive(
  host: RehearsalHost, app: string, { dir, live }: Facts, standIn: boolean, release: string,
): Promise<void> {
  const there = await demandOn(host, `cd ${shWord(dir)}/live/release 2>/dev/null && pwd -P || true`);
  const is = there.trim().split('/').at(-1) ?? '';
  if (is !== release) throw new No(`live of ${app} is release "${is}", and not "${release}"`, '');
  if (!standIn || live === null || release === '') return;
  const answer = (await host.run(`curl -sS --max-time 5 http://${live.address}:${live.port}/`)).stdout.trim();
  if (answer !== release) throw new No(`live of ${app} answers "${answer.slice(0, 80)}", and not "${release}"`, '');
}

/** What runs, by process; a restart of anything changes it. */
async function processes(host: RehearsalHost, units: readonly string[]): Promise<string> {
  if (units.length === 0) return '';
  return demandOn(host, `systemctl show --property Id,MainPID,ActiveState ${units.map(shWord).join(' ')}`);
}

/** @throws No with all that the script printed when its code is not 0. */
async function demandYes(host: RehearsalHost, script: string): Promise<string> {
  const { code, stdout, stderr } = await host.run(script, { timeoutSeconds: 900 });
  if (code === 0) return stdout;
  const [reason] = /^error: .*$/m.exec(stderr) ?? /.+(?=\n*$)/.exec(stderr || stdout) ?? [''];
  throw new No(`${reason.replace(/^error: /, '')} (exit code ${code})`, `${stdout}${stderr}`);
}

/** The last line of what a script printed, without the name that it begins with. */
function resultOf(output: string, name: string): string {
  const last = output.trim().split('\n').at(-1) ?? '';
  return last.startsWith(`${name}: `) ? last.slice(name.length + 2) : last;
}

/** Steps that follow one another: the first that fails is the last that is run. */
function sequence(
  host: string, app: string | null, onStep: (step: Step) => void,
): (step: string, action: () => Promise<Done>) => Promise<boolean> {
  let isOver = false;
  return async (step, action) => {
    if (isOver) return false;
    const begun = performance.now();
    const end = (rest: Omit<Step, 'host' | 'app' | 'step' | 'seconds'>) =>
      onStep({ host, app, step, seconds: (performance.now() - begun) / 1000, ...rest });
    try {
      const { what, load = null } = await action();
      end({ result: 'ok', what, output: '', load });
      return true;
    } catch (cause) {
      isOver = true;
      const [what = '', ...more] = (cause as Error).message.split('\n');
      if (cause instanceof No) end({ result: 'failed', what, output: cause.output, load: cause.load });
      else end({ result: 'failed', what, output: more.join('\n'), load: null });
      return false;
    }
  };
}
