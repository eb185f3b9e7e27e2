// Plan, drift and the guards of an apply, on real hosts over real ssh: vgen as a user runs it.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../../src/rehearse/requirements.ts';
import { Site } from './hosts.ts';

const lack = missing();

describe.skipIf(lack !== null)(`plan and drift on hosts (${lack ?? 'systemd-nspawn'})`, () => {
  let site: Site;
  const run = async (...args: string[]) => site.vgen(args);
  const plan = async (...more: string[]) => JSON.parse((await run('plan', '--json', ...more)).stdout) as { hosts: {
    host: string;
    changes: { name: string; what: string; byHand: boolean }[];
    actions: { action: string; what: string; because: string[] }[];
  }[] };
  const edit = (from: string, to: string): void => {
    const path = join(site.dir, 'inventory.yaml');
    writeFileSync(path, readFileSync(path, 'utf8').replace(from, to));
  };
  const good = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    expect(code, stdout + stderr).toBe(0);
    return stdout;
  };

  beforeAll(async () => { site = await Site.boot(['web1', 'web2', 'web3'], undefined, { plain: true }); }, 600_000);
  afterAll(async () => site?.stop());

  it('shows a first install, and that it would be refused without secrets', async () => {
    await good('build');
    const { code, stdout } = await run('plan');
    expect(code).toBe(1);
    expect(stdout).toMatch(/^web1: first install, \d+ changes, 2 actions$/m);
    expect(stdout).toMatch(/^ {2}add {6}package nginx-light: not installed$/m);
    expect(stdout)
      .toMatch(/^ {2}refused {2}without a value on the host: redisPassword \(vgen secrets push --on web1\)$/m);
  });

  it('is empty after an apply', async () => {
    await good('secrets', 'push');
    await good('apply');
    expect(await good('plan')).toBe('web1: nothing to do\nweb2: nothing to do\nweb3: nothing to do\n');
    expect(await good('drift')).toBe('web1: no drift\nweb2: no drift\nweb3: no drift\n');
  }, 300_000);

  it('shows exactly the one thing that was changed, and why what runs hears of it; then nothing again', async () => {
    edit('gzip on;', 'gzip off;');
    await good('build');
    for (const { changes, actions } of (await plan()).hosts) {
      expect(changes)
        .toEqual([{ kind: 'file', what: 'change', name: '/etc/nginx/conf.d/gzip.conf', why: 'text', byHand: false }]);
      expect(actions)
        .toEqual([{
          action: 'reload', what: 'nginx.service', because: ['/etc/nginx/conf.d/gzip.conf'], downtime: null,
        }]);
    }
    const { stderr } = await run('apply', '--on', 'web1');
    // what was planned is what the host did
    expect(stderr).toMatch(/web1: file +\/etc\/nginx\/conf.d\/gzip.conf\nweb1: reload +nginx.service\n/);
    await good('apply');
    expect(await good('plan')).not.toMatch(/change/);
    expect(await good('drift')).toMatch(/web1: no drift/);
  }, 300_000);

  it('tells of a change by hand three ways, overlooks what is ignored, and leaves all as it is', async () => {
    await site.host('web2').run(`echo by hand >> /etc/motd; echo '# by hand' >> /etc/nginx/conf.d/gzip.conf; rm `
      + `/opt/tools/list.txt; systemctl stop redis-server`);
    const before = (await site.host('web2').run('sha256sum /etc/motd /var/lib/vgen/installed.tsv')).stdout;
    edit('gzip off;', 'gzip on;');
    await good('build');
    const { code, stdout } = await run('drift', '--json');
    expect(code).toBe(1);
    const found = (JSON.parse(stdout) as { hosts: { host: string; drift: object[]; down: string[] }[] }).hosts;
    expect(found.map(({ drift }) => drift.length)).toEqual([0, 3, 0]);
    expect(found[1]).toMatchObject({
      drift: [
        { path: '/etc/motd', host: 'changed', tree: 'same' },
        { path: '/etc/nginx/conf.d/gzip.conf', host: 'changed', tree: 'changed' },
        { path: '/opt/tools/list.txt', host: 'removed', tree: 'same' },
      ],
      down: ['redis-server.service is inactive'],
    });
    edit('files:\n', 'drift: { ignore: [/etc/motd, /opt/tools/*] }\nfiles:\n');
    const { stdout: rest } = await run('drift', '--on', 'web2');
    expect(rest).toMatch(/gzip\.conf: text; the tree has a new version too/);
    expect(rest).not.toMatch(/motd|list\.txt/);
    expect((await site.host('web2').run('sha256sum /etc/motd /var/lib/vgen/installed.tsv')).stdout).toBe(before);
    const [, two] = (await plan()).hosts;
    expect(two?.changes.filter(({ byHand }) => byHand).map(({ name }) => name))
      .toEqual(['/etc/motd', '/etc/nginx/conf.d/gzip.conf']);
    expect(two?.actions.map(({ action, what }) => `${action} ${what}`))
      .toEqual(['reload nginx.service', 'start redis-server.service']);
    await good('apply', '--adopt', '--older');
    expect(await good('plan', '--on', 'web2'))
      .toMatch(/^web2: nothing to do\n {2}note {5}\/etc\/motd stays as somebody changed it \(adopted\)$/m);
    expect((await run('drift', '--on', 'web2')).stdout)
      .toMatch(/gzip\.conf: adopted; the tree still has it as applied/);
    edit('gzip on;', 'gzip on; # newer');
    await good('build');
    const [again] = (await plan('--on', 'web2')).hosts;
    expect(again?.changes.filter(({ byHand }) => byHand).map(({ name }) => name))
      .toEqual(['/etc/nginx/conf.d/gzip.conf']);
    expect((await run('apply', '--on', 'web2')).code).toBe(3);
    await good('apply', '--force');
    expect(await good('plan')).not.toMatch(/change|start/);
  }, 300_000);

  it('refuses a plan when the host or the tree moved since', async () => {
    edit('content: "one\\n"', 'content: "two\\n"');
    await good('build');
    expect((await run('plan', '--on', 'web1', '--save', 'plan.json')).code).toBe(1);
    await site.host('web1').run('echo meanwhile >> /opt/tools/list.txt');
    const moved = await run('apply', 'plan.json');
    expect(moved.stderr)
      .toMatch(/stale plan: web1: something on the host changed since the plan\. Nothing was touched/);
    expect(moved.code).toBe(3);
    expect((await site.host('web1').run('cat /etc/motd')).stdout).toBe('one\n');
    await site.host('web1').run('printf "list\\n" > /opt/tools/list.txt');

    await run('plan', '--on', 'web1', '--save', 'plan.json');
    edit('content: "two\\n"', 'content: "three\\n"');
    await good('build');
    const built = await run('apply', 'plan.json');
    expect(built.stderr).toMatch(/stale plan: web1: the tree in out\/ changed since the plan/);
    expect(built.code).toBe(3);

    await run('plan', '--on', 'web1', '--save', 'plan.json');
    await good('apply', 'plan.json');
    expect((await site.host('web1').run('cat /etc/motd')).stdout).toBe('three\n');
    expect((await site.host('web3').run('cat /etc/motd')).stdout).toBe('one\n');
  }, 300_000);

  it('refuses what goes too far, with the numbers and the flag', async () => {
    await good('apply');
    const path = join(site.dir, 'inventory.yaml');
    const before = readFileSync(path, 'utf8');
    const files = Array.from({ length: 8 }, (_, i) => `  /etc/many/${i}.conf: { content: "${i}\\n" }\n`).join('');
    writeFileSync(path, before.replace(
      'files:\n', `files:\n  /etc/sudoers.d/ops: { content: "# nobody\\n", mode: "0440" }\n${files}`,
    ));
    await good('build');
    const sudo = await run('apply', '--on', 'web1');
    expect(sudo.stderr)
      .toContain('web1: sudoers: /etc/sudoers.d/ops; a mistake ends or gives away root; if that is meant: --allow '
        + 'sudoers');
    expect(sudo.code).toBe(3);
    await good('apply', '--on', 'web1', '--allow', 'sudoers');
    writeFileSync(path, before);
    await good('build');
    const removed = await run('apply', '--on', 'web1', '--allow', 'sudoers');
    expect(removed.stderr).toMatch(
      /web1: 9 of \d+ files \(\d+%\) would be removed, more than limits\.deleted \(20%\); if that is meant: --max-deleted \d+%/,
    );
    expect(removed.code).toBe(3);
    expect((await site.host('web1').run('ls /etc/many | wc -l')).stdout).toBe('8\n');
    const [, flag = ''] = /that is meant: (--max-deleted \d+%)/.exec(removed.stderr) ?? [];
    await good('apply', '--on', 'web1', '--older', '--allow', 'sudoers', ...flag.split(' '));
    expect((await site.host('web1').run('ls -d /etc/many')).code).not.toBe(0);
  }, 300_000);

  it('says which host cannot be looked at, and writes no plan then', async () => {
    await site.host('web3').cut();
    const { code, stderr } = await run('plan', '--save', 'half.json');
    await site.host('web3').mend();
    expect(stderr).toMatch(/web3: .+/);
    expect(code).toBe(2);
    expect(existsSync(join(site.dir, 'half.json'))).toBe(false);
  }, 120_000);
});
