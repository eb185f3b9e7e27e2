// `vgen apply` over three real hosts: the whole fleet, nothing to do, rollouts that go wrong, hosts that are down.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../vgen.ts';
import { because, brokenOn, ended, inventory, lack, resultsOf, TestFleet } from './fixture.ts';

describe.skipIf(lack !== null)(`vgen apply (${because})`, () => {
  let fleet: TestFleet;

  beforeAll(async () => { fleet = await TestFleet.boot(); });
  afterAll(() => fleet?.stop());

  const motds = (): Promise<string[]> => fleet.all('cat /etc/motd');
  const trees = (): Promise<string[]> => fleet.all("awk '$1 == \"tree\" { print $2 }' /var/lib/vgen/installed.tsv");
  /** All hosts have the file that says this. */
  const settle = async (motd: string): Promise<void> => {
    await fleet.build(inventory('', motd));
    await fleet.expect(0, 'apply');
    expect(await motds()).toEqual([motd, motd, motd]);
  };

  it('says what is missing before it touches a host', async () => {
    expect((await fleet.expect(2, 'apply')).stderr)
      .toBe('vgen: there is no tree for a in out/; run "vgen build", review and commit it\n');
    await fleet.expect(0, 'build');
    const { stdout } = await fleet.expect(1, 'apply --dry-run --on a,region:us');
    expect(stdout).toMatch(/^a +- +- +- +not touched: its tree would be installed$/m);
    expect(stdout).not.toMatch(/^b /m);
    expect(await fleet.all('ls /var/lib/vgen 2>&1 | head -n 1'))
      .toEqual(expect.arrayContaining([expect.stringMatching(/No such file/)]));
  });

  it('installs on all hosts, and says so in a table, in JSON and in Markdown', async () => {
    const { stdout, stderr } = await fleet.expect(0, 'apply');
    expect(stdout.split('\n')[0]).toMatch(/^host +was +is +time +result$/);
    for (const name of ['a', 'b', 'c']) {
      expect(stdout).toMatch(new RegExp(`^${name} +- +(tree|generation) \\w+ +[\\d.]+ s +done$`, 'm'));
      expect(stderr).toMatch(new RegExp(`^${name}: installing$`, 'm'));
    }
    expect(await motds()).toEqual(['one', 'one', 'one']);
    expect(await fleet.all('systemctl is-active nginx')).toEqual(['active', 'active', 'active']);
    expect(await fleet.all('ls /var/lib/vgen/fleet.lock 2>&1'))
      .toEqual(expect.arrayContaining([expect.stringMatching(/No such file/)]));
    expect((await fleet.expect(0, 'apply --markdown')).stdout)
      .toMatch(/^\| host \| was \| is \| time \| result \|\n\| --- \|.*\n\| a \|/);
  });

  it('has nothing to do then, and touches nothing', async () => {
    const before = await fleet.all('stat -c %Y.%Z /var/lib/vgen/incoming /var/lib/vgen /var/log/vgen/audit.jsonl');
    const ran = await fleet.expect(0, 'apply --json');
    expect(resultsOf(ran)).toEqual({ a: 'same', b: 'same', c: 'same' });
    expect(ran.stderr.split('\n').filter(line => line && !/: nothing to do/.test(line))).toEqual([]);
    expect(await fleet.all('stat -c %Y.%Z /var/lib/vgen/incoming /var/lib/vgen /var/log/vgen/audit.jsonl'))
      .toEqual(before);
  });

  it('sees a file whose mode or content was changed by hand although the tree is the same', async () => {
    await fleet.ask('b', 'chmod 0600 /etc/nginx/nginx.conf');
    expect(resultsOf(await fleet.expect(0, 'apply --json'))).toEqual({ a: 'same', b: 'done', c: 'same' });
    expect(await fleet.ask('b', 'stat -c %a /etc/nginx/nginx.conf')).toBe('644');
    await fleet.ask('c', 'ln -sfn elsewhere /opt/web/blue/web');
    const refused = await fleet.expect(3, 'apply --json');
    expect(resultsOf(refused)).toEqual({ a: 'same', b: 'same', c: 'refused' });
    expect(refused.stdout).toContain('local edits since generation 1: /opt/web/blue/web');
    expect(resultsOf(await fleet.expect(0, 'apply --json --force'))).toEqual({ a: 'same', b: 'same', c: 'done' });
  });

  it('touches nothing else when the canary fails', async () => {
    await fleet.build(brokenOn('b', 'canary'));
    const before = await trees();
    const ran = await fleet.expect(1, 'apply --json --canary b --on-failure continue --max-failures 2');
    expect(resultsOf(ran)).toEqual({ a: 'untouched', b: 'failed', c: 'untouched' });
    expect(ran.stderr).toMatch(/stopped, as the canary b failed/);
    expect(JSON.parse(ran.stdout)).toMatchObject({
      halted: 'the canary b failed', exit: 1, hosts: [{}, { why: expect.stringMatching(/nginx/) }, {}],
    });
    expect(await motds()).toEqual(['one', 'one', 'one']);
    expect(await trees()).toEqual(before);
  });

  it('halts after a failed batch, goes on from there with --retry-failed', async () => {
    await fleet.build(brokenOn('b', 'halt'));
    expect(resultsOf(await fleet.expect(1, 'apply --json --batch 1')))
      .toEqual({ a: 'done', b: 'failed', c: 'untouched' });
    expect(await motds()).toEqual(['halt', 'one', 'one']);
    await fleet.build(inventory('', 'halt'));
    const before = await fleet.ask('a', 'cat /var/log/vgen/audit.jsonl');
    expect(resultsOf(await fleet.expect(0, 'apply --json --retry-failed'))).toEqual({ b: 'done', c: 'done' });
    expect(await motds()).toEqual(['halt', 'halt', 'halt']);
    expect(await fleet.ask('a', 'cat /var/log/vgen/audit.jsonl')).toBe(before);
  });

  it('goes on after failures where the policy says so', async () => {
    await settle('before');
    await fleet.build(brokenOn('b', 'continue'));
    const ran = await fleet.expect(1, 'apply --batch 1 --on-failure continue');
    expect(ran.stdout).toMatch(/^a .* done$/m);
    expect(ran.stdout).toMatch(/^b .* failed: /m);
    expect(ran.stdout).toMatch(/^c .* done$/m);
    expect(await motds()).toEqual(['continue', 'before', 'continue']);
  });

  it('lets as many fail as may, and takes the rollout from the inventory', async () => {
    await settle('allowed');
    await fleet.build(`${brokenOn('a', 'may')}rollout: { batch: 1, failures: 1, pause: 50ms }\n`);
    const ran = await fleet.expect(1, 'apply --json');
    expect(resultsOf(ran)).toEqual({ a: 'failed', b: 'done', c: 'done' });
    expect(ran.stderr).toMatch(/^step 2 of 3: b$/m);
    expect(ran.stderr).toMatch(/^pausing 0\.05 s$/m);
  });

  it('takes hosts that are done back where the policy says so', async () => {
    await settle('kept');
    await fleet.build(brokenOn('c', 'gone'));
    const ran = await fleet.expect(1, 'apply --json --batch 1 --on-failure rollback');
    expect(resultsOf(ran), ran.text).toEqual({ a: 'back', b: 'back', c: 'failed' });
    expect(await motds()).toEqual(['kept', 'kept', 'kept']);
  });

  it('counts a host that is down, and touches nothing when none may fail', async () => {
    await settle('up');
    await fleet.host('b').powerOff();
    await fleet.build(inventory('', 'down'));
    const ran = await fleet.expect(2, 'apply --json');
    expect(resultsOf(ran)).toEqual({ a: 'untouched', b: 'unreachable', c: 'untouched' });
    expect(ran.stderr).toMatch(/stopped, as 1 host failed and 0 may/);
    expect(resultsOf(await fleet.expect(2, 'apply --json --max-failures 1')))
      .toEqual({ a: 'done', b: 'unreachable', c: 'done' });
    await fleet.host('b').boot();
    expect(resultsOf(await fleet.expect(0, 'apply --json --retry-failed'))).toEqual({ b: 'done' });
    expect(await motds()).toEqual(['down', 'down', 'down']);
  }, 120_000);

  it('refuses a host whose key is not the pinned one, and says what to do', async () => {
    const key = readFileSync(join(fleet.host('a').root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8').split(' ')
      .slice(0, 2).join(' ');
    await fleet.build(inventory('', 'pinned').replace('region: us', `region: us, ssh: { hostKey: ${key} }`));
    const ran = await fleet.expect(2, 'apply --on c');
    expect(ran.stdout).toMatch(
      /^c .* unreachable: its host key is not the one that hosts\.c\.ssh\.hostKey pins, so nothing was sent: .* pin that$/m,
    );
    expect(await fleet.ask('c', 'cat /etc/motd')).toBe('down');
    await fleet.build(inventory('', 'pinned').replace('region: eu,', `region: eu, ssh: { hostKey: ${key} },`));
    await fleet.expect(0, 'apply --on a');
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('pinned');
  });

  it('shows a live line per host on a terminal, and the table in the end', async () => {
    await fleet.build(inventory('', 'terminal'));
    const command = `stty cols 90 rows 20; '${process.execPath}' '${cli}' apply`;
    const { code, stdout } =
      await ended(fleet.start(['-qec', command, '/dev/null'], { CI: '', TERM: 'xterm' }, ['script']));
    expect(code, stdout).toBe(0);
    // the library draws by erasing lines (CSI 2K) and hiding the cursor
    expect(stdout).toMatch(/\x1b\[\?25l[^]*\x1b\[2K[^]*\x1b\[\?25h/);
    expect(stdout).toMatch(/c: installing/);
    expect(stdout.split('\r\n').filter(line => /^[abc] +(tree|generation) .* done$/.test(line))).toHaveLength(3);
    expect(await motds()).toEqual(['terminal', 'terminal', 'terminal']);
  });

  it('leaves no connection, socket or lock behind', async () => {
    expect(readdirSync(fleet.runtime)).toEqual([]);
    expect(await fleet.all('[ ! -e /var/lib/vgen/fleet.lock ] && echo free')).toEqual(['free', 'free', 'free']);
  });
});
