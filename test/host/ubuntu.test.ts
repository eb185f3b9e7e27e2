// Ubuntu 24.04 the same way: the example's tree, byte for byte, on a host of another distribution.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compile } from '../../src/compile.ts';
import { cachePath } from '../../src/rehearse/cache.ts';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import { fleetOf, nothingGiven, planRehearsal, type HostRehearsal } from '../../src/rehearse/plan.ts';
import { rehearse } from '../../src/rehearse/rehearsal.ts';
import type { Step } from '../../src/rehearse/step.ts';
import { missing } from '../../src/rehearse/requirements.ts';
import { run } from '../../src/process/run.ts';

const root = join(import.meta.dirname, '../..');
const mirror = 'http://archive.ubuntu.com/ubuntu/dists/noble/InRelease';

/** Asked with apt's own means, so that a proxy of the machine's is used. */
async function unreachable(): Promise<string | null> {
  if (!existsSync('/usr/lib/apt/apt-helper')) return 'hosts of Ubuntu need apt: a Debian or Ubuntu machine';
  const file = join('/tmp', `vgen-mirror-${process.pid}`);
  const { code } = await run('/usr/lib/apt/apt-helper', [
    '-o', 'Acquire::Retries=0', '-o', 'Acquire::http::Timeout=10', 'download-file', mirror, file,
  ], { timeoutSeconds: 60 })
    .catch(() => ({ code: 1 }));
  await run('rm', ['-f', file]);
  return code === 0 ? null : `${mirror} cannot be reached: let this machine, or apt's proxy, connect to it`;
}
const lack = missing() ?? await unreachable();

describe.skipIf(lack !== null)(`the example on Ubuntu 24.04 (${lack ?? cachePath('base')})`, () => {
  let fleet: Fleet;
  let plans: HostRehearsal[];
  const steps: Step[] = [];

  beforeAll(async () => {
    const secrets = new Map<string, string>();
    const trees = [...(await compile([join(root, 'inventory.example.yaml')])).trees()];
    plans = trees.map(({ plan }) => planRehearsal(plan, join(root, 'out'), nothingGiven, secrets));
    fleet = await bootFleet({ ...fleetOf(plans), base: 'ubuntu-24.04' });
  }, 900_000);
  afterAll(() => fleet?.stop());

  it('is Ubuntu 24.04', async () => {
    for (const host of fleet.hosts.values()) {
      expect((await host.run('. /etc/os-release; echo "$ID $VERSION_ID"')).stdout).toBe('ubuntu 24.04\n');
    }
  });

  it('installs twice, deploys, switches under load, rolls back', async () => {
    await rehearse(fleet, plans, { requests: 1000, switches: 3, clients: 5 }, step => steps.push(step));
    expect(steps.filter(({ result }) => result !== 'ok').map(({ step, result }) => [step, result]))
      .toEqual(plans.map(() => ['/usr/local/bin/ngrok', 'skipped']));
    for (const { name } of plans) {
      expect(steps.filter(({ host }) => host === name)).toHaveLength(10);
      expect(steps.find(({ host, load }) => host === name && load !== null)?.load)
        .toMatchObject({ failed: 0, resets: 0, flips: 3, websockets: { opened: 5, dropped: 0 } });
    }
  }, 600_000);

  it('replicates Redis', async () => {
    const cli = 'REDISCLI_AUTH="$(cat /etc/vgen/secrets/redisPassword)" redis-cli';
    await fleet.hosts.get('eu1')?.run(`${cli} SET greeting hello`);
    const there = await fleet.hosts.get('us1')?.run(`for try in $(seq 50); do [ "$(${cli} GET greeting)" != hello ] `
      + `|| break; sleep 0.2; done; ${cli} GET greeting`);
    expect(there?.stdout).toBe('hello\n');
  });
});
