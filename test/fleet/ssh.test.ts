// ssh to real hosts, as every command that goes to hosts uses it.
import { mkdtempSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Session, type Connection } from '../../src/fleet/connect/ssh.ts';
import type { Target } from '../../src/fleet/connect/targets.ts';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { missing } from '../../src/rehearse/requirements.ts';

const lack = missing();
const target = (name: string, more: Partial<Target> = {}): Target =>
  ({ name, destination: name, address: null, user: null, port: null, hostKey: null, jump: null, ...more });

describe.skipIf(lack !== null)(`ssh to hosts (${lack ?? 'systemd-nspawn'})`, () => {
  const work = mkdtempSync(join(tmpdir(), 'vgen-ssh-'));
  let fleet: Fleet;
  let session: Session;
  let host: RehearsalHost;
  let one: Connection;

  beforeAll(async () => {
    fleet =
      await bootFleet({ hosts: [{ name: 'one', addresses: ['10.9.1.1'] }, { name: 'two', addresses: ['10.9.1.2'] }] });
    host = fleet.hosts.get('one') as RehearsalHost;
    session = new Session(fleet.sshConfig);
    one = session.connect(target('one', { address: '10.9.1.1' }));
  });
  afterAll(async () => {
    await session?.close();
    await fleet?.stop();
    rmSync(work, { recursive: true });
  });

  it('runs a script as it is, with data on stdin, and tells both streams and the code', async () => {
    expect(await one.run(`printf '%s|' "a  b" 'c"d' $((1 + 1)); cat; echo no >&2; exit 3`, { stdin: 'data' }))
      .toEqual({ code: 3, stdout: 'a  b|c"d|2|data', stderr: 'no\n', unreachable: null });
    expect((await one.run('exit 255')).code).toBe(254);
  });

  it('hands lines on as they come, the last one without an end too', async () => {
    const lines: string[] = [];
    const { code, stderr } = await one.run('echo one; printf two; echo three >&2', {
      onOut: line => lines.push(line), onErr: line => lines.push(line),
    });
    expect(code).toBe(0);
    expect(lines.sort()).toEqual(['one', 'three', 'two']);
    expect(stderr).toBe('three');
  });

  it('makes one connection for all of them, and another when asked', async () => {
    const before = await one.run('echo $SSH_CLIENT');
    expect((await one.run('echo $SSH_CLIENT')).stdout).toBe(before.stdout);
    expect((await one.run('echo $SSH_CLIENT', { fresh: true })).stdout).not.toBe(before.stdout);
  });

  it('pushes a directory with links, deletes what else is there, and gives all to root', async () => {
    const dir = join(work, 'tree');
    mkdirSync(join(dir, 'sub'), { recursive: true });
    writeFileSync(join(dir, 'sub/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
    symlinkSync('sub', join(dir, 'current'));
    await one.run('mkdir -p /srv/x/tree && touch /srv/x/tree/gone');
    expect(await one.push(dir, '/srv/x/tree')).toMatchObject({ code: 0, unreachable: null });
    expect((await one.run(`cd /srv/x/tree && find . ! -path . -printf '%P %u %l\n' | sort`)).stdout)
      .toBe('current root sub\nsub root \nsub/run.sh root \n');
    writeFileSync(join(work, 'single'), 'bytes');
    expect(await one.push(join(work, 'single'), '/srv/y/z')).toMatchObject({ code: 0 });
    expect((await one.run('cat /srv/y/z/single')).stdout).toBe('bytes');
  });

  it('is root by sudo for another user', async () => {
    await one.run(
      `useradd -m -s /bin/sh op; mkdir -p /home/op/.ssh; cp /root/.ssh/authorized_keys /home/op/.ssh/; chown -R op: /home/op
      apt-get install -y sudo >/dev/null 2>&1; echo 'op ALL=(root) NOPASSWD: ALL' > /etc/sudoers.d/op`,
    );
    const op = session.connect(target('one', { user: 'op' }));
    expect((await op.run('id -u; echo $SUDO_USER')).stdout).toBe('0\nop\n');
    writeFileSync(join(work, 'single'), 'by op');
    expect(await op.push(join(work, 'single'), '/var/lib/of-root/only')).toMatchObject({ code: 0 });
    expect((await one.run('cat /var/lib/of-root/only/single; stat -c %U:%a /var/lib/of-root/only')).stdout)
      .toBe('by oproot:700\n');
  });

  it('goes through a jump host', async () => {
    const jumping = session.connect(target('two', { jump: 'one' }));
    const { stdout, unreachable } = await jumping.run('echo ${SSH_CLIENT%% *}');
    expect(unreachable).toBeNull();
    expect(stdout.trim()).toBe(host.address);
  });

  it('accepts the pinned key alone', async () => {
    const key = (name: string): string => readFileSync(
      join(fleet.hosts.get(name)?.root ?? '', 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8',
    ).split(' ').slice(0, 2).join(' ');
    expect((await session.connect(target('one', { hostKey: key('one') })).run('hostname')).stdout).toBe('one\n');
    const { unreachable, code } =
      await session.connect(target('one', { hostKey: key('two') })).run('touch /root/was-here');
    expect(code).toBe(255);
    expect(unreachable)
      .toMatch(/its host key is not the one that hosts\.one\.ssh\.hostKey pins, so nothing was sent: .* pin that/);
    expect((await one.run('ls /root/was-here')).code).not.toBe(0);
  });

  it('takes the address where the configuration has no such name', async () => {
    const text = readFileSync(fleet.sshConfig, 'utf8').replace(/^Host one .*\n/m, 'Host 10.9.1.1\n')
      .replaceAll(/^ {2}HostName .*\n/gm, '');
    writeFileSync(join(work, 'config'), text);
    const other = new Session(join(work, 'config'));
    const { stdout, unreachable } = await other.connect(target('one', { address: host.address })).run('hostname');
    expect([unreachable, stdout]).toEqual([null, 'one\n']);
    await other.close();
  });

  it('says who cannot be reached and why, as a value', async () => {
    const none = session.connect(target('none', { address: host.address, port: 1 }));
    expect(await none.run('true'))
      .toMatchObject({
        code: 255, unreachable: expect.stringMatching(/connect to host .* port 1: Connection refused/),
      });
    expect(await none.push(work, '/srv/x')).toMatchObject({ unreachable: expect.stringMatching(/connect to host/) });
    const begun = Date.now();
    expect(await one.run('sleep 20', { timeout: 300 })).toMatchObject({ unreachable: 'no answer in time' });
    expect(Date.now() - begun).toBeLessThan(5000);
  });

  it('notices a connection that breaks, and makes another', async () => {
    const { unreachable } = await one.run('kill -9 $PPID $(pgrep -P $(cat /run/sshd.pid)); sleep 5');
    expect(unreachable).not.toBeNull();
    expect((await one.run('echo again')).stdout).toBe('again\n');
  });

  it('leaves no directory and no connection behind', async () => {
    const own = new Session(fleet.sshConfig);
    const connection = own.connect(target('one'));
    const base = process.env['XDG_RUNTIME_DIR'] ?? '/tmp';
    const dirs = (): string[] => readdirSync(base).filter(name => name.startsWith('vgen-')).sort();
    const ppid = (await connection.run('echo $PPID')).stdout.trim();
    const before = dirs();
    await own.close();
    expect(dirs().length).toBe(before.length - 1);
    await new Promise(resolve => setTimeout(resolve, 300));
    expect((await one.run(`kill -0 ${ppid}`)).code).not.toBe(0);
  });
});
