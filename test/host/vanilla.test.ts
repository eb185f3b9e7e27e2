// The Vanilla Server, whole: the example's tree on two real hosts, with the README's commands word for word.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { missing } from '../../src/rehearse/requirements.ts';
import { commandsOf } from '../readme.ts';

const root = join(import.meta.dirname, '../..');
const lack = missing();
const secrets = {
  ngrokToken: 'tok"en', redisPassword: 'r3d!s "quoted" #%$\\', smtpPass: 'p@ss;word %(x)s', smtpUser: 'AKIA-like user',
  turnKey: 'turn',
};

describe.skipIf(lack !== null)(`the example on two real hosts (${lack ?? 'systemd-nspawn'})`, () => {
  const work = mkdtempSync(join(tmpdir(), 'vgen-vanilla-'));
  let fleet: Fleet;
  let eu1: RehearsalHost;
  let us1: RehearsalHost;

  /** A command of the README, from a checkout with `ssh`, `rsync` and `scp` that know the test hosts. */
  const readme = (command: string, input = ''): { status: number | null; output: string } => {
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
      cwd: work, input, encoding: 'utf8', timeout: 300_000,
      env: { ...process.env, ...secrets, PATH: `${join(work, 'bin')}:${process.env['PATH'] ?? ''}` },
    });
    return { status, output: `${stdout}${stderr}` };
  };
  const answer = async (host: RehearsalHost, url: string, more = ''): Promise<string> =>
    (await host.run(`curl -sS -m 5 ${more} http://${url}`)).stdout.trim();
  const release = (name: string): string => {
    const path = join(work, 'build/peerbook');
    mkdirSync(join(work, 'build'), { recursive: true });
    writeFileSync(path, readFileSync(join(import.meta.dirname, 'vanilla/peerbook.py'), 'utf8')
      .replaceAll('@RELEASE@', name));
    chmodSync(path, 0o755);
    return path;
  };

  beforeAll(async () => {
    fleet = await bootFleet({ hosts: [
      { name: 'eu1', addresses: ['203.0.113.10', '10.8.0.1'] },
      { name: 'us1', addresses: ['198.51.100.20', '10.8.0.2'] },
    ] });
    eu1 = fleet.hosts.get('eu1') as RehearsalHost;
    us1 = fleet.hosts.get('us1') as RehearsalHost;
    mkdirSync(join(work, 'bin'));
    for (const program of ['ssh', 'scp']) {
      writeFileSync(
        join(work, 'bin', program), `#!/bin/sh\nexec /usr/bin/${program} -F '${fleet.sshConfig}' "$@"\n`,
        { mode: 0o755 },
      );
    }
    execFileSync('cp', ['-a', join(root, 'out'), join(work, 'out')]);
  }, 600_000);

  afterAll(async () => {
    await fleet?.stop();
    rmSync(work, { recursive: true, force: true });
  });

  const hostCommands = commandsOf('sh host');
  const [copy, put, install] = ['rsync', 'printf', 'install.sh']
    .map(word => hostCommands.find(command => command.includes(word)) ?? '');
  const scp = hostCommands.find(command => command.startsWith('scp')) ?? '';
  const script = (name: string): string =>
    hostCommands.find(command => command.includes(`/opt/vgen/bin/vgen ${name}`)) ?? 'exit 9';

  it('refuses to install while a secret is missing, and says how to put it there', async () => {
    expect(readme(copy ?? '')).toMatchObject({ status: 0 });
    const { status, output } = readme(install ?? '');
    expect(output).toMatch(/missing in \/etc\/vgen\/secrets: .*redisPassword/);
    expect(status).toBe(2);
  });

  it('installs: nginx, supervisor and Redis come up', async () => {
    for (const name of Object.keys(secrets)) {
      for (const host of ['eu1', 'us1']) {
        expect(readme((put ?? '').replaceAll('redisPassword', name).replace('eu1', host))).toMatchObject({ status: 0 });
      }
    }
    expect(readme((copy ?? '').replaceAll('eu1', 'us1'))).toMatchObject({ status: 0 });
    for (const host of ['eu1', 'us1']) {
      const { status, output } = readme((install ?? '').replaceAll('eu1', host));
      expect(output).toMatch(/ngrok is not there.*https:\/\/ngrok\.com\/download/);
      expect(status, output).toBe(0);
    }
    for (const host of [eu1, us1]) {
      expect((await host.run('systemctl is-active nginx supervisor redis-server')).stdout)
        .toBe('active\nactive\nactive\n');
    }
  }, 180_000);

  it('changes and restarts nothing when it runs again', async () => {
    const pids = 'systemctl show -p MainPID --value nginx supervisor redis-server';
    const before = (await eu1.run(pids)).stdout;
    const { status, output } = readme(install ?? '');
    expect(output).toMatch(/eu1: nothing to do/);
    expect(status).toBe(0);
    expect((await eu1.run(pids)).stdout).toBe(before);
  });

  it('replicates Redis from eu1 to us1, with the password and on the private addresses', async () => {
    const cli = (command: string): string =>
      `REDISCLI_AUTH="$(cat /etc/vgen/secrets/redisPassword)" redis-cli ${command}`;
    expect((await eu1.run(cli('SET greeting hello'))).stdout).toBe('OK\n');
    for (let i = 0; i < 50 && (await us1.run(cli('GET greeting'))).stdout !== 'hello\n'; i++) {
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    expect((await us1.run(cli('GET greeting'))).stdout).toBe('hello\n');
    expect((await us1.run('redis-cli GET greeting')).stdout).toMatch(/NOAUTH/);
    expect((await us1.run('redis-cli -h 203.0.113.10 PING 2>&1')).stdout).toMatch(/refused/i);
  });

  it('deploys to next, and live is untouched', async () => {
    release('one');
    expect(readme(scp)).toMatchObject({ status: 0 });
    const { status, output } = readme(script('deploy'));
    expect(status, output).toBe(0);
    expect(await answer(eu1, '127.0.0.1:8001/')).toBe('one');
    expect(await answer(eu1, '127.0.0.1:8000/', '-o /dev/null -w "%{http_code}"')).toBe('502');
    const environment = await answer(eu1, '127.0.0.1:8001/environment');
    expect(environment.split('\n')).toEqual(expect.arrayContaining([
      `REDIS_PASSWORD=${secrets.redisPassword}`, `PB_SMTP_PASS=${secrets.smtpPass}`,
      `TURN_SECRET_KEY=${secrets.turnKey}`, 'PUBLIC_IP=203.0.113.10', 'HOME=/opt/peerbook',
    ]));
    expect(await answer(eu1, '127.0.0.1:8001/redis')).toBe('hello');
  });

  it('switches: live answers the release, proven through nginx', async () => {
    const { status, output } = readme(script('switch'));
    expect(status, output).toBe(0);
    expect(output).toMatch(/peerbook: live is green \(release .+\).*proven by \d+ answers/);
    expect(await answer(eu1, '127.0.0.1:8000/')).toBe('one');
  });

  it('switches under load without one failed request or cut websocket', async () => {
    release('two');
    readme(scp);
    expect(readme(script('deploy'))).toMatchObject({ status: 0 });
    await eu1.run('cat > /root/load.py', { stdin: readFileSync(join(import.meta.dirname, 'vanilla/load.py')) });
    const load = eu1.run('python3 /root/load.py 127.0.0.1:8000 20 12', { timeoutSeconds: 60 });
    for (let i = 0; i < 6; i++) {
      await new Promise(resolve => setTimeout(resolve, 500));
      const { code, stdout, stderr } = await eu1.run('/opt/vgen/bin/vgen switch peerbook');
      expect(code, stdout + stderr).toBe(0);
    }
    const seen = JSON.parse((await load).stdout) as {
      requests: number;
      failures: number;
      failed: string[];
      flips: number;
      releases: string[];
      echoes: number;
      websocket: string;
    };
    expect(seen).toMatchObject({ failures: 0, flips: 6, releases: ['one', 'two'] });
    expect(seen.requests).toBeGreaterThan(1000);
    expect(seen.echoes).toBeGreaterThan(50);
    // the websocket stays with the slot that it began with
    expect(seen.websocket).toBe('one ping');
  }, 120_000);

  it('gives the app the client\'s headers once', async () => {
    const headers = await answer(eu1, '127.0.0.1:8000/headers', '-H "Host: peerbook.example" -H "X-Forwarded-For: '
      + '192.0.2.77" -H "X-Forwarded-Proto: https"');
    expect(headers.split('\n').filter(line => /^(x-|host)/.test(line))).toEqual([
      'host: peerbook.example', 'x-forwarded-for: 192.0.2.77, 127.0.0.1', 'x-forwarded-host: peerbook.example',
      'x-forwarded-proto: https',
    ]);
  });

  it('rolls back, and tells the status', async () => {
    const before = await answer(eu1, '127.0.0.1:8000/');
    expect(readme(script('switch'))).toMatchObject({ status: 0 });
    expect(await answer(eu1, '127.0.0.1:8000/')).not.toBe(before);
    expect(readme(script('rollback'))).toMatchObject({ status: 0 });
    expect(await answer(eu1, '127.0.0.1:8000/')).toBe(before);
    const { output } = readme(script('status'));
    expect(output).toMatch(/peerbook/);
    const json = await eu1.run('/opt/vgen/bin/vgen status --json');
    expect(() => JSON.parse(json.stdout) as unknown).not.toThrow();
  });

  it('comes back by itself after a power loss', async () => {
    const before = await answer(eu1, '127.0.0.1:8000/');
    await eu1.powerOff();
    await eu1.boot();
    for (let i = 0; i < 50 && (await answer(eu1, '127.0.0.1:8000/')) !== before; i++) {
      await new Promise(resolve => setTimeout(resolve, 200));
    }
    expect(await answer(eu1, '127.0.0.1:8000/')).toBe(before);
  }, 120_000);

  it('holds no secret outside the files that are for it', async () => {
    const all = await eu1.run(`grep -rlF -e '${secrets.turnKey}-none' -e 'p@ss;word' /etc /opt /var/lib/vgen `
      + `/var/log /root /tmp /run 2>/dev/null | sort`);
    expect(all.stdout.trim().split('\n').filter(path => !/^\/(run\/systemd|var\/log\/journal)/.test(path))).toEqual([
      '/etc/supervisor/secrets/pb-blue.conf', '/etc/supervisor/secrets/pb-green.conf', '/etc/vgen/secrets/smtpPass',
    ]);
    expect(
      (await eu1.run('stat -c "%a %U" /etc/supervisor/secrets/pb-blue.conf /etc/redis/secrets.conf /etc/ngrok.yml')).stdout,
    )
      .toBe('600 root\n640 root\n640 root\n');
    expect((await eu1.run('ps -eo args')).stdout).not.toContain('p@ss;word');
  });
});
