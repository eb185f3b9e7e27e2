import { describe, expect, it } from 'vitest';
import { compiled } from '../../../test/compiled.ts';

describe('files', () => {
  it('come from the inventory, from beside it, or from a template', async () => {
    const { text, found, trees } = await compiled(`templates: mine\nvars: { team: us }\nfiles:
  /etc/a: { content: "$\${x} \${host.name} \${vars.team}", mode: "0600", owner: www:www }
  /etc/b: { source: deep/b.bin, hosts: b }
  /etc/c: { template: c.njk, restart: [x.service] }
  /etc/systemd/system/x.service: { content: "" }\n`,
  { 'deep/b.bin': 'bytes', 'mine/c.njk': '{{ v.host.name | name }} {{ v.vars.team | name }}' });
    expect(found).toEqual([]);
    expect([text('a', 'etc/a'), text('a', 'etc/b'), text('b', 'etc/b'), text('b', 'etc/c')])
      .toEqual(['${x} a us', '', 'bytes', 'b us']);
    expect(trees.get('a')?.plan.files.find(({ path }) => path === '/etc/a'))
      .toMatchObject({ mode: '0600', owner: 'www:www' });
    expect(trees.get('a')?.plan.files.find(({ path }) => path === '/etc/c'))
      .toMatchObject({ onChange: [{ do: 'restart', unit: 'x.service' }] });
  });

  it.each([
    ['/etc/../root/x', 'outside'], ['/root/x', 'outside'], ['/etc/', 'outside'], ['/etc', 'outside'],
    ['/etc//x', 'outside'], ['/etc/./x', 'outside'], ['/etc/a b', 'path'], ['/opt/x-1@2', null],
  ])('%s: %s', async (path, rule) => {
    const { found } = await compiled(`files: { "${path}": { content: x } }\n`);
    expect(found.map(one => one.split(' ')[0])).toEqual(rule === null ? [] : [`files/${rule}`]);
  });

  it.each([['0644', []], ['0755', []], ['0662', ['files/writable']], ['0777', ['files/writable']], ['0751', []]])(
    'mode %s', async (mode, wanted) => {
      expect((await compiled(`files: { /etc/x: { content: x, mode: "${mode}" } }\n`)).found.map(one =>
        one.split(' ')[0]))
        .toEqual(wanted);
    },
  );

  it.each([
    ['/etc/ssh/sshd_config.d/10-team.conf', 'sshd', true], ['/etc/ssh/sshd_config', 'sshd', true],
    ['/etc/ssh/ssh_config', null, true],
    ['/etc/ssh/sshd_config.d/notes.txt', null, true], ['/etc/nftables.conf', 'nft', true],
    ['/etc/nftables.d/web.nft', 'nft', true], ['/etc/nftables.confx', null, false],
    ['/etc/sudoers', 'sudoers', true], ['/etc/sudoers.d/ops', 'sudoers', true],
    ['/etc/sudoers.d/notes.txt', null, true], ['/etc/sudo.conf', null, false],
    ['/etc/pam.d/sshd', null, true], ['/etc/netplan/50.yaml', null, true], ['/etc/network/interfaces', null, true],
    ['/etc/wireguard/wg0.conf', null, true],
    ['/etc/systemd/network/10.network', null, true], ['/etc/systemd/system/x.service', null, false],
    ['/etc/motd', null, false], ['/opt/etc/ssh/x', null, false],
  ])('%s: judged by %s, to be confirmed: %s', async (path, check, confirm) => {
    const { trees, found } = await compiled(`files: { "${path}": { content: x } }\n`);
    expect(found).toEqual([]);
    expect(trees.get('a')?.plan.files.find(file => file.path === path))
      .toMatchObject({ check, onChange: confirm ? [{ do: 'confirm' }] : [] });
  });

  it('the base system\'s units can be named on every host', async () => {
    expect((await compiled(
      'files: { /etc/ssh/sshd_config.d/a.conf: { content: x, reload: [ssh.service], restart: [cron.service] } }\n',
    )).found).toEqual([]);
    expect((await compiled('files: { /etc/x: { content: x, reload: [sshd.service] } }\n')).found)
      .toEqual(['files/unknown-unit files["/etc/x"].reload[0]']);
  });

  it('a unit must be known on every host that gets the file', async () => {
    const inventory =
      'redis: { r: { hosts: a } }\nfiles: { /etc/x: { content: x, HOSTS restart: [redis-server.service] } }\n';
    expect((await compiled(inventory.replace('HOSTS', 'hosts: a,'))).found).toEqual([]);
    expect((await compiled(inventory.replace('HOSTS', ''))).found)
      .toEqual(['files/unknown-unit files["/etc/x"].restart[0]']);
  });
});
