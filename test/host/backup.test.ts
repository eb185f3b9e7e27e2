// A backup over sftp on two real hosts: made, its data destroyed, restored, proven
// by the drill; and what must fail does.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, Estate, lack } from './estate.ts';

const PASSWORD = `p0is0n "of' $the #repository`;

/** Takes a snapshot of Redis; with DRILL into a Redis beside the real one, which must hold keys. */
const RESTORE = `#!/bin/bash
set -euo pipefail
! env | grep -q -e RESTIC_PASSWORD -e p0is0n || exit 9
if [[ -z \${DRILL:-} ]]; then
  systemctl stop redis-server
  install -m 0660 -o redis -g redis /dev/stdin /var/lib/redis/dump.rdb
  systemctl start redis-server
  exit
fi
dir=$(mktemp -d); cat >"$dir/dump.rdb"
redis-server --port 0 --unixsocket "$dir/socket" --dir "$dir" --daemonize no --save "" --loglevel warning >"$dir/log" 2>&1 & pid=$!
trap 'kill $pid; rm -rf "$dir"' EXIT
for _ in {1..50}; do [[ ! -S $dir/socket ]] || break; kill -0 $pid || { cat "$dir/log"; exit 1; }; sleep 0.1; done
[[ $(redis-cli -s "$dir/socket" DBSIZE) -gt 0 ]] || { echo "no key in $DRILL"; exit 1; }
`;

