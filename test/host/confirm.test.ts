// Changes of what leads into a host: they stay if somebody confirms them over a new connection, else they go back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, incoming, lack, Machine } from './machine.ts';
import type { Tree } from './tree.ts';

const sshd = '/etc/ssh/sshd_config.d/10-team.conf';
const units = '/etc/systemd/system/vgen-revert*';

describe.skipIf(lack !== null)(`confirm or revert (${because})`, { timeout: 300_000 }, () => {
  let machine: Machine;
  const ask = (script: string) => machine.ask(script);
  const console = async (script: string) => (await machine.host.console(script)).stdout.trim();
  /** The fixture with a drop-in for sshd, and so many seconds to confirm it. */
  const team = (text: string, seconds: number, tree: Tree = machine.tree()) => tree
    .add(sshd.slice(1), text, `file ${sshd} 0644 root:root reload:ssh.service,confirm sshd`)
    .list(`confirm-within ${seconds}`);
  const status = async () =>
    JSON.parse((await machine.host.console(`${bin}/vgen status --json || true`)).stdout) as Record<string, unknown>;
  /** Waits until nothing is unconfirmed any more. */
  const settled = () => console(`for (( i = 0; i < 300; i++ )); do
    [[ -e /var/lib/vgen/unconfirmed || -e /var/lib/vgen/reverting || -e /var/lib/vgen/journal ]] || break; sleep 0.1
  done; ls /var/lib/vgen/unconfirmed ${units} 2>/dev/null`);
  const lastAudit = async () =>
    JSON.parse(await console('tail -n 1 /var/log/vgen/audit.jsonl')) as Record<string, unknown>;

  beforeAll(async () => {
    machine = await Machine.bootWithApps();
  });

  afterAll(() => machine?.stop());

  it('a configuration that locks everybody out goes back by itself, and nothing else notices', async () => {
    const before = await machine.processes();
    const text = await machine.installed(team('AllowUsers nobody\n', 6));
    expect(text)
      .toMatch(/^confirm within 6 s, over a new connection: ssh root@[\d.]+ \/opt\/vgen\/bin\/vgen confirm, or it/m);
    expect((await machine.fresh('true')).code).toBe(255);
    expect(await status()).toMatchObject({ unconfirmed: { seconds: expect.any(Number) as number, paths: [sshd] } });
    const again = await machine.install(team('', 6));
    expect(again.code).toBe(3);
    expect(again.text).toContain(`not confirmed yet: ${sshd}; confirm it over a new connection`);
    expect(await settled()).toBe('');
    expect((await machine.fresh('true')).code).toBe(0);
    expect(await ask(`ls ${sshd} 2>&1 || true`)).toContain('No such file');
    expect(await machine.processes()).toBe(before);
    expect(await lastAudit()).toMatchObject({ action: 'revert', paths: sshd, result: 'ok' });
    expect(await status()).toMatchObject({ unconfirmed: null, reverted: { paths: [sshd] } });
    const late = await machine.fresh(`${bin}/vgen confirm`);
    expect([late.code, late.text]).toEqual([1, expect.stringContaining(`too late, it was put back: ${sshd}, at 20`)]);
  });

  it('a confirmed change stays, and the same connection cannot confirm it', async () => {
    await machine.installed(team('MaxSessions 20\n', 5));
    const same = await machine.run(`${bin}/vgen confirm`);
    expect(same.code).toBe(1);
    expect(same.text).toContain('this is the connection over which the install came');
    const { code, text } = await machine.fresh(`${bin}/vgen confirm`);
    expect([code, text]).toEqual([0, `confirmed: ${sshd}\n`]);
    expect(await lastAudit()).toMatchObject({ action: 'confirm', paths: sshd, result: 'ok' });
    await ask('sleep 6');
    expect(await ask(`cat ${sshd}; sshd -T | grep -i maxsessions`)).toBe('MaxSessions 20\nmaxsessions 20');
    expect(await settled()).toBe('');
    const nothing = await machine.run(`${bin}/vgen confirm`);
    expect([nothing.code, nothing.text]).toEqual([0, 'nothing waits for confirmation\n']);
    expect(await machine.installed(team('MaxSessions 20\n', 5))).toContain('one: nothing to do');
    expect(await status()).toMatchObject({ unconfirmed: null, reverted: null });
  });

  it('the console can confirm, and can put back at once', async () => {
    await machine.installed(team('MaxSessions 21\n', 60));
    expect(await console(`${bin}/vgen confirm --revert`)).toContain(`put back, as nobody confirmed it: ${sshd}`);
    expect(await ask(`cat ${sshd}`)).toBe('MaxSessions 20');
    await machine.installed(team('MaxSessions 21\n', 60));
    expect(await console(`${bin}/vgen confirm`)).toBe(`confirmed: ${sshd}`);
    await machine.installed(team('MaxSessions 20\n', 60));
    expect(await console(`${bin}/vgen confirm`)).toBe(`confirmed: ${sshd}`);
  });

  it('the whole install goes back: files, services, removed ones too, and the next install makes it '
    + 'again', async () => {
    const files = 'etc/systemd/system/more.service';
    const service = '[Service]\nExecStart=/bin/sleep 99999\n[Install]\nWantedBy=multi-user.target\n';
    const before = team('MaxSessions 20\n', 60).add('opt/old/file', 'old\n').add('etc/motd', 'by vgen\n');
    await machine.installed(before);
    expect((await machine.host.console(`${bin}/vgen confirm`)).code).toBe(0);
    const after = (text: string) => team(text, 4).edit('etc/systemd/system/beat.service', '100000', '200000')
      .edit('etc/supervisor/secrets.conf', '"hello"', '"salut"').add(files, service).list('unit more.service');
    const motd = await ask('cat /var/lib/vgen/originals/etc/motd');
    const text = await machine.installed(after('AllowUsers nobody\n'));
    expect(text).toMatch(/start {5}more.service/);
    expect(await console('systemctl is-active more; curl -s 127.0.0.1:8001')).toBe('active\nv2 blue salut');
    expect(await settled()).toBe('');
    expect(await ask(`systemctl is-active more beat || true; ls /${files} 2>&1 || true; cat /opt/old/file /etc/motd`))
      .toMatch(/^inactive\nactive\n.*No such file.*\nold\nby vgen$/);
    expect(await ask(`tr '\\0' ' ' < /proc/$(systemctl show --property MainPID --value beat)/cmdline`))
      .toBe('/bin/sleep 100000');
    expect([await machine.get(8000), await machine.get(8001)]).toEqual(['v1 green hello', 'v2 blue hello']);
    expect(await machine.installed(before)).toContain('one: nothing to do');
    await machine.installed(after('MaxSessions 30\n'));
    expect((await machine.host.console(`${bin}/vgen confirm`)).code).toBe(0);
    expect(await console('ls -d /opt/old /var/lib/vgen/originals/etc/motd 2>&1 | grep -c "No such file"')).toBe('2');
    expect(await console('cat /etc/motd')).toBe(motd);
    expect((await machine.host.console(`bash ${incoming}/install.sh`)).stdout).toContain('one: nothing to do');
  });

  it('a power loss does not stop the clock', async () => {
    await machine.installed(team('AllowUsers nobody\n', 15));
    await machine.host.powerOff();
    await machine.host.boot();
    expect((await machine.fresh('true')).code).toBe(0);
    expect(await settled()).toBe('');
    expect(await ask(`cat ${sshd} || true`)).not.toContain('nobody');
    expect(await lastAudit()).toMatchObject({ action: 'revert', result: 'ok' });
  });

  it('an install killed behind the swap goes back too', async () => {
    const slow = '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 1\nExecReload=/bin/sleep 6\n';
    const words = 'file /etc/systemd/system/slow.service 0644 root:root reload:slow.service';
    const tree = () => machine.tree().list('unit slow.service');
    await machine.installed(tree().add('etc/systemd/system/slow.service', slow, words));
    expect((await machine.host.console(`${bin}/vgen confirm`)).code).toBe(0);
    await machine.push(team(
      'AllowUsers nobody\n', 12, tree().add('etc/systemd/system/slow.service', `${slow}# more\n`, words),
    ));
    await machine.run(`setsid bash ${incoming}/install.sh --foreground >/dev/null 2>&1 & pid=$!
      for (( i = 0; i < 1000; i++ )); do ! grep -qs nobody ${sshd} || break; sleep 0.05; done; kill -9 -- -$pid; wait $pid; true`);
    expect(await console(`cat ${sshd}; ls /var/lib/vgen/journal`)).toBe('AllowUsers nobody\n/var/lib/vgen/journal');
    expect(await settled()).toBe('');
    expect((await machine.fresh('true')).code).toBe(0);
    await machine.installed(machine.tree());
  });

  it('a firewall that drops all that comes from outside goes back', async () => {
    const open = await ask('systemctl enable --now nftables; cat /etc/nftables.conf');
    const drop = `#!/usr/sbin/nft -f\nflush ruleset
table inet filter {\n  chain input {\n    type filter hook input priority 0; policy drop;\n    iif lo accept\n  }\n}\n`;
    const words = 'file /etc/nftables.conf 0755 root:root reload:nftables.service,confirm nft';
    await machine.push(machine.tree().add('etc/nftables.conf', drop, words).list('confirm-within 20'));
    const { code, stdout, stderr } = await machine.host.console(`bash ${incoming}/install.sh`);
    expect(code, stdout + stderr).toBe(0);
    expect(stdout).toMatch(/reload {4}nftables.service\n[^]*confirm within 20 s/);
    expect((await machine.fresh('true')).code).toBe(255);
    expect(await settled()).toBe('');
    expect((await machine.fresh('true')).code).toBe(0);
    expect(await console('nft list ruleset; cat /etc/nftables.conf')).not.toContain('drop');
    expect(await ask('cat /etc/nftables.conf')).toBe(open);
    await machine.host.mend();
  });

  it('what its own program refuses is put back at once and leaves no timer', async () => {
    const refused = async (tree: Tree, ...words: string[]) => {
      const { code, text } = await machine.install(tree);
      expect(code, text).toBe(1);
      for (const word of words) expect(text).toContain(word);
      expect(await settled()).toBe('');
    };
    await refused(team('AlowUsers root\n', 60), `error: sshd refuses ${sshd}`, 'Bad configuration option: AlowUsers');
    await refused(machine.tree()
      .add('etc/nftables.conf', 'table {\n', 'file /etc/nftables.conf 0755 root:root confirm nft'),
      'error: nft refuses /etc/nftables.conf', 'syntax error');
    await refused(machine.tree()
      .add('etc/sudoers.d/ops', 'ops ALL=\n', 'file /etc/sudoers.d/ops 0440 root:root confirm sudoers'),
      'error: sudoers refuses /etc/sudoers.d/ops', 'syntax error');
  });

  it('its removal has to be confirmed as well', async () => {
    await machine.installed(team('MaxSessions 20\n', 60));
    expect((await machine.fresh(`${bin}/vgen confirm`)).code).toBe(0);
    const text = await machine.installed(machine.tree().list('confirm-within 3'));
    expect(text).toContain('confirm within 3 s');
    expect(await settled()).toBe('');
    expect(await ask(`cat ${sshd}`)).toBe('MaxSessions 20');
  });
});
