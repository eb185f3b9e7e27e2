// The runtime of an app changes under its live slot together with its command, so that releases of before are none for
// the new one: live stays as it is, what is next waits for another release, and the switch to that comes up.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildOnce } from '../../src/rehearse/cache.ts';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { base, type Runtime } from '../live-keys.ts';
import { vgen } from '../vgen.ts';
import { because, lack } from './fixture.ts';

const PM2 = 'pm2@7.0.4';

function inventory(runtime: Runtime): string {
  const { hosts, apps } = base(runtime) as { hosts: unknown; apps: { web: object } };
  return JSON.stringify({ hosts, apps: { web: { ...apps.web, uses: [] } } });
}

describe.skipIf(lack !== null)(`the runtime of what is live, with its command (${because})`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'vgen-runtime-'));
  let fleet: Fleet;
  let host: RehearsalHost;
  let releases = 0;
  const good = async (words: string, code = 0): Promise<string> => {
    const ran = await vgen(dir, words.split(' '), { VGEN_SSH_CONFIG: fleet.sshConfig });
    expect(ran.code, `vgen ${words}\n${ran.stdout}${ran.stderr}`).toBe(code);
    return `${ran.stdout}${ran.stderr}`;
  };
  const uses = async (runtime: Runtime): Promise<void> => {
    writeFileSync(join(dir, 'inventory.yaml'), inventory(runtime));
    await good('build');
  };
  /** A release of the kind that the runtime's command runs: a script of Node.js in a directory, or a program. */
  const deploy = async (runtime: Runtime, more = ''): Promise<void> => {
    const [source, file, mode] = runtime === 'pm2' ? ['server.cjs', 'release/web.js', 0o644] as const
      : ['server.pl', 'web', 0o755] as const;
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    const text = readFileSync(join(import.meta.dirname, source), 'utf8').replaceAll('@VERSION@', `r${++releases}`);
    writeFileSync(join(dir, file), text, { mode });
    await good(`deploy web ${file.split('/')[0]} --release r${releases} --on one${more}`);
  };
  const ask = async (script: string): Promise<string> => (await host.run(script)).stdout.trim();
  const answer = (): Promise<string> => ask('echo $(curl -s -m 5 -w " %{http_code}" http://127.0.0.1:8000/)');

  /** Meanwhile a client asks for the app, and is answered each time. */
  async function under<T>(work: () => Promise<T>): Promise<T> {
    await ask('rm -f /root/stop /root/codes');
    const load = host.run(`until [[ -e /root/stop ]]; do
      curl -s -o /dev/null -m 10 -w '%{http_code}\\n' http://127.0.0.1:8000/ >>/root/codes; sleep 0.02
    done`, { timeoutSeconds: 300 });
    const done = await work();
    await ask('touch /root/stop');
    await load;
    const codes = (await ask('cat /root/codes')).split('\n');
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter(code => code !== '200')).toEqual([]);
    return done;
  }

  beforeAll(async () => {
    const pm2 = await buildOnce('npm', PM2, to => {
      execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', to, PM2]);
      return Promise.resolve();
    }, () => undefined);
    fleet = await bootFleet({
      hosts: [{ name: 'one', addresses: ['10.9.8.1'] }], prepared: true,
      packages: ['nginx-light', 'supervisor', 'nodejs'], binds: [{ from: pm2, to: '/usr/local/lib/pm2' }],
    });
    host = fleet.hosts.get('one') as RehearsalHost;
    await ask('ln -s /usr/local/lib/pm2/node_modules/pm2/bin/pm2-runtime /usr/local/bin/pm2-runtime');
    await uses('pm2');
    await good('apply --on one');
    await deploy('pm2', ' --switch');
    await deploy('pm2');
  });
  afterAll(async () => {
    await fleet?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each<[Runtime, Runtime]>([
    ['pm2', 'supervisor'], ['supervisor', 'pm2'], ['pm2', 'systemd'], ['systemd', 'pm2'],
  ])('%s → %s', async (from, to) => {
    const was = await answer();
    expect(was).toMatch(/^r\d+ 200$/);
    await uses(to);
    const plan = await good('plan --on one', 1);
    expect(plan).toMatch(/^ {2}note {5}web\/\w+ is live: \d+ files of it wait for the next switch: no downtime$/m);
    const foretold = `deployed for ${from}, and is marked bad if it does not run under ${to}`;
    expect(plan).toMatch(new RegExp(`^ {2}restart next web/.*${foretold}`, 'm'));
    expect(plan).not.toMatch(/; down: (?!every app that supervisor runs)|^ {2}refused /m);
    await under(() => good('apply --on one --older'));
    expect(await answer()).toBe(was);
    expect(await good('status --on one')).toMatch(/^one +good /m);
    expect(await ask('/opt/vgen/bin/vgen status')).toMatch(/^ {2}next .*; marked bad$/m);
    expect(await ask('. /opt/vgen/apps/web/$(readlink /opt/web/live).sh; echo $slot_runtime')).toBe(from);
    expect(await good('plan --on one')).toMatch(/^one: nothing to do$/m);

    await under(() => deploy(to, ' --switch'));
    expect(await answer()).toBe(`r${releases} 200`);
    expect(await ask('for slot in /opt/vgen/apps/web/*.sh; do . $slot; echo $slot_runtime; done')).toBe(`${to}\n${to}`);
    expect(await good('status --on one')).toMatch(/^one +good /m);
    expect(await good('plan --on one')).toMatch(/^one: nothing to do$/m);

    await under(() => deploy(to));
    await under(() => good('switch web --on one'));
    expect(await answer()).toBe(`r${releases} 200`);
    await under(() => good('rollback web --on one'));
    expect(await answer()).toBe(`r${releases - 1} 200`);
    await deploy(to);
  }, 240_000);
});
