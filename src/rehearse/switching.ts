/** An app on a host: deployed, switched back and forth under load, rolled back. */
import type { Served } from '../contract/proof.ts';
import { bring, demandOn, readAppFacts } from './apps.ts';
import type { AppPlan, Facts } from './apps.ts';
import { shWord } from '../escape/sh.ts';
import type { RehearsalHost } from './host.ts';
import { Load } from './load.ts';
import type { LoadResult } from './load/tally.ts';
import { TRUST } from './trust.ts';
import { demandYes, No, noted, resultOf, sequence, type Done, type OnStep, type Step } from './step.ts';

export interface Amounts {
  /** Per app and host. */
  readonly requests: number;
  readonly switches: number;
  readonly clients: number;
}

const bin = '/opt/vgen/bin';
const websockets = 5;
/** A load that takes longer than this has gone wrong. */
const loadSeconds = 600;

/** What is asked of an app's data: `before` its switches and `after` them. */
export interface Kept {
  before(): Promise<void>;
  after(): Promise<void>;
}

export interface Rehearsed {
  readonly host: RehearsalHost;
  readonly app: AppPlan;
  /** Where a site of the host serves the app, and who may ask there; null if none does. */
  readonly site: { readonly place: Served; readonly client: RehearsalHost } | null;
  /** The CAs that clients of the fleet trust. */
  readonly trust: string;
  /** Units that are not started here. */
  readonly leftOut: readonly string[];
  readonly kept: Kept;
}

/** Deploys, switches, rolls back. Returns the release that is live at the end; null when it did not come to that. */
export async function rehearseApp(
  { host, app, site, trust, leftOut, kept }: Rehearsed, amounts: Amounts, onStep: OnStep,
): Promise<string | null> {
  const { name, artifact } = app;
  if (artifact.kind === 'none') {
    onStep(noted({ host: host.name, app: name, step: 'deploy', result: 'skipped', what: artifact.why }));
    return null;
  }
  const [one, two] = ['rehearsal-1', 'rehearsal-2'];
  const steps = sequence(host.name, name, onStep);
  const act = (script: string) => demandYes(host, `${bin}/${script}`);
  let path = '';
  let client = host;
  let facts: Facts = { dir: '', health: '', live: null };
  const last = amounts.switches % 2 === 0 ? two : one;
  const expect = (release: string) => proveLive(host, client, name, facts, artifact.kind === 'stand-in', release);
  const deploy = async (release: string, live: string): Promise<Done> => {
    const output = await act(`vgen deploy ${name} ${shWord(path)} --release ${release}`);
    await expect(live);
    return { what: resultOf(output, name) };
  };
  await steps('deploy', async () => {
    path = await bring(host, app);
    const own = await readAppFacts(host, name);
    facts = { ...own, live: own.live ?? site?.place ?? null };
    if (own.live === null) client = site?.client ?? host;
    return deploy(one, '');
  });
  await steps('switch', async () => {
    const output = await act(`vgen switch ${name}`);
    await expect(one);
    return { what: resultOf(output, name) };
  });
  if (await steps('deploy the next', () => deploy(two, one))) await kept.before();
  const isSwitched = await steps('switch under load', async () => {
    const done = await switchUnderLoad(host, client, app, facts, trust, amounts);
    await expect(amounts.switches % 2 === 0 ? one : two);
    return done;
  });
  if (isSwitched) await kept.after();
  await steps('rollback', async () => {
    const output = await act(`vgen rollback ${name}`);
    await expect(last);
    return { what: resultOf(output, name) };
  });
  return await steps('status', async () => ({ what: await askStatus(host, name, leftOut) })) ? last : null;
}

interface Status {
  apps: { name: string; live: SlotStatus; next: SlotStatus }[];
  units: { name: string; up: boolean; state: string }[];
}
interface SlotStatus { slot: string; release: string; healthy: boolean; reason: string }

/** The status that the host tells; its exit code speaks of other apps too, which may not be deployed yet. */
async function askStatus(host: RehearsalHost, app: string, leftOut: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await host.run(`${bin}/vgen status --json`);
  if (code > 1) throw new No(`vgen status ended with code ${code}`, `${stdout}${stderr}`);
  const { apps, units } = JSON.parse(stdout) as Status;
  const own = apps.find(({ name }) => name === app);
  if (own === undefined) throw new No(`vgen status does not know ${app}`, stdout);
  const wrong = [
    ...(['live', 'next'] as const).filter(role => !own[role].healthy).map(role => `${role}: ${own[role].reason}`),
    ...units.filter(({ name, up }) => !up && !leftOut.includes(name)).map(({ name, state }) => `${name} is ${state}`),
  ];
  if (wrong.length > 0) throw new No(wrong.join(', '), stdout);
  return `live ${own.live.slot} ${own.live.release}, next ${own.next.slot} ${own.next.release}, all healthy and up`;
}

async function switchUnderLoad(
  host: RehearsalHost, client: RehearsalHost, { name, artifact }: AppPlan, { live }: Facts, trust: string,
  amounts: Amounts,
): Promise<Done> {
  const { switches, clients } = amounts;
  const standIn = artifact.kind === 'stand-in';
  const load = live === null ? null : await Load.start(client, {
    ...live, tls: live.tls ? { name: live.name, ca: trust } : undefined, standIn, clients, requests: amounts.requests,
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

/** The words of curl that ask a place. */
function askedAt({ address, port, name, tls, path }: Served): string {
  return `--resolve ${shWord(`${name}:${port}:${address}`)} --cacert ${TRUST} `
    + shWord(`${tls ? 'https' : 'http'}://${name}:${port}${path}`);
}

/** The live link leads to that release ('' for none), and a stand-in says so itself, through nginx. */
async function proveLive(
  host: RehearsalHost, client: RehearsalHost, app: string, { dir, live }: Facts, standIn: boolean, release: string,
): Promise<void> {
  const there = await demandOn(host, `cd ${shWord(dir)}/live/release 2>/dev/null && pwd -P || true`);
  const is = there.trim().split('/').at(-1) ?? '';
  if (is !== release) throw new No(`live of ${app} is release "${is}", and not "${release}"`, '');
  if (!standIn || live === null || release === '') return;
  const answer = (await client.run(`curl -sS --max-time 5 ${askedAt(live)}`)).stdout.trim();
  if (answer !== release) throw new No(`live of ${app} answers "${answer.slice(0, 80)}", and not "${release}"`, '');
}
