// Random operations and faults (chaos/faults.ts) on two hosts, whose disks lose what was not synced when their power
// goes, while an independent client asks both apps of both. After each operation: live answers, with a release that was
// promised; a command that was printed as a remedy works; one apply converges; nothing half written and no lock stays;
// no request failed but for the time of a fault that takes the host or the program away. In the suite a short part;
// longer and with another seed: npm run test:chaos -- SECONDS SEED.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diceOf, seed as drawn } from '../draw.ts';
import type { Ran } from '../vgen.ts';
import { ask, ChaosClient } from './chaos/client.ts';
import { faultsOf, type Run } from './chaos/faults.ts';
import { APPS, Chaos, CHOICES, HOSTS, type AppName } from './chaos/world.ts';
import { because, commandsIn, lack } from './fixture.ts';

const SECONDS = Number(process.env['VGEN_CHAOS'] ?? 60);
/** A normal run takes the same operations each time, a longer one those of its seed. */
const seed = process.env['VGEN_CHAOS'] === undefined ? 11 : drawn;

const roll = diceOf(seed, 'chaos');
const below = (count: number): number => Math.floor(roll() * count);
const among = <T>(list: readonly T[]): T => list[below(list.length)] as T;

describe.skipIf(lack !== null)(`chaos, seed ${seed}, ${SECONDS} s (${because})`, () => {
  let chaos: Chaos;
  let client: ChaosClient;
  let releases = 0;
  /** The releases of which each app may be live on each host, the likeliest last. */
  const live = new Map<string, Set<string>>();
  const story: string[] = [];
  const counts = { operations: new Map<string, number>(), faults: new Map<string, number>(), remedies: 0 };
  const count = (kind: Map<string, number>, name: string): unknown => kind.set(name, (kind.get(name) ?? 0) + 1);

  const key = (app: string, host: string): string => `${app} on ${host}`;
  const told = (words: readonly string[], { code, stdout, stderr }: Ran): string =>
    `vgen ${words.join(' ')} (code ${code})\n${stdout}${stderr}\n${story.slice(-8).join('\n')}`;
  const good = async (...words: string[]): Promise<Ran> => {
    const ran = await chaos.vgen(words);
    expect(ran.code, told(words, ran)).toBe(0);
    return ran;
  };
  const answers = async (app: AppName, host: string): Promise<string> => {
    const { status, text } = await ask({ host, address: chaos.host(host).address, app });
    return status === 200 ? text : `HTTP ${status}`;
  };

  /** One operation, begun; what it makes live, where it is sure of it. */
  interface Operation {
    readonly words: readonly string[];
    readonly app: AppName | null;
    readonly release: string | null;
    /** Whether it has to be refused, and has no remedy that is a command. */
    readonly isUnfit?: boolean;
  }

  const deploy = (...more: string[]): Operation => {
    const app = among(APPS);
    const release = `r${++releases}`;
    const isLive = more.includes('--switch');
    return {
      words: ['deploy', app, chaos.artifact(app, release), '--release', release, ...more],
      app: isLive ? app : null, release: isLive ? release : null,
    };
  };
  const onApp = (verb: string, ...more: string[]): Operation => {
    const app = among(APPS);
    return { words: [verb, app, ...more], app, release: null };
  };
  const ofNoApp = (...words: string[]): Operation => ({ words, app: null, release: null });

  const OPERATIONS: Record<string, () => Promise<Operation>> = {
    async change() {
      const name = among(Object.keys(CHOICES) as (keyof typeof CHOICES)[]);
      chaos.write({ [name]: below(CHOICES[name]) });
      await good('build');
      story.push(`  ${name} is ${chaos.world[name]}`);
      return ofNoApp('apply', '--force');
    },
    deploy: async () => deploy('--switch'),
    stage: async () => deploy(),
    switch: async () => onApp('switch'),
    rollback: async () => onApp('rollback'),
    configuration: async () => ofNoApp('rollback', '--configuration'),
    async secret() {
      const isUnfit = below(3) === 0;
      // no environment of a unit holds a noncharacter, and no file of supervisor's both kinds of quotes
      chaos.token = isUnfit ? `it's "${story.length}"\ufdd0` : `t0ken-${story.length}`;
      story.push(`  the value is ${isUnfit ? 'unfit' : 'another'}`);
      return { ...ofNoApp('secrets', 'push'), isUnfit };
    },
    look: async () => ofNoApp(among(['status', 'plan', 'drift', 'doctor'])),
  };
  /** What a second operator does meanwhile. */
  const other = async (): Promise<void> => {
    const { words } = among([
      () => ofNoApp('apply', '--wait', '1m'), () => onApp('switch', '--wait', '1m'),
      () => onApp('rollback', '--wait', '1m'), () => deploy('--switch', '--wait', '1m'),
    ])();
    const { code } = await chaos.vgen(words);
    story.push(`  meanwhile vgen ${words.join(' ')}: code ${code}`);
  };

  /** What an operation may have made live: known after the end of a good one, one of two after a fault. */
  const remember = async (app: AppName, release: string | null): Promise<void> => {
    for (const host of HOSTS) {
      const allowed = live.get(key(app, host)) ?? new Set();
      if (release !== null) allowed.add(release);
      live.set(key(app, host), allowed);
    }
  };
  /** What is live now is what has to stay so. */
  const settle = async (): Promise<void> => {
    for (const app of APPS) for (const host of HOSTS) live.set(key(app, host), new Set([await answers(app, host)]));
  };

  /** What answers once no run goes on any more was made live by one that was cut short, or by one of two. */
  const accept = async (app: AppName): Promise<void> => {
    for (const host of HOSTS) {
      await chaos.host(host).run('flock --wait 60 /var/lib/vgen/lock true');
      const is = await answers(app, host).catch(() => '');
      if (/^r\d+$/.test(is)) live.get(key(app, host))?.add(is);
    }
  };

  /** What is printed as a remedy, after the fault is over. */
  const follow = async ({ stdout, stderr }: Ran, { app }: Operation): Promise<void> => {
    const command = commandsIn(stdout + stderr).find(one => one.startsWith('vgen '));
    if (command === undefined) return;
    counts.remedies++;
    const ran = await chaos.asPrinted(command);
    story.push(`  as printed, ${command}: code ${ran.code}`);
    expect(ran.code, `${stdout}${stderr}\n${told([command], ran)}`).toBe(0);
    if (app !== null) await accept(app);
  };

  const invariants = async (): Promise<void> => {
    const context = story.slice(-8).join('\n');
    for (const app of APPS) {
      for (const host of HOSTS) {
        const is = await answers(app, host).catch((cause: unknown) => String(cause));
        expect([...live.get(key(app, host)) ?? []], `${app} on ${host} answers "${is}"\n${context}`).toContain(is);
      }
    }
    // one apply converges; local edits are what it is allowed to overwrite here
    await good('apply', '--force', '--older', '--wait', '2m');
    const plan = await chaos.vgen(['plan']);
    expect(plan.code, told(['plan'], plan)).toBe(0);
    for (const app of APPS) {
      for (const host of HOSTS) {
        const is = await answers(app, host).catch((cause: unknown) => String(cause));
        expect([...live.get(key(app, host)) ?? []], `after an apply ${app} on ${host} answers "${is}"\n${context}`)
          .toContain(is);
      }
    }
    await settle();
    // the ssh of a vgen that was killed may take the lock as late as it gets through; the next run takes it over
    for (let tries = 0; tries < 3; tries++) {
      const locks = await Promise.all(HOSTS.map(host => chaos.host(host).run('cat /var/lib/vgen/fleet.lock')));
      if (locks.every(({ code }) => code !== 0)) break;
      await good('apply', '--force', '--older', '--wait', '2m');
    }
    for (const host of HOSTS) {
      const left = await chaos.host(host).run('find /opt/*/releases /etc /opt/vgen -xdev \\( -name ".new.*" -o -name '
        + '"*.vgen-new*" \\) 2>/dev/null; flock -n /var/lib/vgen/lock true || echo locked; '
        + 'cat /var/lib/vgen/fleet.lock 2>/dev/null || true');
      expect(left.stdout.trim(), `left behind on ${host}\n${context}`).toBe('');
      const sums = await chaos.host(host).run('vgen=/opt/vgen/bin/vgen; "$vgen" status --json');
      expect(sums.code, `${sums.stdout}${sums.stderr}\n${context}`).toBe(0);
    }
    expect(client.failed, context).toEqual([]);
  };

  beforeAll(async () => {
    chaos = await Chaos.boot();
    chaos.write();
    await good('build');
    await good('secrets', 'push');
    await good('apply');
    for (const app of APPS) {
      for (const release of ['r1', 'r2']) {
        await good('deploy', app, chaos.artifact(app, release), '--release', release, '--switch');
      }
    }
    releases = 2;
    await settle();
    client = new ChaosClient(chaos.targets());
  }, 10 * 60_000);

  afterAll(async () => {
    await client?.stop();
    await chaos?.stop();
    if (client) {
      if (client.failed.length) console.log(`${story.join('\n')}\n${client.failed.slice(0, 20).join('\n')}`);
      const list = (kind: Map<string, number>): string =>
        [...kind].map(([name, number]) => `${name} ${number}`).sort().join(', ');
      console.log(`chaos, seed ${seed}: ${client.asked} requests, ${client.failed.length} failed, ${client.excused} `
        + `during a fault that excuses it\noperations: ${list(counts.operations)}\nfaults: ${list(counts.faults)}\n`
        + `remedies that were run as printed: ${counts.remedies}`);
    }
  });

  it('breaks nothing that was promised', async () => {
    const faults = faultsOf({ chaos, client, below, note: text => story.push(text), other });
    const until = Date.now() + SECONDS * 1000;
    while (Date.now() < until) {
      const name = among(Object.keys(OPERATIONS));
      // a fault in every second operation
      const fault = roll() < 0.5 ? 'none' : among(Object.keys(faults));
      story.push(`${story.length} ${name}, ${fault}`);
      count(counts.operations, name);
      count(counts.faults, fault);
      const operation = await (OPERATIONS[name] as () => Promise<Operation>)();
      const { words, app, release, isUnfit = false } = operation;
      // what "switch" and "rollback" go to is what the other slot or the history has: asked afterwards
      if (app !== null) await remember(app, release);
      const end: Ran[] = [];
      const run: Run = async meanwhile => {
        const ran = await chaos.vgen(words, meanwhile && (child => meanwhile(child.pid ?? 0)));
        end.push(ran);
        story.push(`  vgen ${words.join(' ')}: code ${ran.code}`);
        if (isUnfit && fault === 'none') expect(ran.code, told(words, ran)).toBe(1);
        if (app !== null && release === null) await accept(app);
        if (app !== null && ran.code === 0) {
          for (const host of HOSTS) {
            const is = release ?? await answers(app, host).catch(() => null);
            if (is !== null) live.set(key(app, host), new Set([is]));
          }
        }
        return ran;
      };
      await (faults[fault] ?? (one => one()))(run);
      if (fault === 'two at once') for (const one of APPS) await accept(one);
      const failed = end.find(({ code }) => code !== 0 && code !== null);
      if (failed && !isUnfit && name !== 'look') await follow(failed, operation);
      await invariants();
    }
    expect(client.asked).toBeGreaterThan(SECONDS);
  }, (SECONDS + 300) * 1000);
});
