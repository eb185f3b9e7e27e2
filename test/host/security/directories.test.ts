// Whoever may write to a directory exchanges what lies in it for a link while root writes there: an app's account that
// owns one above a file of vgen's, or a service whose package gave it one under /etc.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, lack, Machine } from '../machine.ts';

describe.skipIf(lack !== null)(`directories that are not root's alone (${because})`, () => {
  let machine: Machine;
  const ask = (script: string): Promise<string> => machine.ask(script);

  beforeAll(async () => {
    machine = await Machine.prepared();
    await machine.putSecrets();
    await machine.installed(machine.tree());
    await ask('useradd --create-home mallory');
  });
  afterAll(() => machine?.stop());

  const withFile = () => machine.tree().add('opt/mallory/inner/job', '* * * * * root id\n');

  it('a link in one leads no file of root elsewhere', async () => {
    await ask('install -d -o mallory /opt/mallory && runuser -u mallory -- ln -s /etc/cron.d /opt/mallory/inner');
    const { code, text } = await machine.install(withFile());
    expect(code, text).toBe(2);
    expect(text).toContain('/opt/mallory belongs to mallory:root, mode 755; who can write there could exchange what '
      + 'root writes below it: chown root /opt/mallory && chmod go-w /opt/mallory');
    expect(await ask('ls /etc/cron.d')).not.toContain('job');
    expect(await ask('systemctl is-active nginx redis-server supervisor | sort -u')).toBe('active');
  });

  it('also where the directory is root\'s again, and the link is still another\'s', async () => {
    await ask('chown root: /opt/mallory');
    const { code, text } = await machine.install(withFile());
    expect(code, text).toBe(2);
    expect(text).toContain('/opt/mallory/inner is a link of mallory to /etc/cron.d; root writes nothing below it: remove it');
    expect(await ask('ls /etc/cron.d')).not.toContain('job');
  });

  it.each([['0777', 'root:root'], ['0770', 'root:mallory']])('one of mode %s, %s', async (mode, owner) => {
    await ask(`rm -rf /opt/mallory; install -d -m ${mode} -o ${owner.split(':')[0]} -g ${owner.split(':')[1]} `
      + '/opt/mallory');
    const { code, text } = await machine.install(withFile());
    expect(code, text).toBe(2);
    expect(text).toContain(`/opt/mallory belongs to ${owner}, mode ${mode.slice(1)}`);
  });

  it('as its advice says, the same file is installed', async () => {
    await ask('chown root /opt/mallory && chmod go-w /opt/mallory');
    await machine.installed(withFile());
    expect(await ask('cat /opt/mallory/inner/job')).toBe('* * * * * root id');
  });

  it('a link of root\'s that leads through another\'s is refused, one in a circle ends', async () => {
    await ask('rm -rf /opt/mallory /opt/theirs; install -d -o mallory /opt/theirs; ln -s /opt/theirs/hop /opt/mallory; '
      + 'runuser -u mallory -- ln -s /etc /opt/theirs/hop');
    const led = await machine.install(withFile());
    expect([led.code, led.text]).toEqual([2, expect.stringContaining('/opt/theirs belongs to mallory:root')]);
    await ask('rm -rf /opt/mallory /opt/theirs; ln -s /opt/mallory /opt/theirs; ln -s /opt/theirs /opt/mallory');
    expect((await machine.install(withFile())).code).not.toBe(0);
    await ask('rm /opt/mallory /opt/theirs');
  });

  it('nothing is put back where one is a service\'s again', async () => {
    const conf = '/etc/redis/redis.conf';
    const tree = machine.tree().edit('etc/redis/redis.conf', 'port 6379', 'port 6379\nhz 12');
    await machine.push(tree);
    await machine.kill(`bash -c 'bash /var/lib/vgen/incoming/install.sh --order 90 --foreground & until grep -q "hz 12" ${conf}; do sleep 0.01; done; kill -9 $!; sleep 60' x`, 15_000);
    expect(await ask('test -e /var/lib/vgen/journal && echo there')).toBe('there');
    await ask('echo victim >/root/victim; chown redis /etc/redis; '
      + 'runuser -u redis -- ln -s /root/victim /etc/redis/.redis.conf.vgen-new');
    const refused = await machine.run('/opt/vgen/bin/vgen recover');
    expect(refused.text).toContain('/etc/redis belongs to redis:redis');
    expect(refused.code).not.toBe(0);
    expect(await ask('cat /root/victim; stat -c %U /root/victim')).toBe('victim\nroot');
    await ask('chown root /etc/redis; chmod go-w /etc/redis; /opt/vgen/bin/vgen recover');
    expect(await ask(`grep -c "hz 12" ${conf} || true`)).toBe('0');
  });

  it('what a package gave to a service is root\'s, and the service can read it', async () => {
    expect(await ask('stat -c "%U:%G %a" /etc/redis')).toBe('root:redis 750');
    await ask('chown redis:redis /etc/redis; chmod 2770 /etc/redis');     // as the package does when it is upgraded
    expect(await ask('runuser -u redis -- touch /etc/redis/.redis.conf.vgen-new; ls -A /etc/redis'))
      .toContain('.redis.conf.vgen-new');
    await ask('rm /etc/redis/.redis.conf.vgen-new');
    await machine.installed(machine.tree().edit('etc/redis/redis.conf', 'port 6379', 'port 6379\nhz 11'));
    expect(await ask('stat -c "%U:%G %a" /etc/redis')).toBe('root:redis 750');
    expect((await machine.run('runuser -u redis -- touch /etc/redis/x')).code).not.toBe(0);
    expect(await ask('systemctl is-active redis-server')).toBe('active');
  });
});
