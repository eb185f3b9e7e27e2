// install.sh on a host that serves: what a change restarts, what is put back, what is removed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, key, lack, Machine, password } from './machine.ts';
import type { Tree } from './tree.ts';

describe.skipIf(lack !== null)(`changes on a host that serves (${because})`, () => {
  let machine: Machine;
  const ask = (script: string) => machine.ask(script);
  const get = (port: number) => machine.get(port);
  /** The fixture with another greeting; all tests but the first start from it. */
  const salut = () => ['etc/supervisor/secrets.conf', 'etc/vgen/env/tick-blue.env', 'etc/vgen/env/tick-green.env']
    .reduce((tree, path) => tree.edit(path, '"hello"', '"salut"'), machine.tree());

  beforeAll(async () => {
    machine = await Machine.bootWithApps();
  });

  afterAll(() => machine?.stop());

  it('restarts next and spares live when their environment changes', async () => {
    const others = async () =>
      (await machine.processes()).split('\n').filter(line => !/^(supervisor|tick-blue)/.test(line));
    const before = await others();
    const text = await machine.installed(salut());
    expect(text).toContain('restart   demo/blue');
    expect(text).toContain('demo: live slot green keeps its former configuration until the next switch');
    expect([await get(8000), await get(8001)]).toEqual(['v1 green hello', 'v2 blue salut']);
    expect([await get(8010), await get(8011)]).toEqual(['v1 green hello', 'v2 blue salut']);
    expect(await others()).toEqual(before);
    expect(await ask(`${bin}/vgen status | grep -c 'former configuration' || true`)).toBe('2');
    expect(await machine.installed(salut())).toContain('one: nothing to do');
  });

  it('restarts what kept its former configuration before it goes live again', async () => {
    await ask(`${bin}/vgen switch demo`);
    expect(await get(8000)).toBe('v2 blue salut');
    const { text } = await machine.run(`${bin}/vgen switch demo`);
    expect(text).toContain('green still runs with its former configuration; it is restarted first');
    expect(await get(8000)).toBe('v1 green salut');
    expect(await ask(`${bin}/vgen switch tick`)).toContain('restart   tick/green');
    expect(await machine.installed(salut())).toContain('one: nothing to do');
  });

  it('follows modes, owners and groups, and undoes them', async () => {
    const beat = '/etc/systemd/system/beat.service';
    const text = await machine.installed(salut()
      .edit('manifest.tsv', `${beat}\t0644\troot:root`, `${beat}\t0640\troot:adm`)
      .edit('manifest.tsv', '/opt/demo\t/usr/sbin/nologin\t-', '/opt/demo\t/usr/sbin/nologin\tadm')
      .edit('manifest.tsv', '/opt/demo/releases\t0755\troot:root', '/opt/demo/releases\t0711\troot:demo'));
    expect(text).toContain(`${beat} (0640 root:adm, was 644 root:root)`);
    const seen = () => ask(`id -nG demo; stat -c '%a %U:%G' ${beat} /opt/demo/releases`);
    expect(await seen()).toBe('demo adm\n640 root:adm\n711 root:demo');
    await machine.installed(salut());
    expect(await seen()).toBe('demo\n644 root:root\n755 root:root');
  });

  it('writes to other file systems as well', async () => {
    await ask('mkdir -p /opt/far; mount -t tmpfs -o mode=755 tmpfs /opt/far');
    await machine.installed(salut().add('opt/far/file', 'far\n').list('link /opt/far/link file'));
    expect(await ask('cat /opt/far/link; find /opt/far -mindepth 1 | sort')).toBe('far\n/opt/far/file\n/opt/far/link');
    await machine.installed(salut());
    expect(await ask('find /opt/far -mindepth 1; umount /opt/far; rmdir /opt/far')).toBe('');
  });

  describe('puts everything back', () => {
    const refused = async (tree: Tree, ...words: string[]) => {
      const { code, text } = await machine.install(tree);
      expect(code, text).toBe(1);
      for (const one of words) expect(text).toContain(one);
      expect(await get(8000)).toBe('v1 green salut');
    };

    it('when nginx refuses a file', async () => {
      const before = await machine.processes();
      await refused(
        salut().edit('etc/nginx/nginx.conf', 'worker_processes 2;', 'worker_processes two;')
          .edit('etc/systemd/system/beat.service', '100000', '200000').add('opt/more/deep/file', 'more\n'),
        'error: nginx refuses /etc/nginx/nginx.conf',
        '"worker_processes" directive invalid value in /etc/nginx/nginx.conf:3',
      );
      await ask('grep "worker_processes 2" /etc/nginx/nginx.conf; grep 100000 /etc/systemd/system/beat.service');
      expect(await ask('ls /opt')).toBe('demo\ntick\nvgen');
      expect(await machine.processes()).toBe(before);
    });

    it('when nginx accepts a file but cannot use it', async () => {
      await refused(
        salut().edit('etc/nginx/conf.d/tick.conf', ':8011', ':6379'),
        'nginx.service did not take its new files', 'bind() to 127.0.0.1:6379 failed',
      );
      expect(await get(8011)).toBe('v1 green salut');
    });

    it('when a service does not live with its file', async () => {
      await refused(
        salut().edit('etc/systemd/system/beat.service', '100000', 'for-ever'),
        'beat.service ended right after its start', 'invalid time interval',
      );
      expect(await ask('systemctl is-active beat; grep -c 100000 /etc/systemd/system/beat.service')).toBe('active\n1');
    });

    it('when supervisor, systemd, redis or bash refuses a file, and tells no secret', async () => {
      await refused(salut().edit('etc/supervisor/secrets.conf', 'GREETING=', 'GREETING=%x,X='), 'supervisor refuses');
      await refused(salut().edit('etc/systemd/system/beat.service', 'ExecStart=', 'ExecStrat='), `key 'ExecStrat'`);
      await refused(salut().edit('etc/redis/redis.conf', 'port 6379', 'port many'), 'redis refuses /etc/redis');
      await refused(salut().edit('opt/vgen/apps/demo.sh', 'keep=2', 'if'), 'bash refuses /opt/vgen/apps/demo.sh');
      expect(await ask(`REDISCLI_AUTH=${password} redis-cli ping`)).toBe('PONG');
      expect([key, password].filter(secret => machine.heard.join('\n').includes(secret))).toEqual([]);
    });

    it('and has nothing left to do then', async () => {
      expect(await machine.installed(salut())).toContain('one: nothing to do');
    });
  });

  it('does not restart supervisord while it runs what is live', async () => {
    const before = await ask('supervisorctl pid');
    const conf = 'etc/supervisor/supervisord.conf';
    await machine.installed(salut().edit(conf, '[supervisord]', '[supervisord]\nminfds=2048'));
    expect(await ask('supervisorctl pid')).toBe(before);
    const { text } = await machine.run(`${bin}/vgen status`);
    expect(text).toMatch(/supervisor\.service .*former configuration/);
    await machine.installed(salut());
  });

  it('removes what it made, restores what was there before, and keeps what is not its own', async () => {
    const conf = 'file /etc/nginx/conf.d/more.conf 0644 root:root reload:nginx.service nginx';
    const program = 'file /etc/supervisor/conf.d/more.conf 0644 root:root reload:supervisor.service supervisor';
    const service = '[Service]\nExecStart=/bin/sleep 99999\n[Install]\nWantedBy=multi-user.target\n';
    await machine.installed(salut()
      .add('etc/motd', 'by vgen\n').add('etc/nginx/conf.d/more.conf', '# more\n', conf)
      .add('opt/more/deep/file', 'more\n').add('opt/more/edited', 'more\n').list('link /opt/more/link deep')
      .add('etc/systemd/system/more.service', service).list('unit more.service')
      .add('etc/supervisor/conf.d/more.conf', '[program:more]\ncommand=/bin/sleep 99999\n', program));
    expect(await ask('supervisorctl status more | cut -c 34-40; systemctl is-active more; cat /etc/motd'))
      .toBe('RUNNING\nactive\nby vgen');
    await ask('echo edited >> /opt/more/edited; echo foreign > /etc/nginx/conf.d/foreign');
    const text = await machine.installed(salut());
    expect(text).toContain('/opt/more/edited is no longer in the inventory, but was changed by someone else');
    expect(text).toMatch(/stop {6}more\.service[^]*remove {4}\/etc\/systemd\/system\/more\.service/);
    expect(await ask('find /opt/more /etc/nginx/conf.d -mindepth 1 | sort; ls /etc/supervisor/conf.d')).toBe([
      '/etc/nginx/conf.d/foreign', '/etc/nginx/conf.d/tick.conf', '/opt/more/edited',
      'demo-blue.conf', 'demo-green.conf', 'worker.conf',
    ].join('\n'));
    expect(await ask('cat /etc/motd; supervisorctl status || true')).not.toMatch(/by vgen|more/);
    expect(await ask('systemctl is-active more || true; pgrep -fx "/bin/sleep 99999" || echo none'))
      .toBe('inactive\nnone');
    expect(await machine.installed(salut())).toContain('one: nothing to do');
  });

  it('stops the slots of an app that is gone before their files go, and keeps its releases', async () => {
    const text = await machine.installed(salut().drop(/tick/));
    expect(text).toMatch(/stop {6}tick-green\.service[^]*remove {4}\/etc\/systemd\/system\/tick-green\.service/);
    expect(text).toContain('user tick is no longer in the inventory; it is kept');
    expect(await ask('systemctl is-active tick-blue tick-green || true')).toBe('inactive\ninactive');
    expect(await ask('ls /opt/tick/releases; ss -Hltn "sport = :20010 or sport = :20011"')).toBe('t1\nt2');
    await machine.installed(salut());
    expect([await get(8010), await get(8011)]).toEqual(['v2 blue salut', 'v1 green salut']);
  });
});
