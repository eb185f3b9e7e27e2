// Each key that can reach what is live is changed on a booted host, and changed back, while a client asks: no request
// fails or `diff --impact` foretold the interruption, and no apply says "done" with a dead live. A normal run takes the
// keys that once took live down and a sample, a full one all but those of a runtime that Debian does not have.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Action } from '../../src/contract/action.ts';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { draw, full, seed } from '../draw.ts';
import { base, keyChanges, type KeyChange } from '../live-keys.ts';
import { vgen, type Ran } from '../vgen.ts';
import { because, lack } from './fixture.ts';

const SHOWN = ['apps.*.slots.blue.port', 'apps.*.unit', 'apps.*.runtime'];
const runtimeOf = ({ key }: KeyChange): string => (key.startsWith('supervisor.') ? 'supervisor' : 'systemd');
const all = keyChanges().filter(({ key }) => !key.startsWith('pm2.'));
const others = all.filter(({ key }) => !SHOWN.includes(key));
const sample = full ? others
  : draw('live keys', others.filter(one => runtimeOf(one) === 'systemd'), 3, ({ key }) => key.split('.')[0]);
const changes = [...all.filter(({ key }) => SHOWN.includes(key)), ...sample]
  .sort((a, b) => (runtimeOf(a) < runtimeOf(b) ? 1 : -1));

const APPLY = [
  'apply', '--on', 'one', '--older', '--force', '--max-changed', '100%', '--max-deleted', '100%',
  '--max-restarts', '999', '--allow', 'datastore', '--allow', 'firewall',
];

describe.skipIf(lack !== null)(`what is live, by keys from seed ${seed} (${because})`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'vgen-live-'));
  let fleet: Fleet;
  let host: RehearsalHost;
  let runtime = '';
  const run = (...args: string[]): Promise<Ran> => vgen(dir, args, {
    VGEN_SSH_CONFIG: fleet.sshConfig, XDG_STATE_HOME: join(dir, '.state'), FIRST: 'first-secret', OTHER: 'other-secret',
  });
  const good = async (...args: string[]): Promise<Ran> => {
    const ran = await run(...args);
    expect(ran.code, `vgen ${args.join(' ')}\n${ran.stdout}${ran.stderr}`).toBe(0);
    return ran;
  };
  let releases = 0;
  const deploy = async (...more: string[]): Promise<void> => {
    const server = readFileSync(join(import.meta.dirname, 'server.pl'), 'utf8');
    writeFileSync(join(dir, 'web'), server.replaceAll('@VERSION@', `r${++releases}`));
    chmodSync(join(dir, 'web'), 0o755);
    await good('deploy', 'web', 'web', '--on', 'one', '--release', `r${releases}`, ...more);
  };
  const isAnswered = async (place: string): Promise<boolean> =>
    (await host.run(`curl -s -o /dev/null -m 5 -w '%{http_code}' http://${place}/ || true`)).stdout === '200';

  const siteAnswer = async (): Promise<string> => (await host.run(
    `curl -s -o /dev/null -m 5 -w '%{http_code}' -H 'Host: web.example.org' http://10.9.8.1/ || true`,
  )).stdout;

  /** What `diff --impact` foretells for the inventory beside out/; then it is built, and applied under load. */
  async function applied(
    inventory: object,
  ): Promise<{ ran: Ran; told: readonly Action[]; failed: string[] } | null> {
    writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(inventory));
    if ((await run('validate')).code !== 0) return null;
    const diff = JSON.parse((await run('diff', '--impact', '--json')).stdout) as
      { hosts: { host: string; impact: Action[] }[] };
    const told = diff.hosts.find(one => one.host === 'one')?.impact ?? [];
    await good('build');
    await host.run('rm -f /root/stop /root/codes');
    const load = host.run(`until [[ -e /root/stop ]]; do
      curl -s -o /dev/null -m 10 -w '%{http_code}\\n' http://127.0.0.1:8000/ >> /root/codes; sleep 0.02
    done`, { timeoutSeconds: 300 });
    await run('secrets', 'push', '--on', 'one');
    const ran = await run(...APPLY, ...told.some(({ action }) => action === 'end') ? ['--allow', 'live'] : []);
    await host.run('touch /root/stop');
    await load;
    const codes = (await host.run('cat /root/codes')).stdout.split('\n').filter(Boolean);
    return { ran, told, failed: codes.filter(code => code !== '200') };
  }

  beforeAll(async () => {
    fleet = await bootFleet({
      hosts: [{ name: 'one', addresses: ['10.9.8.1'] }], prepared: true,
      packages: ['nginx-light', 'redis-server', 'supervisor'],
    });
    host = fleet.hosts.get('one') as RehearsalHost;
  });
  afterAll(async () => {
    await fleet?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(changes.map(change => [change.key, change] as const))('answers while %s changes and changes back',
    async (_, change) => {
      const from = base(runtimeOf(change));
      if (runtime !== runtimeOf(change)) {
        runtime = runtimeOf(change);
        writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(from));
        await good('build');
        await good('secrets', 'push', '--on', 'one');
        await run(...APPLY);
        await deploy('--switch');
        await deploy();
      }
      const listen = (inventory: object): string => {
        const { live = 8000, address = '127.0.0.1' } = (inventory as
          { apps: { web: { listen: { live?: number; address?: string } } } }).apps.web.listen;
        return `${address}:${live}`;
      };
      for (const [to, was] of [[change.inventory, from], [from, change.inventory]] as const) {
        const done = await applied(to);
        if (done === null) return;
        const { ran, told, failed } = done;
        const words = `${change.key}\n${ran.stdout}${ran.stderr}\n${JSON.stringify(told)}`;
        const foretold = told.some(({ downtime }) => downtime !== null);
        expect(foretold ? [] : failed, words).toEqual([]);
        const ends = told.some(({ action }) => action === 'end');
        const isSiteDown = told.some(({ what, downtime }) =>
          downtime !== null && ['web', 'web.example.org'].includes(what));
        expect(await siteAnswer() === '200', words).toBe(!isSiteDown);
        // what did not go through left what was there
        if (!ends) expect(await isAnswered(listen(ran.code === 0 ? to : was)), words).toBe(true);
        if (ends) await deploy('--switch');
      }
      const plan = await run('plan', '--on', 'one');
      expect(plan.stdout, change.key).toMatch(/^one: nothing to do$/m);
    }, 300_000);
});
