// What "vgen doctor" finds on a real host that is not ready.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../../src/rehearse/requirements.ts';
import { inventoryOf, Site } from './hosts.ts';

const lack = missing();

describe.skipIf(lack !== null)(`doctor on hosts (${lack ?? 'systemd-nspawn'})`, () => {
  let site: Site;
  const findings = async (host: string): Promise<Record<string, string>> => {
    const { stdout } = await site.vgen(['doctor', '--json']);
    const { hosts } =
      JSON.parse(stdout) as { hosts: { host: string; findings: { check: string; result: string; found: string }[] }[] };
    return Object.fromEntries(hosts.find(one => one.host === host)?.findings.filter(({ result }) => result === 'wrong')
      .map(({ check, found }) => [check, found]) ?? []);
  };

  beforeAll(async () => {
    site = await Site.boot(['web1', 'web2'], inventoryOf(['web1', 'web2']));
    expect((await site.vgen(['build'])).code).toBe(0);
  }, 600_000);
  afterAll(async () => site?.stop());

  it('finds ports that others hold, programs that lack, secrets that are missing, and says what to do', async () => {
    await site.host('web1')
      .run('rm /usr/bin/curl; systemd-run --quiet --unit squatter /usr/sbin/sshd -D -p 8000; sleep 1');
    expect(await findings('web1')).toEqual({
      programs: 'without curl', ports: '8000 (live of app "site") is held by sshd of squatter.service',
      secrets: 'missing redisPassword',
    });
    const { code, stdout } = await site.vgen(['doctor', '--on', 'web1']);
    expect(stdout).toMatch(/web1 +programs +wrong +without curl +apt-get install curl/);
    expect(stdout).toMatch(/web1 +secrets +wrong +missing redisPassword +vgen secrets push --on web1/);
    expect(code).toBe(1);
  }, 60_000);

  it('counts a host that cannot be reached, and is good where nothing is wrong', async () => {
    await site.vgen(['secrets', 'push', '--on', 'web2']);
    expect((await site.vgen(['doctor', '--on', 'web2'])).stdout).toMatch(/1 host ready/);
    await site.host('web2').cut();
    const found = await findings('web2');
    await site.host('web2').mend();
    expect(Object.keys(found)).toEqual(['reach']);
  }, 120_000);
});
