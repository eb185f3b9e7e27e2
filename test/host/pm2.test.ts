// pm2 as a runtime on a real host, with pm2 from npm: deploys, switches, workers, crashes and a boot.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { buildOnce } from '../../src/rehearse/cache.ts';
import { missing } from '../../src/rehearse/requirements.ts';
import { cli } from '../vgen.ts';

const lack = missing();
const PM2 = 'pm2@7.0.4';
const secret = 's3cr et "quoted" $1 #';

const inventory = `hosts: { one: { address: 10.9.0.1 } }
apps:
  web:
    runtime: pm2
    command: [/usr/bin/node, server.js, "\${slot.port}", "two words"]
    env: { KEY: "\${secret.key}" }
    listen: { live: 8000, next: 8001 }
    health: /health
    steady: 2s
    wait: 15s
    drain: 1s
    slots: { blue: { port: 3000 }, green: { port: 3001 } }
  tool:
    runtime: pm2
    binary: tool
    command: ./tool \${slot.port}
    steady: 1s
    drain: 1s
    slots: { blue: { port: 3100 }, green: { port: 3101 } }
pm2: { workers: { web: 2 }, stop: 5 }
secrets: { key: { env: KEY } }
`;

const server = (release: string, more = ''): string =>
  `require('http').createServer((request, answer) => answer.end(JSON.stringify({
  release: '${release}', pid: process.pid, cwd: process.cwd(), key: process.env.KEY, words: process.argv.slice(3), home: __dirname }))).listen(Number(process.argv[2]), '127.0.0.1');
${more}`;

interface Answer { release: string; pid: number; cwd: string; key: string; words: string[]; home: string }

