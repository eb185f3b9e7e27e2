// The same trees by other hands: Ansible, and the plain apply.sh. Beside "vgen apply" on rehearsal hosts.
import { spawn, spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../../src/rehearse/requirements.ts';
import { inventoryOf, Site } from './hosts.ts';

const ansible = spawnSync('ansible-playbook', ['--version']).error === undefined;
const lack = missing() ?? (ansible ? null : 'ansible-playbook not found: run apt-get install ansible-core');

describe.skipIf(lack !== null)(`other hands (${lack ?? 'ansible-core, bash'})`, () => {
  let site: Site;
  const run = (
    program: string, args: readonly string[], env: Readonly<Record<string, string>> = {},
  ): Promise<{ code: number | null; output: string }> => new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: site.dir, env: {
      ...process.env, VGEN_SSH_CONFIG: site.fleet.sshConfig, ANSIBLE_NOCOLOR: '1', ANSIBLE_LOCALHOST_WARNING: 'false',
      ...env,
    }, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', data => { output += String(data); });
    child.on('error', reject).on('close', code => resolve({ code, output }));
  });
  const good = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await site.vgen(args);
    expect(code, stdout + stderr).toBe(0);
    return stdout;
  };
  const state = async (host: string): Promise<string> =>
    (await site.host(host).run(`cd /; grep -v -e '^tree' -e /etc/vgen/exposure.txt /var/lib/vgen/installed.tsv; sed `
      + `"s/${host}/HOST/g" /etc/vgen/exposure.txt; cat /etc/motd; find /opt/tools /etc/nginx/conf.d -printf '%p %m `
      + `%u %g\\n' | sort; systemctl is-active nginx redis-server`)).stdout;

  beforeAll(async () => {
    site = await Site.boot(['web1', 'web2', 'web3'], inventoryOf(['web1', 'web2', 'web3'], 'rollout: { batch: 2 }\n'));
    await good('build');
    await good('secrets', 'push');
  }, 600_000);
  afterAll(async () => site?.stop());

  it('vgen apply, apply.sh and Ansible leave a host in the same state, and a plan is empty after each', async () => {
    await good('apply', '--on', 'web1');
    await good('ci', 'script');
    const script = await run('./apply.sh', ['web2']);
    expect(script.code, script.output).toBe(0);
    await good('export', 'ansible');
    const play = await run('ansible-playbook', [
      '-i', 'ansible/inventory.yml', 'ansible/playbook.yml', '--limit', 'web3', '--ssh-common-args',
      `-F ${site.fleet.sshConfig}`, '-e', 'ansible_host=web3',
    ]);
    expect(play.code, play.output).toBe(0);
    expect(play.output).toMatch(/web3 +: ok=\d+ +changed=1 /);
    const one = await state('web1');
    expect(one).toMatch(/active\nactive\n$/);
    expect(await state('web2')).toBe(one);
    expect(await state('web3')).toBe(one);
    expect(await good('plan')).toBe('web1: nothing to do\nweb2: nothing to do\nweb3: nothing to do\n');
  }, 400_000);

  it('do nothing where there is nothing to do', async () => {
    const script = await run('./apply.sh', ['web2']);
    expect(script.output).toMatch(/web2: nothing to do/);
    expect(script.code).toBe(0);
    const play = await run('ansible-playbook', [
      '-i', 'ansible/inventory.yml', 'ansible/playbook.yml', '--forks', '2', '--limit', 'web3', '--ssh-common-args',
      `-F ${site.fleet.sshConfig}`, '-e', 'ansible_host=web3',
    ]);
    expect(play.output).toMatch(/web3 +: ok=\d+ +changed=0 /);
  }, 200_000);

  it('apply.sh respects the fleet lock, leaves none, and refuses what makes no sense', async () => {
    await good('lock', '--on', 'web2', '--message', 'freeze');
    const locked = await run('./apply.sh', ['web2']);
    expect(locked.output).toMatch(/freeze[\s\S]*web2 is locked by the one above; nothing was touched/);
    expect(locked.code).toBe(3);
    await good('unlock', '--on', 'web2');
    expect((await run('./apply.sh', ['web2'])).code).toBe(0);
    expect((await site.host('web2').run('ls /var/lib/vgen/fleet.lock')).code).not.toBe(0);
    expect((await run('./apply.sh', ['web9'])).code).toBe(2);
    expect((await run('./apply.sh', ['web2', '--frce'])).code).toBe(2);
  }, 200_000);
});
