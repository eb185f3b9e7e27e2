// A change of what leads into a host is confirmed over a connection of its own, else it reverts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, inventory, lack, resultsOf, TestFleet } from './fixture.ts';

describe.skipIf(lack !== null)(`vgen apply confirms (${because})`, () => {
  let fleet: TestFleet;
  beforeAll(async () => { fleet = await TestFleet.boot(); });
  afterAll(() => fleet?.stop());

  const withSshd = (text: string): string => inventory(`files:
  /etc/motd: { content: "x\\n" }
  /etc/ssh/sshd_config.d/vgen.conf: { content: "${text}\\n" }
`);

  it('what it changed of sshd, over a new connection', async () => {
    await fleet.build(withSshd('ClientAliveInterval 60'));
    const ran = await fleet.expect(0, 'apply --on a --json');
    expect(resultsOf(ran)).toEqual({ a: 'done' });
    expect(ran.stderr).toMatch(/^a: confirming over a new connection$/m);
    expect(await fleet.ask('a', 'ls /var/lib/vgen/unconfirmed 2>&1; cat /etc/ssh/sshd_config.d/vgen.conf'))
      .toMatch(/No such file[^]*ClientAliveInterval 60/);
  });

  it('what a killed run left, without installing it again', async () => {
    await fleet.build(withSshd('ClientAliveInterval 61'));
    await fleet.host('a').push(`${fleet.dir}/out/a`, '/var/lib/vgen/incoming');
    await fleet.ask('a', 'bash /var/lib/vgen/incoming/install.sh');
    expect(await fleet.ask('a', 'ls /var/lib/vgen/unconfirmed')).toBe('/var/lib/vgen/unconfirmed');
    const ran = await fleet.expect(0, 'apply --on a --json');
    expect(ran.stderr).not.toMatch(/sending the tree/);
    expect(await fleet.ask('a', 'ls /var/lib/vgen/unconfirmed 2>&1')).toMatch(/No such file/);
    expect(resultsOf(await fleet.expect(0, 'apply --on a --json'))).toEqual({ a: 'same' });
  });
});
