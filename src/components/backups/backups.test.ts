import { expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';

const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJf8b1o2mYx0r3n0Yc7q9u0o7l1yXyq5m7n1p3xQk2aZ';
const fleet = (more = '', ssh = ''): string => `hosts:
  a: { address: 192.0.2.1, private: 10.0.0.1 }
  b: { address: 192.0.2.2, private: 10.0.0.2 }
  v: { address: 192.0.2.3, private: 10.0.0.3, ssh: { hostKey: ${KEY}${ssh} } }
secrets: { p: { env: P }, k: { file: k } }
apps: { api: ${app('hosts: a')} }
backups: { nightly: { hosts: [a, b], password: p, sftp: { host: v, key: k, publicKey: ${KEY} }${more} } }
`;

it('say where a backup goes and what is in it', async () => {
  const { text, found, trees } =
    await compiled(
      fleet(', paths: { up: [/srv/up] }, dumps: { db: { dump: [dump, "a b"], restore: [load], user: dba } }'),
    );
  expect(found).toEqual([]);
  const conf = text('a', 'etc/vgen/backup/nightly.conf');
  expect(conf).toContain('export RESTIC_REPOSITORY=sftp:backup-nightly@10.0.0.3:/a\n');
  expect(conf).toContain('keep=(--keep-daily 7 --keep-weekly 4 --keep-monthly 6)\nstale=93600\n');
  expect(conf).toContain(
    `dataset etc root\npath /etc\ndataset releases root\npath /opt/api/releases\ndataset logs root\npath /var/log
dataset up root\npath /srv/up
dataset db dba\ndump dump 'a b'\nrestore load\n`,
  );
  expect(text('b', 'etc/vgen/backup/nightly.conf')).not.toContain('releases');
  expect(trees.get('a')?.plan.files.find(({ path }) => path === '/etc/vgen/backup/nightly.conf'))
    .toMatchObject({ mode: '0600', secrets: ['k', 'p'], check: 'bash' });
  expect(trees.get('a')?.plan.units.map(({ name }) => name)).toEqual([
    'vgen-job-backup-nightly-check.timer', 'vgen-job-backup-nightly-drill.timer', 'vgen-job-backup-nightly.timer',
  ]);
  expect(text('a', 'etc/systemd/system/vgen-job-backup-nightly-drill.service'))
    .toMatch(/^ExecStart=\/opt\/vgen\/backup\/drill.sh "nightly"$/m);
});

it('have a user on the host that keeps them, which does nothing else', async () => {
  const { text, trees } = await compiled(fleet('', ', port: 2222'));
  expect(text('v', 'etc/ssh/authorized_keys.d/backup-nightly').split('\n')[1]).toBe(`restrict ${KEY}`);
  expect(text('v', 'etc/ssh/sshd_config.d/90-vgen-backups.conf'))
    .toMatch(
      /^Match User backup-nightly\n[^]*ChrootDirectory \/srv\/backups\/nightly\n {2}ForceCommand internal-sftp/m,
    );
  expect(trees.get('v')?.plan.files.filter(({ kind, component }) => kind === 'directory' && component === 'backups')
    .map(file => 'mode' in file && `${file.path} ${file.mode} ${file.owner}`)).toEqual([
    '/srv/backups 0755 root:root', '/srv/backups/nightly 0755 root:root',
    '/srv/backups/nightly/a 0700 backup-nightly:backup-nightly',
    '/srv/backups/nightly/b 0700 backup-nightly:backup-nightly',
  ]);
  expect(text('a', 'etc/vgen/backup/nightly.known').split('\n')[1]).toBe(`[10.0.0.3]:2222 ${KEY}`);
  expect(text('v', 'etc/vgen/exposure.txt'))
    .toContain('2222\ttcp\t10.0.0.3\tthe private network\tbackups over sftp\tbackups.nightly\n');
});
