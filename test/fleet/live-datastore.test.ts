// The port or the password of a datastore changes under a live slot that asks it: that is foretold and done only where
// it is allowed, plan, status and apply say the same of live, and a switch comes up.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { base } from '../live-keys.ts';
import { vgen, type Ran } from '../vgen.ts';
import { because, commandsIn, lack } from './fixture.ts';

/** The app is healthy only if its Redis answers. */
function inventory(redis: object): string {
  const { hosts, secrets, apps } = base('systemd') as { hosts: unknown; secrets: unknown; apps: { web: object } };
  return JSON.stringify({
    hosts, secrets, apps: { web: { ...apps.web, health: '/cache', wait: '3s' } },
    redis: { cache: { hosts: 'one', ...redis } },
  });
}

describe.skipIf(lack !== null)(`a datastore under a live slot (${because})`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'vgen-datastore-'));
  let fleet: Fleet;
  let host: RehearsalHost;
  let releases = 0;
  const run = async (words: string): Promise<Ran & { text: string }> => {
    const ran = await vgen(dir, words.split(' '), {
      VGEN_SSH_CONFIG: fleet.sshConfig, FIRST: 'first-secret', OTHER: 'other-secret',
    });
    return { ...ran, text: `vgen ${words}\n${ran.stdout}${ran.stderr}` };
  };
  const ends = async (code: number, words: string): Promise<string> => {
    const ran = await run(words);
    expect(ran.code, ran.text).toBe(code);
    return ran.text;
  };
  const deploy = async (more = ''): Promise<void> => {
    const server = readFileSync(join(import.meta.dirname, 'server.pl'), 'utf8');
    writeFileSync(join(dir, 'web'), server.replaceAll('@VERSION@', `r${++releases}`));
    chmodSync(join(dir, 'web'), 0o755);
    await ends(0, `deploy web web --release r${releases} --on one${more}`);
  };
  const answer = async (): Promise<string> =>
    (await host.run('echo $(curl -s -m 5 -w " %{http_code}" http://127.0.0.1:8000/cache)')).stdout.trim();

  beforeAll(async () => {
    fleet = await bootFleet({
      hosts: [{ name: 'one', addresses: ['10.9.8.1'] }], prepared: true,
      packages: ['nginx-light', 'redis-server', 'supervisor'],
    });
    host = fleet.hosts.get('one') as RehearsalHost;
    writeFileSync(join(dir, 'inventory.yaml'), inventory({ password: 'first' }));
    await ends(0, 'build');
    await ends(0, 'secrets push --on one');
    await ends(0, 'apply --on one');
    await deploy(' --switch');
    await deploy(' --switch');
    expect(await answer()).toBe('r2 200');
  });
  afterAll(async () => {
    await fleet?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each([
    ['port', { password: 'first', port: 6390 }], ['password', { password: 'other', port: 6390 }],
  ])('gets another %s: foretold, refused, told as down, and back with the switch', async (key, redis) => {
    const before = releases;
    writeFileSync(join(dir, 'inventory.yaml'), inventory(redis));
    expect((await run('diff --impact --on one')).text)
      .toMatch(new RegExp(`ends CACHE_URL of web: down: what web asks there, until its switch \\(.*new ${key}`));
    await ends(0, 'build');
    await ends(0, 'secrets push --on one');
    expect(await ends(3, 'apply --on one --allow datastore')).toContain('--allow live');
    expect(await answer()).toBe(`r${before} 200`);

    // done, and told
    expect(await ends(1, 'apply --on one --allow datastore --allow live'))
      .toMatch(/web: live \((blue|green)\) does not answer as before: .*HTTP 500/);
    expect(await answer()).toBe(`r${before} 500`);
    // what the health path answers with 500 is down for all of them
    const reason = /port 2000\d answers \/cache with HTTP 500/;
    const plan = await ends(1, 'plan --on one');
    expect(plan).toMatch(/^one: live is down: web$/m);
    const said = [plan, await ends(1, 'status --on one'), await ends(1, 'apply --on one')];
    for (const text of said) {
      expect(text).toMatch(reason);
      // next, which has its files already, is up
      expect(commandsIn(text)).toContain('vgen switch web --on one');
    }

    await ends(0, 'switch web --on one');
    expect(await answer()).toMatch(/^r\d+ 200$/);
    await deploy(' --switch');
    expect(await answer()).toBe(`r${releases} 200`);
    expect(await ends(0, 'plan --on one')).toMatch(/^one: nothing to do$/m);
    expect(await ends(0, 'status --on one')).toMatch(/^one +good /m);
  }, 240_000);
});
