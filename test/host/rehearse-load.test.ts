// The promise of the switch, on the example's two hosts: no request, no connection and no websocket is lost, and every
// client sees each switch exactly once.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../src/compile.ts';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import { Load } from '../../src/rehearse/load.ts';
import { Flips } from '../../src/rehearse/load/tally.ts';
import { fleetOf, nothingGiven, planRehearsal, type HostRehearsal } from '../../src/rehearse/plan.ts';
import { rehearse } from '../../src/rehearse/rehearsal.ts';
import type { Step } from '../../src/rehearse/step.ts';
import { faults, type Amounts } from '../../src/rehearse/switching.ts';
import { full } from '../draw.ts';
import { missing } from '../../src/rehearse/requirements.ts';

const root = join(import.meta.dirname, '../..');
const lack = missing();

describe('which release answers', () => {
  const count = (...seen: [client: number, release: string, begun: number, now: number][]): number => {
    const flips = new Flips(2);
    for (const one of seen) flips.seen(...one);
    return flips.count;
  };

  it('changes once for all clients', () => {
    expect(count([0, 'a', 0, 1], [1, 'a', 0, 2], [0, 'b', 3, 4], [1, 'b', 3, 5])).toBe(1);
  });
  it('may still be the former one for a request that was sent before', () => {
    expect(count([0, 'a', 0, 1], [0, 'b', 3, 5], [1, 'a', 4, 6], [1, 'b', 7, 8])).toBe(1);
  });
  it('must not be the former one for a request that was sent after', () => {
    expect(count([0, 'a', 0, 1], [0, 'b', 3, 5], [1, 'a', 6, 7], [1, 'b', 8, 9])).toBe(3);
  });
});

describe.skipIf(lack !== null)(`the example under load (${lack ?? 'systemd-nspawn'})`, () => {
  let fleet: Fleet;
  let plans: HostRehearsal[];

  beforeAll(async () => {
    const secrets = new Map<string, string>();
    const trees = [...(await compile([join(root, 'inventory.example.yaml')])).trees()];
    plans = trees.map(({ plan }) => planRehearsal(plan, join(root, 'out'), nothingGiven, secrets));
    fleet = await bootFleet({ ...fleetOf(plans), prepared: true });
  });
  afterAll(() => fleet?.stop());

  const run = async (host: string, amounts: Amounts): Promise<Step> => {
    const steps: Step[] = [];
    await rehearse(fleet, plans.filter(({ name }) => name === host), amounts, step => steps.push(step));
    expect(steps.filter(({ result }) => result !== 'ok').map(({ step, result }) => [step, result]))
      .toEqual([['/usr/local/bin/ngrok', 'skipped']]);
    const { load, ...step } = steps.find(one => one.load !== null) ?? { load: null };
    if (load === null) throw new Error('there was no load');
    const seconds = load.switches.toSorted((a, b) => a - b);
    console.log(`${host}: ${load.requests} requests (${load.posts} with a body) by ${amounts.clients} clients `
      + `in ${load.seconds.toFixed(1)} s, ${load.failed} failed, ${load.resets} resets, `
      + `${load.reconnects} announced reconnects; ${load.switches.length} switches, ${load.flips} flips (each `
      + `client ${load.flipsPerClient.least} to ${load.flipsPerClient.most}), `
      + `${seconds[0]?.toFixed(2)} to ${seconds.at(-1)?.toFixed(2)} s each; `
      + `p50 ${load.latency.p50} ms, p99 ${load.latency.p99} ms, most ${load.latency.most} ms; `
      + `${load.websockets.opened} websockets, ${load.websockets.dropped} dropped, ${load.websockets.echoes} echoes`);
    return { ...step, load } as Step;
  };

  const amounts = full ? { requests: 100_000, switches: 20, clients: 50 }
    : { requests: 20_000, switches: 8, clients: 50 };

  it(`${amounts.requests} requests over ${amounts.switches} switches: none fails, nothing is cut, each client sees `
    + `each switch once`, async () => {
    const { requests, switches } = amounts;
    const { load } = await run('eu1', amounts);
    expect(load).toMatchObject({
      failed: 0, resets: 0, failures: [], flips: switches, flipsPerClient: { least: switches, most: switches },
    });
    expect(load?.sequence).toEqual(Array.from({ length: switches + 1 }, (_, i) => `rehearsal-${i % 2 + 1}`));
    expect(load?.switches).toHaveLength(switches);
    expect(load?.requests).toBeGreaterThanOrEqual(requests);
    expect(load?.posts).toBeGreaterThanOrEqual(requests * 0.15);
    expect(load?.websockets).toMatchObject({ opened: 5, dropped: 0 });
    expect(load?.websockets.echoes).toBeGreaterThan(requests / 1000);
  }, 600_000);

  it('the other host likewise', async () => {
    const { load } = await run('us1', { requests: 2000, switches: 3, clients: 10 });
    expect(load).toMatchObject({
      failed: 0, resets: 0, flips: 3, flipsPerClient: { least: 3, most: 3 }, websockets: { opened: 5, dropped: 0 },
    });
  }, 300_000);

  it('sees it when nginx is restarted in between', async () => {
    const host = fleet.hosts.get('us1')!;
    const load = await Load.start(host, {
      address: '127.0.0.1', port: 8000, path: '/', standIn: true, requests: 2000, clients: 10, websockets: 5,
      seconds: 60,
    });
    await load.reached(500);
    expect((await host.run('systemctl restart nginx')).code).toBe(0);
    const seen = await load.stop();
    expect(seen.failed).toBeGreaterThan(0);
    expect(seen.websockets.dropped).toBe(5);
    expect(faults(seen, 0, 5)).toEqual(expect.arrayContaining([
      `${seen.failed} of ${seen.requests} requests failed`, '5 of 5 websockets were dropped',
    ]));
  }, 120_000);
});
