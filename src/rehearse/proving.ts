/** What components say is to be proven on hosts: run where they say, told as steps, or named as not proven. */
import type { Proof } from '../contract/proof.ts';
import { shWord } from '../escape/sh.ts';
import { hostScript } from '../fleet/connect/script.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import { demandOn } from './apps.ts';
import { hashOf } from './cache.ts';
import type { Fleet } from './fleet.ts';
import type { RehearsalHost } from './host.ts';
import type { LeftOut } from './installing.ts';
import { demandYes, No, NotProven, sequence, type OnStep, type Step } from './step.ts';
import type { Kept } from './switching.ts';
import { TRUST } from './trust.ts';

/** What is known of the fleet when something is proven. */
export interface RehearsalState {
  readonly fleet: Fleet;
  /** Hosts that are installed. */
  readonly installed: ReadonlyMap<string, LeftOut>;
  /** `APP HOST` → the release that is live there; not deployed: absent. "" for a build that is not vgen's. */
  readonly live: ReadonlyMap<string, string>;
}

export const liveKey = (app: string, host: string): string => `${app} ${host}`;

/** Proofs that go together, each row of the report once. */
function rows(proofs: readonly Proof[]): Proof[][] {
  const found = new Map<string, Proof[]>();
  for (const one of proofs) {
    const key = `${one.host.name} ${one.step}`;
    found.set(key, [...found.get(key) ?? [], one]);
  }
  return [...found.values()];
}

/** Runs proofs, at most `limit` rows at a time. What is proven of a row, and what is not, are steps of their own. */
export async function prove(
  proofs: readonly Proof[], state: RehearsalState, limit: number, onStep: OnStep,
): Promise<void> {
  await eachLimited(rows(proofs.filter(one => isRehearsed(one, state))), limit, async row => {
    const [{ host, step }] = row as [Proof];
    let told: string[] = [];
    let lacks: string[] = [];
    const ask = async (): Promise<void> => {
      const answers = await askAll(row, state);
      told = answers.flatMap(one => (one instanceof NotProven ? [] : [one]));
      lacks = answers.flatMap(one => (one instanceof NotProven ? [one.message] : []));
    };
    const steps = sequence(host.name, null, one => {
      if (told.length > 0 || one.result === 'failed') onStep(one);
      if (lacks.length > 0) onStep({ ...one, result: 'skipped', what: joined(lacks), output: '' });
    });
    await steps(step, async () => {
      await ask();
      return { what: joined(told) };
    });
  });
}

/** Answers in the order of the proofs: those that run on one host one after the other, hosts at a time. */
async function askAll(row: readonly Proof[], state: RehearsalState): Promise<(string | NotProven)[]> {
  const answers = new Map<Proof, string | Error>();
  const hosts = new Set(row.map(one => hostFor(one, state)));
  await Promise.all([...hosts].map(async host => {
    for (const one of row.filter(proof => hostFor(proof, state) === host)) {
      answers.set(one, await askOne(one, state, []).catch((cause: unknown) => cause as Error));
    }
  }));
  return row.map(one => {
    const answer = answers.get(one) ?? '';
    if (answer instanceof Error && !(answer instanceof NotProven)) throw answer;
    return answer;
  });
}

const joined = (texts: readonly string[]): string => [...new Set(texts)].join('; ');

/** What an app keeps over its switches, by the proofs of its datastores. */
export function keptOf(proofs: readonly Proof[], state: RehearsalState, onStep: OnStep): Kept {
  const own = rows(proofs.filter(one => isRehearsed(one, state)));
  const over = new Set<Proof[]>();
  const act = async (word: string): Promise<void> => {
    for (const row of own.filter(one => !over.has(one))) {
      const [{ host, app, step }] = row as [Proof];
      // written and read is one row: only its end is told, or what ends it early
      const tell = (one: Step): void => {
        if (one.result !== 'ok') over.add(row);
        if (one.result !== 'ok' || word === 'after') onStep(one);
      };
      await sequence(host.name, app?.name ?? null, tell)(step, async () => {
        const told: string[] = [];
        for (const one of row) told.push(await askOne(one, state, [word]));
        return { what: joined(told) };
      });
    }
  };
  return { before: () => act('before'), after: () => act('after') };
}

