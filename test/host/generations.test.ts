// What a host took, by number, and local edits of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, incoming, key, lack, Machine } from './machine.ts';
import type { Tree } from './tree.ts';

interface Status { generation: number; tree: string; order: number
  | null; commit: string; unfinished: boolean; drift: object[] }

describe.skipIf(lack !== null)(`generations and hand-made changes on a host (${because})`, () => {
  let machine: Machine;
  const ask = (script: string) => machine.ask(script);
  const conf = '/etc/nginx/nginx.conf';
  const timeout = (seconds: number): Tree =>
    machine.tree().edit('etc/nginx/nginx.conf', 'proxy_read_timeout 60s', `proxy_read_timeout ${seconds}s`);
  const seconds = () => ask(`grep -oE -m 1 'proxy_read_timeout [0-9]+' ${conf} | cut -d' ' -f 2`);
  const status = async (script = `${bin}/vgen status`): Promise<Status> =>
    JSON.parse((await machine.run(`bash ${script} --json`)).stdout) as Status;

  beforeAll(async () => {
    machine = await Machine.bootWithApps();
  });

  afterAll(() => machine?.stop());

  describe('numbers its trees', () => {
    it('and says which one it is', async () => {
      expect(await status()).toMatchObject({ generation: 1, order: 1, commit: '', unfinished: false, drift: [] });
      await machine.push(timeout(61));
      await ask(`bash ${incoming}/install.sh --order 100 --commit abc123`);
      const now = await status();
      expect(now).toMatchObject({ generation: 2, order: 100, commit: 'abc123', drift: [] });
      expect(now.tree).toBe((await ask(`sha256sum ${incoming}/SHA256SUMS`)).split(' ')[0]);
      expect((await machine.run(`${bin}/vgen status`)).text)
        .toMatch(/^generation 2, tree [0-9a-f]{12}, commit abc123, since 20/m);
      await ask(`bash ${incoming}/install.sh --order 100`);
      expect((await status()).generation).toBe(2);
    });

    it('refuses an older one, by its order or because it had it before', async () => {
      await machine.push(timeout(60));
      const older = await machine.run(`bash ${incoming}/install.sh --order 99`);
      expect(older.text).toContain('this tree is older (order 99) than one that one has seen (order 100)');
      expect(older.code).toBe(3);
      const again = await machine.run(`bash ${incoming}/install.sh`);
      expect(again.text).toContain('this tree was generation 1 here, and one is at generation 2 by now');
      expect(again.code).toBe(3);
      expect(await seconds()).toBe('61');
    });

    it('takes an older content as a newer version', async () => {
      await ask(`bash ${incoming}/install.sh --order 101`);
      expect(await seconds()).toBe('60');
      expect((await status()).generation).toBe(3);
    });

    it('goes back by itself to the last one that ran, and not to the one it left', async () => {
      await machine.push(timeout(62));
      await ask(`bash ${incoming}/install.sh --order 102`);
      expect((await machine.run(`${bin}/vgen rollback --host`)).text).toContain('from generation 4 back to 3');
      expect(await seconds()).toBe('60');
      expect((await status()).generation).toBe(5);
      expect((await machine.run(`${bin}/vgen rollback --host`)).text).toContain('from generation 5 back to 2');
      expect(await seconds()).toBe('61');
      const old = await machine.run(`bash ${incoming}/install.sh --order 101`);
      expect(old.code, 'older than what was seen, although that was rolled back').toBe(3);
      expect((await machine.run(`${bin}/vgen rollback --host 77`)).text)
        .toContain('generation 77 is not here; known: 1 2 3 4 5 6');
    });

    it('lets a generation speak for itself, without the scripts in /opt', async () => {
      await ask(`mv /opt/vgen /root/vgen-away`);
      const { stdout } = await machine.run('bash /var/lib/vgen/generations/1/opt/vgen/bin/vgen status');
      expect(stdout).toMatch(/generation 6[^]*removed on the host/);
      await ask('bash /var/lib/vgen/generations/1/install.sh --rollback');
      expect(await seconds()).toBe('60');
      expect(await ask(`ls ${bin}`)).toContain('vgen');
      await ask('rm -r /root/vgen-away');
    });

    it('keeps the last ten and what it may go back to', async () => {
      for (let count = 0; count < 7; count++) {
        await machine.push(timeout(70 + count)).then(() => ask(`bash ${incoming}/install.sh --order ${200 + count}`));
      }
      expect((await ask('ls /var/lib/vgen/generations')).split('\n').length).toBe(10);
      expect((await status()).generation).toBe(14);
      expect(await ask('stat -c "%a %U" /var/lib/vgen/generations /var/lib/vgen/generations/14'))
        .toBe('700 root\n700 root');
    }, 180_000);
  });

  describe('a file with local edits', () => {
    let order = 1000;
    const install = (tree: Tree, options = '') =>
      machine.push(tree).then(() => machine.run(`bash ${incoming}/install.sh --order ${++order} ${options}`));

    it('is not overwritten: the install refuses and shows the change', async () => {
      await install(timeout(60));
      await ask(`sed -i 's/worker_processes 2/worker_processes 3/' ${conf}; echo '# by hand' >> `
        + `/etc/supervisor/secrets.conf; ln -sfn elsewhere /opt/demo/blue/demo`);
      const before = await machine.processes();
      const { code, text } = await install(timeout(65));
      expect(code, text).toBe(3);
      expect(text).toMatch(/-worker_processes 2;\n {2}\+worker_processes 3;/);
      expect(text).toContain('/etc/supervisor/secrets.conf was changed; it holds secrets and is not shown');
      expect(text).toContain('/opt/demo/blue/demo is a link to elsewhere, vgen left release/demo');
      expect(text).toMatch(/error: local edits since generation \d+: .*--adopt.*--force/);
      expect(text).not.toContain(key);
      expect([await seconds(), await machine.processes()]).toEqual(['60', before]);
    });

    it('is drift, told three ways', async () => {
      const { drift } = await status();
      expect(drift).toEqual([
        { path: '/etc/nginx/nginx.conf', host: 'changed', tree: 'same' },
        { path: '/etc/supervisor/secrets.conf', host: 'changed', tree: 'same' },
        { path: '/opt/demo/blue/demo', host: 'changed', tree: 'same' },
      ]);
      await ask('rm /etc/nginx/conf.d/tick.conf');
      const { stdout } = await machine.run(`bash ${incoming}/opt/vgen/bin/vgen status`);
      expect(stdout).toMatch(/\/etc\/nginx\/nginx\.conf +edited on the host; changed in the tree/);
      expect(stdout)
        .toMatch(/\/etc\/nginx\/conf\.d\/tick\.conf +removed on the host; the tree is as last installed/);
      const newer = timeout(65).add('etc/more.conf', 'more\n').drop(/beat\.service/);
      await machine.push(newer);
      const after = await status(`${incoming}/opt/vgen/bin/vgen status`);
      expect(after.drift).toContainEqual({ path: '/etc/more.conf', host: 'same', tree: 'new' });
      expect(after.drift).toContainEqual({ path: '/etc/systemd/system/beat.service', host: 'same', tree: 'dropped' });
    });

    it('is adopted: it stays, the rest is installed, and nothing is refused until the tree changes it', async () => {
      const tree = timeout(65).edit('etc/systemd/system/beat.service', '100000', '123456');
      const { code, text } = await install(tree, '--adopt');
      expect(code, text).toBe(0);
      expect(text).toContain('/etc/nginx/conf.d/tick.conf (it was removed on the host)');
      expect(await ask(`grep -c 'worker_processes 3' ${conf}; grep -c 123456 /etc/systemd/system/beat.service`))
        .toBe('1\n1');
      expect((await install(tree)).text).toContain('one: nothing to do');
      expect((await status()).drift).toContainEqual({ path: '/etc/nginx/nginx.conf', host: 'adopted', tree: 'same' });
      expect((await install(timeout(66))).code).toBe(3);
    });

    it('is overwritten by force, and kept', async () => {
      const { code, text } = await install(timeout(66), '--force');
      expect(code, text).toBe(0);
      expect(await seconds()).toBe('66');
      const kept = /kept as (\S+nginx\.conf)/.exec(text)?.[1] ?? '';
      expect(await ask(`grep -c 'worker_processes 3' ${kept}; readlink /opt/demo/blue/demo`)).toBe('1\nrelease/demo');
      expect((await status()).drift).toEqual([]);
      expect((await install(timeout(66))).text).toContain('one: nothing to do');
    });

    it('is no matter where the tree says the same', async () => {
      await ask(`sed -i 's/proxy_read_timeout 66s/proxy_read_timeout 67s/' ${conf}`);
      const { code, text } = await install(timeout(67));
      expect(code, text).toBe(0);
    });
  });

  it('judges the new files before they are in place, and says where they come from', async () => {
    const tree = timeout(67).edit('etc/nginx/nginx.conf', 'worker_processes 2;', 'worker_processes two;');
    const inode = await ask(`stat -c '%i %Y' ${conf}`);
    const { code, text } = await machine.push(tree).then(() => machine.run(`bash ${incoming}/install.sh --order 5000`));
    expect(code, text).toBe(1);
    expect(text).toContain('"worker_processes" directive invalid value in /etc/nginx/nginx.conf:3');
    expect(text).toContain('/etc/nginx/nginx.conf is made from fixture in the inventory; the line: vgen why '
      + 'out/one/etc/nginx/nginx.conf:3');
    expect(text).not.toContain('no view of the new files');
    expect(await ask(`stat -c '%i %Y' ${conf}; findmnt -n -o TARGET | grep -c vgen || true`)).toBe(`${inode}\n0`);
    expect((await status())).toMatchObject({ unfinished: false, drift: [] });
  });

  it('checks after the swap where no such view can be made, and puts back', async () => {
    const tree = timeout(68).edit('etc/nginx/nginx.conf', 'worker_processes 2;', 'worker_processes two;');
    await machine.push(tree);
    const { code, text } = await machine.run(
      `mkdir -p /root/no; printf '#!/bin/sh\\nexit 1\\n' > /usr/local/bin/mount; chmod 755 /usr/local/bin/mount
      bash ${incoming}/install.sh --order 5001; code=$?; rm /usr/local/bin/mount; exit $code`,
    );
    expect(text).toContain('they are checked after the swap');
    expect(code, text).toBe(1);
    expect(text).toContain('put back');
    expect(await seconds()).toBe('67');
  });
});
