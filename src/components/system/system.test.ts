import { expect, it } from 'vitest';
import { compiled } from '../../../test/compiled.ts';

const made = async (written: string): Promise<string[]> => {
  const { trees, found } = await compiled(`system: ${written}\n`);
  expect(found).toEqual([]);
  return (trees.get('a')?.plan.files ?? []).filter(({ component }) => component === 'system').map(({ path }) => path);
};

it.each([
  ['{}', []], ['{ timezone: UTC }', ['/etc/localtime']], ['{ hosts: b, timezone: UTC }', []],
  ['{ sysctl: { vm.swappiness: 10 } }', ['/etc/sysctl.d/60-vgen.conf']],
  ['{ updates: {} }', ['/etc/apt/apt.conf.d/52vgen']],
  ['{ swap: 1g }', ['/etc/systemd/system/vgen-system.service', '/etc/vgen/system.conf', '/opt/vgen/system/system.sh']],
])('manages what is written: %s', async (written, paths) => expect(await made(written)).toEqual(paths));

it('lets own kernel settings go before the defaults, and only they must be known to the kernel', async () => {
  const { text } =
    await compiled('system: { hardening: true, sysctl: { kernel.kptr_restrict: 1, vm.swappiness: 10 } }\n');
  const lines = text('a', 'etc/sysctl.d/60-vgen.conf').split('\n');
  expect(lines)
    .toEqual(expect.arrayContaining([
      'kernel.kptr_restrict = 1', 'vm.swappiness = 10', '-net.ipv4.tcp_syncookies = 1',
    ]));
  expect(lines.filter(line => line.includes('kptr'))).toHaveLength(1);
});

it('says sizes in bytes, and no package where Debian has it', async () => {
  const { text, trees } = await compiled('system: { swap: 2g, locale: C.UTF-8, timeServers: [] }\n');
  expect(text('a', 'etc/vgen/system.conf').split('\n').slice(1)).toEqual(['swap 2147483648', 'clock', '']);
  expect(trees.get('a')?.plan.packages.map(({ name }) => name)).toEqual(['systemd-timesyncd']);
});
