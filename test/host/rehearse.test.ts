import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFleet } from '../../src/rehearse/fleet.ts';
import type { Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { isAlive } from '../../src/process/marks.ts';
import { runNow } from '../../src/process/run.ts';
import { missing } from '../../src/rehearse/requirements.ts';

const lack = missing();

describe.skipIf(lack !== null)(`rehearsal hosts (${lack ?? 'this machine can boot them'})`, () => {
  const progress: string[] = [];
  let fleet: Fleet;
  let web: RehearsalHost;
  let data: RehearsalHost;

  beforeAll(async () => {
    fleet = await bootFleet({
      hosts: [
        { name: 'web1', addresses: ['10.8.0.1', '203.0.113.10', '2001:db8:1::1'] },
        { name: 'data1', addresses: ['10.8.0.2', '198.51.100.7', '2001:db8:2::1'] },
      ],
      onProgress: line => progress.push(line),
    });
    web = fleet.hosts.get('web1')!;
    data = fleet.hosts.get('data1')!;
  });

  afterAll(() => fleet?.stop());

  const ask = async (host: RehearsalHost, script: string, stdin?: string | Buffer) => {
    const { code, stdout, stderr } = await host.run(script, { stdin, timeoutSeconds: 120 });
    expect(code, `${script}\n${stdout}${stderr}`).toBe(0);
    return stdout.trim();
  };

  it('boots systemd on every host, each with an identity of its own', async () => {
    const seen = await Promise.all([web, data].map(host =>
      ask(host, 'systemctl is-system-running; hostname; cat /etc/machine-id')));
    expect(seen.map(text => text.split('\n').slice(0, 2))).toEqual([['running', 'web1'], ['running', 'data1']]);
    expect(new Set(seen.map(text => text.split('\n')[2])).size).toBe(2);
  });

  it('runs scripts as they are, with data on standard input', async () => {
    expect(await ask(web, `printf '%s|' "a  b" 'c"d' "$((1 + 1))"; set -- x y; echo $#`)).toBe('a  b|c"d|2|2');
    const bytes = Buffer.from([0, 255, 10, 13]);
    expect(await ask(web, 'sha256sum', bytes)).toBe(`${createHash('sha256').update(bytes).digest('hex')}  -`);
    expect(await web.run('echo out; echo err >&2; exit 3')).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' });
    await expect(web.run('echo begun; sleep 30', { timeoutSeconds: 1 })).rejects.toThrow(/running after 1 s\nbegun/);
  });

  it('lets hosts reach one another at the addresses of the inventory, without NAT', async () => {
    const heard = (from: string, to: string) => [
      ask(data, `timeout 20 perl -MIO::Socket::INET -e '
        my $server = IO::Socket::INET->new(LocalAddr => "${to}", LocalPort => 7777, Listen => 1, ReuseAddr => 1) or die;
        print $server->accept->peerhost'`),
      ask(web, `for try in $(seq 100); do : 2>/dev/null > /dev/tcp/${to}/7777 && exit; sleep .1; done; exit 1`),
    ].at(0)!.then(peer => expect(peer, `to ${to}`).toBe(from));
    await heard('10.8.0.1', '10.8.0.2');
    await heard('203.0.113.10', '198.51.100.7');
    expect(await ask(web, 'timeout 5 bash -c "exec 3<> /dev/tcp/2001:db8:2::1/22; head -c 7 <&3"')).toBe('SSH-2.0');
  });

  it('installs packages from the local repository, with no way out', async () => {
    expect((await web.run('timeout 3 bash -c "> /dev/tcp/192.0.2.1/80"')).code).not.toBe(0);
    await ask(web, 'DEBIAN_FRONTEND=noninteractive apt-get install -y nginx-light');
    expect(await ask(web, 'curl -sS -o /dev/null -w "%{http_code}" http://127.0.0.1/')).toBe('200');
    await ask(data, 'apt-get update && apt-get install -y --no-install-recommends redis-server supervisor');
    expect(await ask(data, 'redis-cli ping; systemctl is-active supervisor')).toBe('PONG\nactive');
  });

  it('pushes a folder with its links and modes, and deletes only in it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'vgen-push-'));
    mkdirSync(join(dir, 'sub'));
    writeFileSync(join(dir, 'sub/run.sh'), '#!/bin/sh\n', { mode: 0o750 });
    symlinkSync('sub/run.sh', join(dir, 'current'));
    await ask(web, 'mkdir -p /srv/app/tree && touch /srv/app/kept /srv/app/tree/gone');
    await web.push(dir, '/srv/app/tree');
    expect(await ask(web, 'cd /srv/app; find . -printf "%P %M %l\n" | sort'))
      .toBe(['drwxr-xr-x', 'kept -rw-r--r--', 'tree drwx------', 'tree/current lrwxrwxrwx sub/run.sh',
        'tree/sub drwxr-xr-x', 'tree/sub/run.sh -rwxr-x---'].join(' \n').replace('run.sh \n', 'run.sh\n'));
    rmSync(dir, { recursive: true });
  });

  it('cuts and mends the network', async () => {
    await data.cut();
    expect((await web.run('timeout 2 bash -c "> /dev/tcp/10.8.0.2/22"')).code).not.toBe(0);
    expect((await data.console('hostname; ip -br address show host0')).stdout).toMatch(/^data1\n[^]*10\.8\.0\.2/);
    await data.mend();
    expect((await web.run('timeout 2 bash -c "> /dev/tcp/10.8.0.2/22"')).code).toBe(0);
  });

  it('keeps the disk and the identity over a crash and over a clean shutdown', async () => {
    const id = await ask(web, 'echo written > /var/tmp/kept; cat /etc/machine-id /proc/sys/kernel/random/boot_id');
    const broken = web.run('sleep 60');
    await web.powerOff();
    expect((await broken).code).toBe(255);
    await web.boot();
    expect(await ask(web, 'cat /var/tmp/kept; systemctl is-active nginx; cat /etc/machine-id')).toBe(
      `written\nactive\n${id.split('\n')[0]}`,
    );
    await web.shutdown();
    expect(readFileSync(join(web.root, 'var/tmp/kept'), 'utf8')).toBe('written\n');
    await web.boot();
    expect(await ask(web, 'systemctl is-system-running')).toBe('running');
  });

  it('runs two fleets with the same addresses at a time', async () => {
    const options = { hosts: [{ name: 'web1', addresses: ['10.8.0.1', '192.168.251.7'] }], routed: true };
    const other = await bootFleet({ ...options, operator: '10.8.0.99' });
    const twin = other.hosts.get('web1')!;
    const socket = connect(22, '192.168.251.7');
    const greeting = await new Promise<Buffer>(resolve => void socket.once('data', resolve));
    socket.destroy();
    expect(greeting.toString()).toMatch(/^SSH-2\.0/);
    await expect(bootFleet(options)).rejects.toThrow(/route add 10\.8\.0\.1\/32 .*\n.*File exists/);
    expect(await ask(twin, 'echo ${SSH_CLIENT%% *}; hostname')).toBe('10.8.0.99\nweb1');
    expect(await ask(twin, 'ls /var/tmp/kept 2>&1 || true')).toMatch(/No such file/);
    await other.stop();
    expect(await ask(web, 'hostname')).toBe('web1');
  });

  it('leaves no process, mount, network or file', async () => {
    const processes = [web, data].flatMap(host => host.processes);
    expect(processes).toHaveLength(4);
    const slot = web.address.split('.')[2];
    await fleet.stop();
    await fleet.stop();
    expect(processes.filter(isAlive)).toEqual([]);
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(web.root);
    expect(existsSync(web.root)).toBe(false);
    expect(existsSync(fleet.sshConfig)).toBe(false);
    expect(runNow('ip', ['link', 'show', 'dev', `vgen${slot}`]).code).not.toBe(0);
    expect(existsSync(`/run/netns/vgen${slot}`)).toBe(false);
  });
});
