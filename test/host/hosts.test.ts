// What makes a host one, on a real one: keys, sudo, sshd, kernel settings, time, updates, logs, jobs;
// each judged by its own program, and tried.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, Estate, lack } from './estate.ts';

/** As certbot does it: writes what it was told of, as several users, and has a unit reload; all else is refused. */
const RENEW = `#!/bin/bash
set -e
refused() { if "$@" 2>/dev/null; then echo "$* is not refused"; exit 1; fi; }
echo new >/etc/renewed/one
chown ops /etc/renewed/one
echo "by $(runuser -u ops -- id -un)"
echo state >"$STATE_DIRECTORY/two"
systemctl reload ssh
echo reloaded
for place in /etc/other /usr /var/lib /opt; do refused touch $place/three; done
refused mount -t tmpfs none /mnt
refused unshare --net true
refused ls /root/.ssh
echo confined
`;

describe.skipIf(lack !== null)(`a host (${because})`, () => {
  let estate: Estate;
  let key = '';
  const inventory = (more: string): string => `hosts:\n  one: { address: 10.9.0.1 }\n${more}`;
  const users = (sudo = 'ALL'): string => `users:
  deploy: { home: /opt, shell: /bin/bash, groups: [adm], keys: ["${key}"], sudo: [${sudo}] }
  ops: { home: /opt, shell: /bin/bash, keys: ["${key}"], sudo: [/usr/bin/id -u, /usr/bin/whoami] }
`;
  /** Logs in over a connection of its own; the exit code and what was printed. */
  const login = (user: string, script: string, ...options: string[]): { code: number | null; text: string } => {
    const { status, stdout, stderr } = spawnSync('ssh', [
      '-F', estate.fleet.sshConfig, '-o', 'ControlPath=none', '-o', 'BatchMode=yes', ...options, `${user}@one`, '--',
      script,
    ], { encoding: 'utf8' });
    return { code: status, text: `${stdout}${stderr}`.trim() };
  };

  beforeAll(async () => {
    estate = await Estate.boot({
      hosts: [{ name: 'one', addresses: ['10.9.0.1'] }],
      packages: ['sudo', 'tzdata', 'locales', 'procps', 'unattended-upgrades', 'systemd-timesyncd', 'logrotate'],
    });
    key = readFileSync(`${estate.fleet.identity}.pub`, 'utf8').trim().split(' ').slice(0, 2).join(' ');
  });
  afterAll(() => estate?.stop());

  it('lets its users in by key, as root for exact commands alone, and takes no password', async () => {
    await estate.apply(inventory(`${users()}sshd: {}\n`));
    expect(login('ops', 'id -un')).toEqual({ code: 0, text: 'ops' });
    expect(login('ops', 'sudo -n /usr/bin/id -u')).toEqual({ code: 0, text: '0' });
    expect(login('ops', 'sudo -n /usr/bin/whoami')).toEqual({ code: 0, text: 'root' });
    for (const command of ['/usr/bin/id', '/usr/bin/id -g', '/usr/bin/whoami --version', '/usr/bin/true', '-s']) {
      expect(login('ops', `sudo -n ${command}`).code, command).not.toBe(0);
    }
    expect(login('deploy', 'sudo -n id -u; id -Gn')).toEqual({ code: 0, text: '0\ndeploy adm' });
    expect(login('deploy', 'true', '-o', 'PubkeyAuthentication=no', '-v').text)
      .toMatch(/Authentications that can continue: publickey\b(?!,)/);
    const sshd = await estate.ask('one', 'sshd -T');
    for (const line of [
      'passwordauthentication no', 'kbdinteractiveauthentication no', 'permitrootlogin without-password',
      'x11forwarding no',
    ]) expect(sshd.split('\n')).toContain(line);
    for (const old of ['diffie-hellman-group14-sha1', 'hmac-sha1', 'aes128-cbc']) expect(sshd).not.toContain(old);
    expect(login('ops', 'true', '-o', 'KexAlgorithms=diffie-hellman-group14-sha256', '-v').text)
      .toMatch(/no matching key exchange method/);
  });

  it('shuts root out once somebody else is root, and vgen goes on as that one', async () => {
    await estate.apply(inventory(`${users()}sshd: { root: "no" }\n`)
      .replace('10.9.0.1 }', '10.9.0.1, ssh: { user: deploy } }'), '--allow sshd');
    expect(login('root', 'true').text).toMatch(/Permission denied/);
    expect(await estate.vgen(0, 'status')).toMatch(/one/);
    await estate.apply(inventory(`${users()}sshd: {}\n`)
      .replace('10.9.0.1 }', '10.9.0.1, ssh: { user: deploy } }'), '--older --allow sshd');
    expect(login('root', 'id -un')).toEqual({ code: 0, text: 'root' });
  });

  it('has its time, language, kernel settings and updates', async () => {
    await estate.apply(inventory(`${users()}sshd: {}
system:
  timezone: Asia/Kathmandu
  locale: de_DE.UTF-8
  hardening: true
  sysctl: { net.ipv4.ip_local_port_range: 20000 60000 }
  swap: 16m
  updates: { reboot: "04:30", except: [redis-server] }
  timeServers: [192.0.2.123]
`), '--max-changed 100%');
    expect(await estate.ask('one', 'date +%Z; . /etc/default/locale; LC_ALL=$LANG date -d 2026-03-01 +%B'))
      .toBe('+0545\nMärz');
    expect(await estate.ask(
      'one', 'sysctl -n net.ipv4.ip_local_port_range net.ipv4.conf.all.accept_redirects net.ipv4.conf.all.rp_filter',
    )).toBe('20000\t60000\n0\n2');
    const apt = await estate.ask('one', 'apt-config dump');
    for (const line of [
      'APT::Periodic::Unattended-Upgrade "1";', 'Unattended-Upgrade::Automatic-Reboot-Time "04:30";',
      'Unattended-Upgrade::Package-Blacklist:: "^redis-server$";',
    ]) expect(apt).toContain(line);
    expect(await estate.ask('one', 'unattended-upgrade --dry-run -d 2>&1 | grep -i blacklist | head -n 1'))
      .toMatch(/redis-server/);
    expect(await estate.ask('one', 'systemd-analyze cat-config systemd/timesyncd.conf')).toContain('NTP=192.0.2.123');
    expect(await estate.vgen(0, 'status')).toMatch(/one/);
  });

  it('makes a swap file of the size that is wanted', async () => {
    // in a container it is not used, so the part that makes it is run as it would be outside
    const script = (size: number): string =>
      `set -e; sed -e 's/^in_container().*/in_container() { false; }/' -e 's/swapon -- .*/true/' /opt/vgen/system/system.sh > /root/system.sh
      printf 'swap ${size}\\n' > /root/system.conf; sed -i 's|^conf=.*|conf=/root/system.conf|' /root/system.sh
      bash /root/system.sh; stat -c '%s %a' /var/lib/vgen/swapfile; file=/var/lib/vgen/swapfile; dd if=$file bs=1 skip=4086 count=10 status=none`;
    expect(await estate.ask('one', script(1048576))).toBe('1048576 600\nSWAPSPACE2');
    expect(await estate.ask('one', script(2097152))).toBe('2097152 600\nSWAPSPACE2');
  });

  it('rotates what its apps write, and does its jobs', async () => {
    await estate.apply(inventory(`${users()}sshd: {}
apps:
  shop:
    command: [/bin/sh, -c, "exec sleep inf"]
    slots: { blue: { port: 3000 }, green: { port: 3001 } }
logs: { keep: 2, size: 1m }
jobs:
  note: { calendar: "*-*-* 03:30:00", user: ops, command: [/usr/bin/logger, -t, note, "it's 50% of $HOME"] }
  broken: { calendar: hourly, command: /usr/bin/false }
  renew: { calendar: daily, command: /opt/tools/renew, writes: [/etc/renewed] }
files:
  /opt/tools/renew: { mode: "0755", content: ${JSON.stringify(RENEW)} }
`), '--max-changed 100% --max-deleted 100% --max-restarts 50');
    await estate.ask('one', 'systemctl start vgen-job-note.service');
    expect(await estate.ask('one', 'journalctl -t note -o cat')).toBe(`it's 50% of $HOME`);
    expect(await estate.ask('one', 'systemctl list-timers vgen-job-note.timer --no-legend')).toMatch(/03:30:00/);
    expect((await estate.run('one', 'systemctl start vgen-job-broken.service')).code).toBe(1);
    expect(await estate.ask('one', 'systemctl --failed --no-legend --plain | cut -d" " -f1'))
      .toBe('vgen-job-broken.service');
    await estate.ask('one', 'install -d -o shop -g shop /var/log/shop; runuser -u shop -- sh -c "head -c 5000 '
      + '/dev/zero > /var/log/shop/own.log"; logrotate -f /etc/logrotate.d/vgen-systemd');
    expect(await estate.ask('one', 'stat -c "%n %s %U" /var/log/shop/*'))
      .toBe('/var/log/shop/own.log 0 shop\n/var/log/shop/own.log.1 5000 shop');
    const timers = await estate.ask('one', 'for one in /etc/systemd/system/vgen-job-*.timer; do systemd-analyze '
      + 'calendar "$(sed -n s/^OnCalendar=//p "$one")" >/dev/null && echo good; done');
    expect(timers).toBe('good\ngood\ngood');
  });

  it('runs a job of root as hardened as an app, which still does what it is for', async () => {
    await estate.ask('one', 'mkdir -p /etc/renewed /etc/other; systemctl start vgen-job-renew.service || '
      + '{ journalctl -u vgen-job-renew -o cat; exit 1; }');
    expect(await estate.ask('one', 'stat -c "%U %n" /etc/renewed/one /var/lib/vgen-job-renew/two; ls /etc/other'))
      .toBe('ops /etc/renewed/one\nroot /var/lib/vgen-job-renew/two');
    expect(await estate.ask('one', 'journalctl -u vgen-job-renew -o cat')).toContain('by ops\nreloaded\nconfined\n');
    const said = await estate.ask('one', 'systemd-analyze security --no-pager vgen-job-renew.service | tail -n 1');
    console.info(said);
    expect(Number(/exposure level for vgen-job-renew\.service: ([\d.]+)/.exec(said)?.[1])).toBeLessThanOrEqual(3);
  });

  it('installs nothing that its own program refuses', async () => {
    for (const [file, text, says] of [[
      '/etc/logrotate.d/vgen-systemd', '/var/log/x.log {\n  rotat 3\n}', /unknown option 'rotat'/,
    ], ['/etc/sudoers.d/vgen-ops', 'ops ALL=(root NOPASSWD: /bin/true', /syntax error/]] as const) {
      const tree = join(estate.dir, 'out/one');
      const path = join(tree, file);
      const before = readFileSync(path, 'utf8');
      writeFileSync(path, `${text}\n`);
      await estate.fleet.hosts.get('one')?.push(tree, '/var/lib/vgen/incoming');
      writeFileSync(path, before);
      // a tree that was altered on its way is refused before anything else: its digests are made to agree
      const { code, text: out } =
        await estate.run('one', `cd /var/lib/vgen/incoming; sum=$(sha256sum ${file.slice(1)} | cut -d' ' -f1)
        sed -i "s|^[0-9a-f]*\\(  ${file.slice(1)}\\)$|$sum\\1|" SHA256SUMS; bash install.sh --foreground`);
      expect(code, out).toBe(1);
      expect(out).toMatch(says);
    }
  });
});
