import { describe, expect, it } from 'vitest';
import { compiled } from '../../../test/compiled.ts';

const UUID = '0F3B9C1E-8d2a-4c55-9b1f-2a6f0d7e4c11';

describe('volumes', () => {
  it('are mount units that are found by UUID or label, named as systemd wants it', async () => {
    const { text, trees, found } = await compiled(`volumes: { data: { hosts: a, path: /srv/data, `
      + `uuid: ${UUID} }, more: { hosts: b, path: /mnt/x_1/y, label: more, type: xfs, options: "noatime,ro" } }\n`);
    expect(found).toEqual([]);
    expect(text('a', 'etc/systemd/system/srv-data.mount')).toMatch(new RegExp(
      `^What=/dev/disk/by-uuid/${UUID.toLowerCase()}\nWhere=/srv/data\nType=ext4\nOptions=noatime,nodev,nosuid$`, 'm',
    ));
    expect(text('b', 'etc/systemd/system/mnt-x_1-y.mount'))
      .toMatch(/^What=\/dev\/disk\/by-label\/more\nWhere=\/mnt\/x_1\/y\nType=xfs\nOptions=noatime,ro$/m);
    expect(trees.get('a')?.plan.units.map(({ name }) => name)).toEqual(['srv-data.mount']);
    expect(text('b', 'etc/systemd/system/srv-data.mount')).toBe('');
  });

  it('never make a file system', async () => {
    const { trees } = await compiled(`volumes: { data: { hosts: all, path: /srv/data, uuid: ${UUID} } }\n`);
    for (const { entries } of trees.values()) {
      for (const entry of entries) if (entry.kind === 'file') {
        expect(entry.bytes.toString(), entry.path).not.toMatch(/mkfs|wipefs|x-systemd\.makefs/);
      }
    }
  });

  it('keep a datastore from starting without them', async () => {
    const { text, found } = await compiled(`volumes: { data: { hosts: a, path: /srv/data, uuid: ${UUID} } }\nredis: `
      + `{ main: { hosts: a, volume: data } }\n`);
    expect(found).toEqual([]);
    const dropIn = text('a', 'etc/systemd/system/redis-server.service.d/vgen.conf');
    for (const line of [
      'RequiresMountsFor=/srv/data', 'AssertPathIsMountPoint=/srv/data', 'ReadWritePaths=/srv/data',
    ]) {
      expect(dropIn).toContain(`${line}\n`);
    }
    expect(text('a', 'etc/redis/redis.conf')).toContain('\ndir /srv/data/main\n');
  });
});
