// Random operations and faults on two hosts while an independent client asks both apps of both. After each operation:
// live answers, with a release that was promised; one apply converges; nothing half written and no lock stays; no
// request failed but for the time of a fault that takes the host or the program away. In the suite a short part; longer
// and with another seed: npm run test:chaos -- SECONDS SEED.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sleep } from '../../src/process/sleep.ts';
import { diceOf, seed as drawn } from '../draw.ts';
import type { Ran } from '../vgen.ts';
import { ask, ChaosClient } from './chaos/client.ts';
import { APPS, Chaos, CHOICES, HOSTS, type AppName } from './chaos/world.ts';
import { because, lack } from './fixture.ts';

const SECONDS = Number(process.env['VGEN_CHAOS'] ?? 60);
/** A normal run takes the same operations each time, a longer one those of its seed. */
const seed = process.env['VGEN_CHAOS'] === undefined ? 11 : drawn;
/** Seconds until a host that was taken away, or a program that was killed, has to answer again. */
const HEALS = 30;

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
  const counts = new Map<string, number>();

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
  }

  const OPERATIONS: Record<string, () => Promise<Operation>> = {
    async change() {
      const name = among(Object.keys(CHOICES) as (keyof typeof CHOICES)[]);
      chaos.write({ [name]: below(CHOICES[name]) });
      await good('build');
      story.push(`  ${name} is ${chaos.world[name]}`);
      return { words: ['apply', '--force'], app: null, release: null };
    },
    async deploy() {
      const app = among(APPS);
      const release = `r${++releases}`;
      chaos.artifact(app, release);
      return { words: ['deploy', app, app, '--release', release, '--switch'], app, release };
    },
    async stage() {
      const app = among(APPS);
      const release = `r${++releases}`;
      chaos.artifact(app, release);
      return { words: ['deploy', app, app, '--release', release], app: null, release: null };
    },
    async switch() {
      const app = among(APPS);
      return { words: ['switch', app], app, release: null };
    },
    async rollback() {
      const app = among(APPS);
      return { words: ['rollback', app], app, release: null };
    },
    async look() {
      return { words: [among(['status', 'plan', 'drift', 'doctor'])], app: null, release: null };
    },
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

  type Run = (meanwhile?: (pid: number) => Promise<unknown>) => Promise<Ran>;
  const FAULTS: Record<string, (run: Run) => Promise<void>> = {
    async none(run) {
      await run();
    },
    async 'vgen is killed'(run) {
      await run(async pid => {
        await sleep(100 + below(3000));
        try {
          process.kill(pid, 'SIGKILL');
        } catch { /* it has ended */ }
      });
    },
    async 'the engine is killed on a host'(run) {
      const host = chaos.host(among(HOSTS));
      await run(async () => {
        await sleep(200 + below(3000));
        await host.console('pkill -9 -f /opt/vgen/ || true');
      });
    },
    async 'the link is cut'(run) {
      const name = among(HOSTS);
      const host = chaos.host(name);
      await client.during(chaos.targets(name), HEALS, () => run(async () => {
        await sleep(below(1500));
        await host.cut();
        await sleep(1000 + below(3000));
        await host.mend();
      }));
    },
    async 'power is lost meanwhile'(run) {
      const name = among(HOSTS);
      const host = chaos.host(name);
      await client.during(chaos.targets(name), HEALS, () => run(async () => {
        await sleep(below(3000));
        await host.powerOff();
        await host.boot();
      }));
    },
    async 'power is lost after it'(run) {
      const name = among(HOSTS);
      const host = chaos.host(name);
      await run();
      await sleep(100 + below(3000));
      await client.during(chaos.targets(name), HEALS, async () => {
        await host.powerOff();
        await host.boot();
      });
    },
    async 'a program is killed'(run) {
      const name = among(HOSTS);
      const victim = among(['nginx', 'supervisord', 'web', 'api']);
      const script = {
        nginx: 'pkill -9 -x nginx', supervisord: 'pkill -9 -x supervisord || kill -9 "$(cat /run/supervisord.pid)"',
        web: 'pkill -9 -f "[/.]/web 20"', api: 'pkill -9 -f "[/.]/api 20"',
      }[victim] ?? '';
      story.push(`  ${victim} is killed on ${name}`);
      await run();
      await client.during(chaos.targets(name), HEALS, () => chaos.host(name).console(script));
    },
    async 'two at once'(run) {
      await Promise.all([run(), chaos.vgen(['apply', '--wait', '1m'])]);
    },
    async 'a local edit'(run) {
      await chaos.host(among(HOSTS)).console('echo more >> /etc/motd');
      await run();
    },
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
    await good('apply');
    for (const app of APPS) {
      for (const release of ['r1', 'r2']) {
        chaos.artifact(app, release);
        await good('deploy', app, app, '--release', release, '--switch');
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
      console.log(`chaos, seed ${seed}: ${client.asked} requests, ${client.failed.length} failed, ${client.excused} `
        + `during a fault; ${[...counts].map(([name, count]) => `${name} ${count}`).sort().join(', ')}`);
    }
  });

  it('breaks nothing that was promised', async () => {
    const end = Date.now() + SECONDS * 1000;
    while (Date.now() < end) {
      const name = among(Object.keys(OPERATIONS));
      // a fault in every second operation
      const fault = roll() < 0.5 ? 'none' : among(Object.keys(FAULTS));
      story.push(`${story.length} ${name}, ${fault}`);
      counts.set(name, (counts.get(name) ?? 0) + 1);
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
      const { words, app, release } = await (OPERATIONS[name] as () => Promise<Operation>)();
      // what "switch" and "rollback" go to is what the other slot or the history has: asked afterwards
      if (app !== null) await remember(app, release);
      await (FAULTS[fault] as (typeof FAULTS)[string])(async meanwhile => {
        const ran = await chaos.vgen(words, meanwhile && (child => meanwhile(child.pid ?? 0)));
        story.push(`  vgen ${words.join(' ')}: code ${ran.code}`);
        if (app !== null && release === null) {
          for (const host of HOSTS) {
            const is = await answers(app, host).catch(() => null);
            if (is !== null) live.get(key(app, host))?.add(is);
          }
        }
        if (app !== null && ran.code === 0) {
          for (const host of HOSTS) {
            const is = release ?? await answers(app, host).catch(() => null);
            if (is !== null) live.set(key(app, host), new Set([is]));
          }
        }
        return ran;
      });
      await invariants();
    }
    expect(client.asked).toBeGreaterThan(SECONDS);
  }, (SECONDS + 300) * 1000);
});
