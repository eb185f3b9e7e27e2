// Releases over three real hosts: deployed to next, switched behind a barrier, rolled back; and what is asked of hosts.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ended, because, inventory, lack, resultsOf, TestFleet } from './fixture.ts';

describe.skipIf(lack !== null)(`releases over the fleet (${because})`, () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.boot();
    await fleet.build(inventory());
    await fleet.expect(0, 'apply');
  });
  afterAll(() => fleet?.stop());

  const live = (): Promise<string[]> => fleet.all('curl -s -m 5 http://127.0.0.1:8000/');
  const next = (): Promise<string[]> => fleet.all('curl -s -m 5 http://127.0.0.1:8001/');

  it('says what a deploy would do, and does nothing', async () => {
    const { stdout } = await fleet.expect(0, `deploy web ${fleet.artifact('v1')} --release r1 --switch --dry-run`);
    expect(stdout).toMatch(/^a .* not touched: r1 would be put into next, then next would become live$/m);
    expect(await fleet.all('ls /opt/web/releases')).toEqual(['', '', '']);
  });

  it('deploys to next on all hosts, and switches when all are healthy', async () => {
    const ran = await fleet.expect(0, `deploy web ${fleet.artifact('v1')} --release r1 --switch`);
    expect(ran.stdout).toMatch(/^a +- +r1 .* done$/m);
    expect(ran.stderr.indexOf('all are healthy: switching'))
      .toBeGreaterThan(ran.stderr.lastIndexOf('is healthy in next'));
    expect(await live()).toEqual(['v1', 'v1', 'v1']);
    expect(await fleet.all('ls /var/lib/vgen/artifacts')).toEqual(['', '', '']);
  });

  it('gives all hosts the same name of the release', async () => {
    await fleet.expect(0, `deploy web ${fleet.artifact('v2')}`);
    expect(await live()).toEqual(['v1', 'v1', 'v1']);
    expect(await next()).toEqual(['v2', 'v2', 'v2']);
    expect(new Set(await fleet.all('readlink /opt/web/next/release')).size).toBe(1);
  });

  it('switches, with a canary, and rolls back', async () => {
    const ran = await fleet.expect(0, 'switch web --canary b');
    expect(ran.stderr).toMatch(/^canary: b\n[^]*^step 2 of 2: a, c$/m);
    expect(await live()).toEqual(['v2', 'v2', 'v2']);
    expect(resultsOf(await fleet.expect(0, 'rollback web --json'))).toEqual({ a: 'done', b: 'done', c: 'done' });
    expect(await live()).toEqual(['v1', 'v1', 'v1']);
  });

  it('switches nowhere when one host is not healthy; --retry-failed deploys the same release there', async () => {
    // something else listens where the next slot shall
    await fleet.ask(
      'c', `next=$(readlink /opt/web/next); systemctl stop web-$next; port=20000; [ $next = blue ] || port=20001
      setsid perl -MIO::Socket::INET -e '$s = IO::Socket::INET->new(LocalAddr => "127.0.0.1", LocalPort => $ARGV[0], Listen => 1, ReuseAddr => 1) or die; sleep 300' $port \\
        >/dev/null 2>&1 & echo $! > /run/squatter; sleep 0.5`,
    );
    const ran = await fleet.expect(1, `deploy web ${fleet.artifact('v3')} --release r3 --switch --json`);
    expect(resultsOf(ran)).toEqual({ a: 'done', b: 'done', c: 'failed' });
    expect(ran.stderr).not.toMatch(/switching/);
    expect(await live()).toEqual(['v1', 'v1', 'v1']);
    await fleet.ask('c', 'kill $(cat /run/squatter)');
    expect(resultsOf(await fleet.expect(0, 'deploy web web --retry-failed --json'))).toEqual({ c: 'done' });
    expect(await fleet.all('readlink /opt/web/next/release'))
      .toEqual(['../releases/r3', '../releases/r3', '../releases/r3']);
  });

  it('switches back where the policy says so', async () => {
    await fleet.ask('c', 'systemctl stop nginx');
    const ran = await fleet.expect(1, 'switch web --batch 1 --on-failure rollback --json');
    expect(resultsOf(ran)).toEqual({ a: 'back', b: 'back', c: 'failed' });
    await fleet.ask('c', 'systemctl start nginx');
    expect(await live()).toEqual(['v1', 'v1', 'v1']);
  });

  it('leaves live alone when a release is sick', async () => {
    const ran = await fleet.expect(1, `deploy web ${fleet.artifact('sick')} --switch --on a`);
    expect(ran.stdout).toMatch(/^a .* failed: .*not healthy/m);
    expect((await live())[0]).toBe('v1');
  });

  it('shows status, logs of both slots and of nginx, and the audit', async () => {
    const { stdout } = await fleet.expect(0, 'status --on b,c');
    expect(stdout).toMatch(/^b +good +\S+ +web r1 \(next r3\) +-$/m);
    expect(JSON.parse((await fleet.expect(0, 'status --on b --json')).stdout))
      .toMatchObject({ hosts: [{ host: 'b', status: { good: true, apps: [{ name: 'web' }] } }] });
    expect((await fleet.expect(0, 'logs web --on b')).stdout).toMatch(/^b: .*v1 starts$/m);
    expect((await fleet.expect(0, 'logs web --on b --next -n 5')).stdout).toMatch(/^b: .*v3 starts$/m);
    expect((await fleet.expect(0, 'logs nginx --on b')).stdout).toMatch(/^b: .*GET /m);
    expect((await fleet.expect(0, 'audit --on b,c -n 200')).stdout).toMatch(/^\S+Z +b +root +deploy web +\S+ +r3 +ok/m);
    await fleet.ask('b', 'systemctl stop nginx');
    expect((await fleet.expect(1, 'status --on b')).stdout).toMatch(/^b +down .*nginx\.service is inactive/m);
    await fleet.ask('b', 'systemctl start nginx');
  });

  it('says of a live that is down what plan, status and apply do about it', async () => {
    const signal = (name: string): Promise<string> =>
      fleet.ask('b', `kill -${name} "$(systemctl show -p MainPID --value "web-$(readlink /opt/web/live)")"`);
    await signal('STOP');
    try {
      const plan = (await fleet.expect(1, 'plan --on b')).stdout;
      expect(plan).toMatch(/^b: live is down: web$/m);
      expect(plan).toMatch(/^ {2}down {5}web: live does not answer well \(.+\): its process runs, .* see: vgen logs web /m);
      expect((await fleet.expect(1, 'plan --on b --markdown')).stdout)
        .toMatch(/^### b: live is down: web\n[^]*^\| \*\*down\*\* \| web: live does not answer/m);
      expect(JSON.parse((await fleet.expect(1, 'plan --on b --json')).stdout))
        .toMatchObject({ hosts: [{ changes: [], actions: [], down: [{ app: 'web' }] }] });
      expect((await fleet.expect(1, 'status --on b')).stdout).toMatch(/^b +down .*web: /m);
      expect((await fleet.expect(1, 'apply --on b')).stdout).toMatch(/^b .* failed: .*web: live \(\w+\) does not answer/m);
    } finally {
      await signal('CONT');
    }
    expect((await fleet.expect(0, 'plan --on b')).stdout).toBe('b: nothing to do\n');
    await fleet.ask('b', 'systemctl stop "web-$(readlink /opt/web/live)"');
    const plan = (await fleet.expect(1, 'plan --on b')).stdout;
    expect(plan).toMatch(/^b: 0 changes, 1 action; live is down: web\n {2}start {4}web\/(\w+) .*\n/m);
    expect(plan).toMatch(/^ {2}down {5}web: live does not answer well \(.+\): an apply starts web\/\w+$/m);
    expect(resultsOf(await fleet.expect(0, 'apply --on b --json'))).toEqual({ b: 'done' });
    expect((await fleet.expect(0, 'plan --on b')).stdout).toBe('b: nothing to do\n');
  });

  it('follows a log until Ctrl-C', async () => {
    const child = fleet.start(['logs', 'nginx', '--on', 'a', '--follow', '-n', '1']);
    const end = ended(child);
    const seen = new Promise<void>(resolve =>
      child.stdout?.on('data', data => { if (String(data).includes('/to-be-seen')) resolve(); }));
    await new Promise(resolve => setTimeout(resolve, 1500));
    await fleet.ask('a', 'curl -s http://127.0.0.1:8000/to-be-seen');
    await seen;
    child.kill('SIGINT');
    expect((await end).code).toBe(130);
  });

  it('runs a command everywhere, with what it says after the name of the host', async () => {
    const ran = await fleet.vgen(['exec', 'printf "%s|" "$(hostname)" x; echo; echo no >&2']);
    expect(ran.code).toBe(0);
    expect(ran.stdout.trim().split('\n').sort()).toEqual(['a: a|x|', 'b: b|x|', 'c: c|x|']);
    expect(ran.stderr.trim().split('\n').sort()).toEqual(['a: no', 'b: no', 'c: no']);
    expect((await fleet.vgen(['exec', '--on', 'a', 'printf', '%s\\n', 'two words', '-h'])).stdout)
      .toBe('a: two words\na: -h\n');
    const failed = await fleet.vgen(['exec', '--json', '[ $(hostname) != b ] || exit 7']);
    expect(failed.code).toBe(1);
    expect(JSON.parse(failed.stdout)).toMatchObject({ hosts: [{ code: 0 }, { host: 'b', code: 7 }, { code: 0 }] });
  });

  it('says which words it does not know', async () => {
    expect((await fleet.expect(2, 'deploy wbe web')).stderr).toMatch(/unknown app "wbe"; known apps: web/);
    expect((await fleet.expect(2, 'deploy web nothing')).stderr).toMatch(/there is no nothing/);
    expect((await fleet.expect(2, 'switch web --batch half')).stderr).toMatch(/"half" is no batch/);
    expect((await fleet.expect(2, 'switch web --on-failure panic')).stderr)
      .toMatch(/--on-failure takes halt, rollback or continue, not "panic"/);
    expect((await fleet.expect(2, 'rollback')).stderr).toMatch(/set exactly one of: an app, or --configuration/);
    expect((await fleet.expect(2, 'status --on d')).stderr).toMatch(/unknown host "d"/);
    expect((await fleet.expect(2, 'status --ssh-config none')).stderr).toMatch(/there is no ssh configuration/);
  });
});
