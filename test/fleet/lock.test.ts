// Who is at work on the fleet: two runs at a time, locks that expired or whose holder died, Ctrl-C, a killed client.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, ended, inventory, lack, resultsOf, TestFleet } from './fixture.ts';

describe.skipIf(lack !== null)(`the fleet lock (${because})`, () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.boot();
    await fleet.build(inventory());
    await fleet.expect(0, 'apply');
  });
  afterAll(() => fleet?.stop());

  const lockFiles = (): Promise<string[]> => fleet.all('cut -f 4 /var/lib/vgen/fleet.lock 2>/dev/null || echo free');
  const free = ['free', 'free', 'free'];
  const motds = (): Promise<string[]> => fleet.all('cat /etc/motd');

  /** Resolves when the process has said something like it. */
  const heard = (child: ChildProcess, pattern: RegExp): Promise<void> => new Promise((resolve, reject) => {
    let text = '';
    child.stderr?.on('data', data => {
      text += String(data);
      if (pattern.test(text)) resolve();
    });
    child.on('close', () => reject(new Error(`it never said ${pattern}:\n${text}`)));
  });

  /** Keeps all of vgen's scripts on a host waiting, until the returned function is called. */
  const hold = async (name: string): Promise<() => Promise<void>> => {
    await fleet.ask(name, 'touch /run/hold; setsid flock /var/lib/vgen/lock sh -c "while [ -e /run/hold ]; do sleep '
      + '0.1; done" >/dev/null 2>&1 & sleep 0.3');
    return async () => void await fleet.ask(name, 'rm -f /run/hold');
  };

  it('refuses a second run and says whose the first is; with --wait it waits', async () => {
    await fleet.build(inventory('', 'first'));
    const first =
      fleet.start(['apply', '--batch', '1', '--pause', '6s', '--message', 'the first'], { VGEN_OWNER: 'alice' });
    const end = ended(first);
    await heard(first, /pausing/);
    expect(await lockFiles()).toEqual(['alice', 'alice', 'alice']);
    const second = await fleet.vgen(['apply', '--on', 'c'], { VGEN_OWNER: 'bob' });
    expect(second.code, second.text).toBe(3);
    expect(second.stderr).toMatch(
      /vgen: c is locked by alice since \S+Z for vgen apply: "the first", until \S+Z; nothing was touched\. To wait for it: vgen apply --on c --wait 10m; if nobody is at work there: vgen unlock --on c --force/,
    );
    const third = await fleet.vgen(['apply', '--on', 'c', '--wait', '2m', '--json'], { VGEN_OWNER: 'bob' });
    expect(third.code, third.text).toBe(0);
    expect(third.stderr).toMatch(/c is locked by alice .*; waiting/);
    expect((await end).code).toBe(0);
    expect(await motds()).toEqual(['first', 'first', 'first']);
    expect(await lockFiles()).toEqual(free);
  }, 120_000);

  it('takes all hosts or none', async () => {
    await fleet.expect(0, 'lock --on b --message held');
    await fleet.build(inventory('', 'none'));
    await fleet.expect(3, 'apply');
    expect(await lockFiles()).toEqual(['free', 'tester', 'free']);
    expect(await motds()).toEqual(['first', 'first', 'first']);
    await fleet.expect(3, 'lock --message all');
    expect(await lockFiles()).toEqual(['free', 'tester', 'free']);
    expect((await fleet.expect(0, 'unlock')).stdout).toBe('a: was not locked\nb: unlocked\nc: was not locked\n');
    expect(await lockFiles()).toEqual(free);
  });

  it('is made by hand with a reason and an end, shown, and lifted by its owner or by force', async () => {
    expect((await fleet.vgen([
      'lock', '--on', 'a', '--message', 'disk is being changed', '--for', '2h',
    ], { VGEN_OWNER: 'alice' })).stdout).toBe('a: locked by alice\n');
    expect((await fleet.expect(1, 'status --on a')).stdout)
      .toMatch(/locked by alice since .* for a manual lock: "disk is being changed", until \d/);
    expect((await fleet.expect(3, 'apply --on a')).stderr).toMatch(/"disk is being changed"/);
    const other = await fleet.expect(3, 'unlock --on a');
    expect(other.stderr).toMatch(/you are tester\. Nothing was unlocked; .* vgen unlock --on a --force/);
    expect(await lockFiles()).toEqual(['alice', 'free', 'free']);
    await fleet.expect(0, 'unlock --on a --force');
    expect(await lockFiles()).toEqual(free);
  });

  it.each([
    ['space', 'size=16k', 'cat /dev/zero', /; make room there, what fills it: (du .*)$/m],
    ['inode', 'size=1m,nr_inodes=2', ':', /; remove files there, where most are: (du .*)$/m],
  ])('says what is full where it cannot be written, without %s', async (what, how, fill, remedy) => {
    const kept = '/var/lib/vgen';
    await fleet.ask('a', `mount -t tmpfs -o ${how} tmpfs ${kept}; ${fill} 2>/dev/null >${kept}/filler; true`);
    try {
      for (const words of ['apply --on a', 'lock --on a --message mine']) {
        const { stderr } = await fleet.expect(2, words);
        expect(stderr).toContain(`a: the fleet lock could not be taken: ${kept}/fleet.lock cannot be written: no ${what} `
          + `is left on ${kept} (ENOSPC)`);
        expect(await fleet.ask('a', remedy.exec(stderr)?.[1] ?? 'false')).toContain(kept);
      }
    } finally {
      await fleet.ask('a', `umount ${kept}`);
    }
    expect(await lockFiles()).toEqual(free);
  });

  it('does not hold when it has expired, nor when its holder was here and is dead', async () => {
    const line = (expires: number, machine = 'elsewhere boot pid'): string =>
      ['0123', String(expires), '1', 'ghost', machine, '4000000 1', 'vgen apply', '', ''].join('\t');
    const put = (text: string): Promise<string> => fleet.ask('a', `cat > /var/lib/vgen/fleet.lock <<'E'\n${text}\nE`);
    await put(line(Math.floor(Date.now() / 1000) + 600));
    await fleet.expect(3, 'apply --on a');
    await put(line(Math.floor(Date.now() / 1000) - 1));
    await fleet.build(inventory('', 'expired'));
    await fleet.expect(0, 'apply --on a');
    expect((await fleet.all('cat /etc/motd'))[0]).toBe('expired');
    expect(await lockFiles()).toEqual(free);
  });

  it('goes on where a killed client left off: the lock is taken over, the run on the host is waited for', async () => {
    await fleet.build(inventory('', 'killed'));
    const release = await hold('a');
    const client = fleet.start(['apply', '--on', 'a,b', '--batch', '1']);
    await heard(client, /a: waiting up to|a: .*waiting/);
    client.kill('SIGKILL');
    expect((await lockFiles()).slice(0, 2)).toEqual(['tester', 'tester']);
    const next = fleet.start(['apply', '--json']);
    const end = ended(next);
    await heard(next, /a: a run of vgen is under way there/);
    await release();
    const ran = await end;
    expect(ran.code, ran.text).toBe(0);
    expect(ran.stderr).toMatch(/a was locked by tester .*; that vgen has ended, so its lock is taken over/);
    expect(Object.keys(resultsOf(ran))).toEqual(['a', 'b', 'c']);
    expect(await motds()).toEqual(['killed', 'killed', 'killed']);
    expect(await lockFiles()).toEqual(free);
  }, 120_000);

  it('loses no host whose network goes for a while: the install goes on there, and is followed again', async () => {
    await fleet.build(inventory('', 'cut'));
    // the install takes long over there: one sync of a file system does
    await fleet.ask('b', `printf '#!/bin/sh\\n[ "$1" != -f ] || [ -e /run/slow ] || { touch /run/slow; sleep 25; }\\nexec `
      + `/usr/bin/sync "$@"\\n' > /usr/local/bin/sync; chmod 755 /usr/local/bin/sync`);
    const client = fleet.start(['apply', '--json']);
    const end = ended(client);
    await heard(client, /b: installing/);
    await sleep(3000);
    await fleet.host('b').cut();
    await sleep(18_000);
    const console = await fleet.host('b')
      .console(`for (( i = 0; i < 300; i++ )); do ! grep -q cut /etc/motd || break; sleep 0.1; done; cat /etc/motd`);
    expect(console.stdout, 'without any connection').toBe('cut\n');
    await fleet.host('b').mend();
    const ran = await end;
    expect(ran.code, ran.text).toBe(0);
    expect(resultsOf(ran)).toEqual({ a: 'done', b: 'done', c: 'done' });
    expect(ran.stderr).toMatch(/^b: .*trying again in 1 s/m);
    expect(await lockFiles()).toEqual(free);
  }, 180_000);

  it('is given back at Ctrl-C; no further host is begun, and what runs on is named', async () => {
    await fleet.build(inventory('', 'stopped'));
    const release = await hold('b');
    const client = fleet.start(['apply', '--batch', '1', '--json']);
    const end = ended(client);
    await heard(client, /b: .*waiting/);
    client.kill('SIGINT');
    const ran = await end;
    expect(ran.code, ran.text).toBe(130);
    expect(resultsOf(ran)).toEqual({ a: 'done', b: 'running', c: 'untouched' });
    expect(ran.stderr)
      .toMatch(/stopping: no further host is begun.*\n[^]*it goes on by itself on b; to follow it: vgen apply --batch 1 --json\n/);
    expect(await lockFiles()).toEqual(free);
    await release();
    await fleet.expect(0, 'apply');
    expect(await motds()).toEqual(['stopped', 'stopped', 'stopped']);
  }, 120_000);

  it('ends at once at a second Ctrl-C', async () => {
    await fleet.build(inventory('', 'twice'));
    const release = await hold('a');
    const client = fleet.start(['apply']);
    const end = ended(client);
    await heard(client, /a: .*waiting/);
    client.kill('SIGINT');
    await sleep(5);
    client.kill('SIGINT');
    expect((await end).code).toBe(130);
    await release();
    await fleet.expect(0, 'apply');
    expect(await lockFiles()).toEqual(free);
  }, 120_000);
});