describe.skipIf(lack !== null)(`backups on hosts (${because})`, () => {
  let estate: Estate;
  let inventory = '';
  const job = (name: string): Promise<{ code: number | null; text: string }> =>
    estate.run(
      'data',
      `systemctl start vgen-job-backup-nightly${name}.service; code=$?; journalctl -u vgen-job-backup-nightly${name}.service -o cat --invocation=0 2>/dev/null ||
      journalctl -u vgen-job-backup-nightly${name}.service -o cat -n 15; exit $code`,
    );

  beforeAll(async () => {
    estate = await Estate.boot({
      hosts: [
        { name: 'data', addresses: ['192.0.2.1', '10.8.0.1'] }, { name: 'vault', addresses: ['192.0.2.2', '10.8.0.2'] },
      ],
      packages: ['redis-server', 'restic', 'openssh-client', 'nftables'],
    }, { P: PASSWORD });
    expect(spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(estate.dir, 'key')]).status)
      .toBe(0);
    const [type = '', key = ''] = readFileSync(join(estate.dir, 'key.pub'), 'utf8').split(' ');
    const pinned = await estate.ask('vault', 'cut -d" " -f1,2 /etc/ssh/ssh_host_ed25519_key.pub');
    inventory = `hosts:
  data: { address: 192.0.2.1, private: 10.8.0.1 }
  vault: { address: 192.0.2.2, private: 10.8.0.2, ssh: { hostKey: ${pinned} } }
secrets: { p: { env: P }, k: { file: key } }
redis: { cache: { hosts: data, persistence: rdb } }
firewall: {}
sshd: { hosts: vault }
files:
  /opt/tools/redis-restore: { hosts: data, mode: "0755", content: ${JSON.stringify(RESTORE.replaceAll('${', () =>
    '$${'))} }
backups:
  nightly:
    hosts: data
    password: p
    sftp: { host: vault, key: k, publicKey: ${type} ${key.trim()} }
    paths: { uploads: [/srv/up loads] }
    dumps: { mine: { dump: [/usr/bin/redis-cli, --rdb, "-"], restore: [/opt/tools/redis-restore] } }
`.replace('/srv/up loads', '/srv/uploads');
    await estate.apply(inventory);
    await estate.ask(
      'data',
      `mkdir -p /srv/uploads/a; echo one > /srv/uploads/a/one; head -c 3000000 /dev/urandom > "/srv/uploads/a b"; ln -s a/one /srv/uploads/link
      chown -R nobody /srv/uploads/a; redis-cli SET key "a value" >/dev/null; redis-cli RPUSH list 1 2 3 >/dev/null`,
    );
  });
  afterAll(() => estate?.stop());

  it('is made, and its age is watched', async () => {
    expect((await job('-check')).text).toContain('the first backup is not due yet');
    const { code, text } = await job('');
    expect(code, text).toBe(0);
    expect(text).toContain('saved: etc logs cache uploads mine');
    expect((await job('-check')).code).toBe(0);
    expect(await estate.ask('vault', 'find /srv/backups/nightly/data -type f -name "*" | grep -c /data/data/'))
      .toMatch(/^[1-9]/);
    await estate.ask(
      'data',
      'cp -p /etc/vgen/backup/nightly.conf /root/conf; sed -i s/^stale=.*/stale=-1/ /etc/vgen/backup/nightly.conf',
    );
    expect((await job('-check')).code).toBe(1);
    expect(await estate.ask('data', 'systemctl --failed --plain --no-legend'))
      .toMatch(/^vgen-job-backup-nightly-check.service/);
    expect((await estate.run('data', '/opt/vgen/bin/vgen status')).text)
      .toMatch(/^job vgen-job-backup-nightly-check.service failed/m);
    await estate.ask('data', 'cp -p /root/conf /etc/vgen/backup/nightly.conf');
    expect((await job('-check')).code).toBe(0);
  });

  it('gives back what was destroyed', async () => {
    const state = 'cd /srv/uploads && find . -printf "%p %M %u %l\\n" | sort && sha256sum "a b" a/one && redis-cli '
      + 'GET key && redis-cli LRANGE list 0 -1';
    const before = await estate.ask('data', state);
    await estate.ask('data', 'rm -rf /srv/uploads; redis-cli FLUSHALL; redis-cli SAVE; test "$(redis-cli DBSIZE)" = 0');
    await estate.ask(
      'data', '/opt/vgen/backup/restore.sh nightly uploads; /opt/vgen/backup/restore.sh nightly mine; sleep 1',
    );
    expect(await estate.ask('data', state)).toBe(before);
    expect((await estate.run('data', '/opt/vgen/backup/restore.sh nightly nothing')).text)
      .toContain('it has: etc logs cache uploads mine');
    expect(await estate.ask('data', '/opt/vgen/backup/restore.sh nightly')).toMatch(/uploads[^]*\/srv\/uploads/);
  });

  it('is proven by the drill, beside the original', async () => {
    const { code, text } = await job('-drill');
    expect(code, text).toBe(0);
    for (const line of [
      /^etc\tgood\t\d+ paths, verified$/m, /^logs\tgood/m, /^uploads\tgood\t6 paths, verified$/m,
      /^mine\tgood\t\d+ bytes/m, /^cache\tgood\t/m,
    ]) expect(text).toMatch(line);
    console.info(text.split('\n').filter(line => line.includes('\tgood\t')).join('; '));
    expect(await estate.ask('data', 'redis-cli GET key; ls /var/lib/vgen/backup/nightly'))
      .toBe('a value\ninitialised\nlock');
  });

  it('whose dump fails keeps its older snapshots, and the others are saved', async () => {
    await estate.ask('data', 'echo two > /srv/uploads/two; systemctl stop redis-server');
    const { code, text } = await job('');
    expect(code).toBe(1);
    expect(text).toContain('error: not saved: cache mine');
    await estate.ask('data', 'systemctl start redis-server; rm /srv/uploads/two; /opt/vgen/backup/restore.sh nightly '
      + 'uploads; cat /srv/uploads/two');
    expect((await estate.run('data', '/opt/vgen/backup/drill.sh nightly mine')).code).toBe(0);
  });

  it('goes to a user that does nothing else, and to no other host', async () => {
    const ssh = 'ssh -F /dev/null -i /root/key -o BatchMode=yes -o UserKnownHostsFile=/etc/vgen/backup/nightly.known '
      + 'backup-nightly@10.8.0.2';
    await estate.ask('data', '(cat /etc/vgen/secrets/k; echo) | install -m 0600 /dev/stdin /root/key');
    expect((await estate.run('data', `${ssh} id`)).text).not.toContain('uid=');
    expect((await estate.run(
      'data', `timeout 5 ${ssh} -N -L 7777:127.0.0.1:22 & sleep 1; timeout 2 ssh-keyscan -p 7777 127.0.0.1; wait`,
    )).text).not.toContain('ssh-ed25519');
    expect(await estate.ask('data', `echo "ls /" | sftp -q -b - ${ssh.slice(4)}`)).toMatch(/^sftp> ls \/\s+\/?data$/);
    const known = '/etc/vgen/backup/nightly.known';
    await estate.ask('data', `cp ${known} /root/known; ssh-keygen -q -t ed25519 -N '' -f /root/other; echo "10.8.0.2 `
      + `$(cut -d' ' -f1,2 /root/other.pub)" > ${known}`);
    expect((await estate.run('data', `${ssh} id`)).text).toMatch(/Host key verification failed/);
    const refused = await estate.run('data', '/opt/vgen/backup/backup.sh nightly');
    expect(refused.code, refused.text).toBe(2);
    // restic ends at times before it has passed on what ssh says of the key
    expect(refused.text).toMatch(/error: the repository cannot be reached/);
    await estate.ask('data', `cp /root/known ${known}`);
  });

  it('that is damaged fails its drill', async () => {
    await estate.ask('vault', 'for one in $(find /srv/backups/nightly/data/data -type f -size +100k); do printf '
      + 'damage | dd of="$one" bs=1 seek=5000 conv=notrunc status=none; done');
    const { code, text } = await estate.run('data', '/opt/vgen/backup/drill.sh nightly uploads');
    expect(code, text).not.toBe(0);
    expect(text).toMatch(/error: /);
  });

  it('never says its password', async () => {
    expect(await estate.ask('data', 'journalctl -o cat; cat /var/log/vgen/audit.jsonl')).not.toContain('p0is0n');
  });
});