describe.skipIf(lack !== null)(`pm2 on a real host (${lack ?? 'systemd-nspawn, npm'})`, () => {
  const work = mkdtempSync(join(tmpdir(), 'vgen-pm2-'));
  let fleet: Fleet;
  let host: RehearsalHost;

  const run = async (script: string): Promise<{ code: number | null; text: string }> => {
    const { code, stdout, stderr } = await host.run(script, { timeoutSeconds: 120 });
    return { code, text: `${stdout}${stderr}`.trim() };
  };
  const good = async (script: string): Promise<string> => {
    const { code, text } = await run(script);
    expect(code, text).toBe(0);
    return text;
  };
  const ask = async (port: number): Promise<Answer> =>
    JSON.parse(await good(`curl -sS -m 5 127.0.0.1:${port}/`)) as Answer;
  const release = async (name: string, more = ''): Promise<void> => {
    mkdirSync(join(work, name), { recursive: true });
    writeFileSync(join(work, name, 'server.js'), server(name, more));
    await host.send(join(work, name), '/root');
  };

  beforeAll(async () => {
    const pm2 = await buildOnce('npm', PM2, dir => {
      execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', dir, PM2]);
      return Promise.resolve();
    }, () => undefined);
    fleet = await bootFleet({
      hosts: [{ name: 'one', addresses: ['10.9.0.1'] }], packages: ['nginx-light', 'nodejs'],
      binds: [{ from: pm2, to: '/usr/local/lib/pm2' }],
      prepared: true,
    });
    host = fleet.hosts.get('one') as RehearsalHost;
    writeFileSync(join(work, 'inventory.yaml'), inventory);
    execFileSync(process.execPath, [cli, 'build'], {
      cwd: work, env: { ...process.env, XDG_CACHE_HOME: join(work, 'cache') },
    });
    await host.push(join(work, 'out/one'), '/root/tree');
    await host.run('umask 077; mkdir -p /etc/vgen/secrets; cat >/etc/vgen/secrets/key', { stdin: secret });
  }, 300_000);
  afterAll(async () => {
    await fleet?.stop();
    rmSync(work, { recursive: true, force: true });
  });

  it('says where pm2 is to be had', async () => {
    expect(await good('/root/tree/install.sh'))
      .toMatch(/\/usr\/local\/bin\/pm2-runtime is not there.*https:\/\/pm2\.keymetrics\.io/);
    await good('ln -s /usr/local/lib/pm2/node_modules/pm2/bin/pm2-runtime /usr/local/bin/pm2-runtime');
    expect(await good('/root/tree/install.sh')).toMatch(/nothing to do/);
  });

  it('deploys and switches, with as many workers as said, its words and its secret', async () => {
    await release('r1');
    await good('/opt/vgen/bin/vgen deploy web /root/r1 --release r1');
    expect(await ask(8001)).toMatchObject({
      release: 'r1', key: secret, words: ['two words'], cwd: '/opt/web/releases/r1', home: '/opt/web/releases/r1',
    });
    await good('/opt/vgen/bin/vgen switch web');
    expect((await ask(8000)).release).toBe('r1');
    const pids = new Set<number>();
    for (let i = 0; i < 12; i += 1) pids.add((await ask(3001)).pid);
    expect(pids.size).toBe(2);
  });

  it('never goes on with a former release, in the same slot either', async () => {
    for (const name of ['r2', 'r3', 'r4']) {
      await release(name);
      await good(`/opt/vgen/bin/vgen deploy web /root/${name} --release ${name}`);
      expect(await ask(8001))
        .toMatchObject({ release: name, cwd: `/opt/web/releases/${name}`, home: `/opt/web/releases/${name}` });
      expect((await ask(8000)).release).not.toBe(name);
      await good('/opt/vgen/bin/vgen switch web');
      expect((await ask(8000)).release).toBe(name);
    }
    await good('/opt/vgen/bin/vgen rollback web');
    expect((await ask(8000)).release).toBe('r3');
    // no process of pm2 is in a release that no slot has
    expect(await good('for pid in $(pgrep -u web); do readlink /proc/$pid/cwd; done | grep /opt/web | sort -u'))
      .toBe('/opt/web/releases/r3\n/opt/web/releases/r4');
  });

  it('starts a worker again that crashed, and the unit stays', async () => {
    const slot = (await good('readlink /opt/web/live')).split('/').at(-1) ?? '';
    const before = await good(`systemctl show -p MainPID --value web-${slot}`);
    const { pid } = await ask(8000);
    await good(`kill -9 ${pid}`);
    for (let i = 0; i < 30 && (await good(`pgrep -c -P ${before}`)) !== '2'; i += 1) {
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    expect((await ask(8000)).release).toBe('r3');
    expect(await good(`systemctl show -p MainPID --value web-${slot}`)).toBe(before);
  });

  it('does not take a release for healthy that ends soon after its start', async () => {
    await release('bad', 'setTimeout(() => process.exit(1), 700);\n');
    const { code, text } = await run('/opt/vgen/bin/vgen deploy web /root/bad --release bad');
    expect(code, text).not.toBe(0);
    expect(text).toMatch(/green|blue/);
    expect(text).toMatch(/does not stay up|nothing answers|does not answer well|not running/);
    expect((await ask(8000)).release).toBe('r3');
    await good('/opt/vgen/bin/vgen deploy web /root/r4 --release r5');
  });

  it('runs a program that is no script', async () => {
    writeFileSync(join(work, 'tool'), '#!/usr/bin/perl\nuse IO::Socket::INET;\nmy $s = IO::Socket::INET->new(Listen '
      + '=> 5, ReuseAddr => 1, LocalAddr => "127.0.0.1", LocalPort => $ARGV[0]) or die;\nwhile (my $c = $s->accept) '
      + '{ print $c "tool\\n"; }\n', { mode: 0o755 });
    await host.send(join(work, 'tool'), '/root');
    await good('/opt/vgen/bin/vgen deploy tool /root/tool --release t1');
    expect(await good('timeout 3 head -n 1 </dev/tcp/127.0.0.1/3101')).toBe('tool');
  });

  it('is hardened like any other slot, and leaves no secret where others read it', async () => {
    const said = await good('systemd-analyze security --no-pager web-blue.service | tail -n 1');
    expect(Number(/exposure level for web-blue\.service: ([\d.]+)/.exec(said)?.[1])).toBeLessThanOrEqual(3);
    expect(await good('stat -c "%a %U" /run/web-blue-pm2 /etc/vgen/env/web-blue.env')).toBe('700 web\n600 root');
    expect(await good(`grep -rlF 's3cr et' /run/web-blue-pm2 /run/web-green-pm2 /opt/web /var/log 2>/dev/null || true`))
      .toBe('');
  });

  it('comes back after a power loss with what was live', async () => {
    await host.powerOff();
    await host.boot();
    for (let i = 0; i < 50 && (await run('curl -sf -m 2 127.0.0.1:8000/')).code !== 0; i += 1) {
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    expect(await ask(8000)).toMatchObject({ release: 'r3', cwd: '/opt/web/releases/r3' });
    expect((await run('/opt/vgen/bin/vgen status')).text).toMatch(/live +\w+ +r3 +running .* healthy/);
  }, 60_000);
});