/** Proofs of hosts that are not installed are not told: why they are not, is. */
const isRehearsed = ({ host }: Proof, { installed }: RehearsalState): boolean => installed.has(host.name);

/** Where its script runs. */
const hostFor = ({ from }: Proof, { fleet, installed }: RehearsalState): RehearsalHost | undefined =>
  fleet.hosts.get(from.find(({ name }) => installed.has(name))?.name ?? '');

/** @throws NotProven when it takes a host that is not there. */
function demandHosts({ from, needs = [] }: Proof, { installed }: RehearsalState): void {
  const absent = [
    ...needs.filter(({ name }) => !installed.has(name)),
    ...from.some(({ name }) => installed.has(name)) ? [] : from.slice(0, 1),
  ];
  if (absent.length > 0) throw new NotProven(`it takes ${absent.map(({ name }) => name).join(', ')}`);
}

/** @throws NotProven when it cannot be had here, No when the answer is no. */
async function askOne(proof: Proof, state: RehearsalState, words: readonly string[]): Promise<string> {
  const { installed, live } = state;
  const { app, programs = [], variables = {}, packages = [], ask, when } = proof;
  if ('lack' in ask) throw new NotProven(ask.lack);
  demandHosts(proof, state);
  for (const { host, path } of programs) {
    const missing = installed.get(host.name)?.programs.find(one => one.path === path);
    if (missing) throw new NotProven(`${path} is not on ${host.name}`);
  }
  const release = app === undefined ? ''
    : [proof.host, ...proof.needs ?? []].map(({ name }) => live.get(liveKey(app.name, name)))
      .find(one => one !== undefined);
  if (app !== undefined && release === undefined && when !== 'switched') {
    throw new NotProven(`${app.name} is not deployed`);
  }
  const host = hostFor(proof, state) as RehearsalHost;
  await have(host, packages);
  const as = when === 'switched' && app !== undefined ? `runuser -u ${shWord(app.user)} -- env HOME=/tmp ` : '';
  const given = app === undefined ? '' : await variablesOf(host, app.name, variables);
  const mark = `rehearsal_${hashOf([app?.name, host.name])}`;
  const known = `MARK=${mark} TRUST=${TRUST} RELEASE=${shWord(release ?? '')}`;
  const said = await demandYes(host, `cd /; ${known} ${as}bash -s -- ${
    [...words, ...ask.words].map(shWord).join(' ')}`, given + hostScript(ask.script));
  return said.trim().split('\n').at(-1) ?? '';
}

/** @throws NotProven when a package is not to be had. */
async function have(host: RehearsalHost, packages: readonly string[]): Promise<void> {
  if (packages.length === 0) return;
  const words = packages.map(shWord).join(' ');
  const { code } = await host.run(`dpkg-query --show ${words} >/dev/null 2>&1
    [ $? = 0 ] || DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends ${words}`);
  if (code !== 0) throw new NotProven(`it needs ${packages.join(', ')}, which this distribution does not have`);
}

/** The values that the app's live process has, as lines of a shell that set them. @throws No when one has none. */
async function variablesOf(
  host: RehearsalHost, app: string, variables: Readonly<Record<string, string>>,
): Promise<string> {
  const named = Object.entries(variables);
  if (named.length === 0) return '';
  const text = await demandOn(host, `. ${shWord(`/opt/vgen/apps/${app}.sh`)}
    slot=$(readlink "$dir/live"); slot=\${slot##*/}
    . "/opt/vgen/apps/$app/$slot.sh"
    pid=$(ss -Hltnp "sport = :$slot_port" | sed -nE 's/.*pid=([0-9]+).*/\\1/p' | head -n 1)
    tr '\\0' '\\n' <"/proc/$pid/environ"`);
  const values = new Map(text.split('\n').map(line => [line.split('=', 1)[0] ?? '', line.replace(/^[^=]*=/, '')]));
  const absent = named.filter(([, name]) => !values.get(name)).map(([, name]) => name);
  if (absent.length > 0) throw new No(`the live process of ${app} has no ${absent.join(', ')}`, '');
  return named.map(([own, name]) => `export ${own}=${shWord(values.get(name) ?? '')}\n`).join('');
}
