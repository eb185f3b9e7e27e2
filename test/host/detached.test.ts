// Runs that go on when whoever started them is gone: a dropped connection, a killed follower, a restarted sshd.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, incoming, lack, Machine } from './machine.ts';
import type { Answer } from './machine.ts';

const runs = '/var/log/vgen/runs';

describe.skipIf(lack !== null)(`detached runs (${because})`, { timeout: 300_000 }, () => {
  let machine: Machine;
  const ask = (script: string) => machine.ask(script);
  /** The fixture with another sleep for beat.service, and a service that takes three seconds to come up. */
  const slow = (seconds: number) => machine.tree().edit('etc/systemd/system/beat.service', '100000', `10000${seconds}`)
    .add('etc/systemd/system/slow.service', '[Service]\nType=oneshot\nRemainAfterExit=yes\nExecStart=/bin/sleep 3\n')
    .list('unit slow.service');
  /** Starts a script and answers when the run has begun; `done` is the follower's end. */
  const start = async (script: string): Promise<{ done: Promise<Answer>; run: string }> => {
    const before = await ask(`ls ${runs}`);
    const done = machine.run(`${script} & echo $! > /run/follower; wait $!`);
    const run = await ask(`for (( i = 0; i < 200; i++ )); do
      new=$(ls ${runs} | grep -vxF '${before}' || true); [[ -z $new || ! -s ${runs}/$new/pid ]] || break; sleep 0.05
    done; echo ${runs}/$new`);
    return { done, run };
  };
  const ended = (run: string) => ask(`for (( i = 0; i < 300; i++ )); do
    [[ ! -e ${run}/code ]] || break; sleep 0.1
  done; cat ${run}/code`);

  beforeAll(async () => {
    machine = await Machine.bootWithApps();
  });

  afterAll(() => machine?.stop());

  it('keep their output and exit code for root alone, and pass them on', async () => {
    const { code, stdout } = await machine.run(`${bin}/vgen switch demo`);
    expect(code).toBe(0);
    const last = await ask(`ls -d ${runs}/*-switch-* | tail -n 1`);
    expect(await ask(`cat ${last}/out; cat ${last}/code ${last}/what`)).toBe(`${stdout}\n0\nswitch demo`);
    expect(await ask(`stat -c %a ${runs} ${last}`)).toBe('700\n700');
    const refused = await machine.run(`${bin}/vgen switch nothing 2>&1 >/dev/null`);
    expect(refused.stdout).toContain('error: no app "nothing" on this host');
    expect(refused.code).toBe(2);
  });

  it('take arguments as they are, and of the environment only what is theirs', async () => {
    const id = 'r-$HOME-%n';
    const { code, text } = await machine.run(`cd /root/artifacts; cp v1 'a $PATH %n'; FOREIGN=x SUDO_USER=ada
      export FOREIGN SUDO_USER; ${bin}/vgen deploy demo './a $PATH %n' --release '${id}'`);
    expect(code, text).toBe(2);
    expect(text).toContain(id);
    const good =
      await machine.run(`cd /root/artifacts; SUDO_USER=ada ${bin}/vgen deploy demo './a $PATH %n' --release r8`);
    expect(good.code, good.text).toBe(0);
    expect(await ask('tail -n 1 /var/log/vgen/audit.jsonl')).toContain('"who":"ada","action":"deploy","app":"demo"');
    const { done, run } = await start(`bash -c 'exec 8<>/var/lib/vgen/lock; flock 8
      FOREIGN=x ${bin}/vgen switch demo 8>&- & sleep 3; exec 8>&-; wait'`);
    const names = await ask(`for pid in $(pgrep -f -- 'vgen switch --foreground demo'); do
      tr '\\0' '\\n' < /proc/$pid/environ; done | cut -d = -f 1 | sort -u`);
    expect(names.split('\n')).toContain('SSH_CONNECTION');
    expect(names).not.toContain('FOREIGN');
    await done;
    expect(await ended(run)).toBe('0');
  });

  it('go on when the connection is cut, and tell it afterwards', async () => {
    await machine.push(slow(1));
    const { done, run } = await start(`bash ${incoming}/install.sh`);
    await machine.host.cut();
    expect((await done).code).toBe(255);
    await machine.host.mend();
    expect(await ended(run)).toBe('0');
    const { code, text } = await machine.run(`bash ${incoming}/install.sh --attach`);
    expect(code, text).toBe(0);
    expect(text).toMatch(/the last run: install, at 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ, exit code 0\n/);
    expect(text).toMatch(/file {6}\/etc\/systemd\/system\/beat.service\n[^]*start {5}slow.service\none: \d changes\n/);
    expect((await ask(`cat ${run}/done`)).split('\n'), 'for programs').toEqual([
      'file\t/etc/systemd/system/beat.service', 'file\t/etc/systemd/system/slow.service', 'restart\tbeat.service',
      'start\tslow.service',
    ]);
  });

  it('go on when their follower is killed, or sshd restarts, and are followed again', async () => {
    for (const [seconds, end] of [[2, 'kill -9 $(cat /run/follower)'], [3, 'systemctl restart ssh']] as const) {
      await machine.installed(machine.tree());
      await machine.push(slow(seconds));
      const { done, run } = await start(`bash ${incoming}/install.sh`);
      await machine.host.console(end);
      const { code, text } = await machine.run(`${bin}/vgen switch --attach`);
      expect(code, text).toBe(0);
      expect(text).toMatch(/^under way: install, since 20/m);
      expect(text).toMatch(/one: \d changes\n/);
      expect(await ended(run)).toBe('0');
      await done;
    }
  });

  it('say how to follow them again when somebody presses Ctrl-C', async () => {
    await machine.installed(machine.tree());
    await machine.push(slow(4));
    const { done, run } = await start(`env --default-signal=INT bash ${incoming}/install.sh`);
    await ask('kill -INT $(cat /run/follower)');
    const { text } = await done;
    expect(text)
      .toContain(`it goes on without this terminal; to follow it again: bash ${incoming}/install.sh --attach`);
    expect(await ended(run)).toBe('0');
  });

  it('end with their answer although nobody reads what they print', async () => {
    const { text } = await machine.run(`set -o pipefail; ${bin}/vgen switch demo | true; echo "\${PIPESTATUS[0]}"`);
    expect(text).toBe('0\n');
  });

  it('wait for one another', async () => {
    await machine.installed(machine.tree());
    await machine.push(slow(5));
    const { done } = await start(`bash ${incoming}/install.sh`);
    const second = await machine.run(`VGEN_LOCK_SECONDS=1 ${bin}/vgen switch demo`);
    expect(second.code).toBe(3);
    expect(second.text).toMatch(/waiting up to 1 s for .*install\.sh, process \d+[^]*error: locked for 1 s by/);
    expect((await done).code).toBe(0);
  });

  it('say that they were killed, and are finished by the next one', async () => {
    await machine.installed(machine.tree());
    await machine.push(slow(6));
    const { done, run } = await start(`bash ${incoming}/install.sh`);
    await ask(`systemctl kill --signal=KILL vgen-run-${run.slice(runs.length + 1)}`);
    const { code, text } = await done;
    expect(code).toBe(2);
    expect(text).toMatch(/error: the run was killed; run it again, .*: bash \/.*\/install\.sh.*\n$/);
    const after = await machine.run(`${bin}/vgen switch --attach`);
    expect(after.code).toBe(2);
    expect(after.text).toContain('the last run: install');
    expect((await machine.run(`bash ${incoming}/install.sh`)).code).toBe(0);
  });

  it('keep the last fifty', async () => {
    await ask(`for (( i = 100; i < 180; i++ )); do mkdir ${runs}/20000101T000000Z-switch-$i; done`);
    await ask(`${bin}/vgen switch demo`);
    expect(await ask(`ls ${runs} | wc -l; ls ${runs} | tail -n 1 | grep -o switch`)).toBe('50\nswitch');
  });

  it('run in the terminal with --foreground, and leave no trace there', async () => {
    const before = await ask(`ls ${runs}`);
    expect((await machine.run(`${bin}/vgen switch demo --foreground`)).code).toBe(0);
    expect(await ask(`ls ${runs}`)).toBe(before);
  });

  it('need room, as --foreground does, where all lies on one full disk; what they print shows who has it', async () => {
    const [small, kept, log] = ['/mnt', '/var/lib/vgen', '/var/log/vgen'];
    await ask(`mount -t tmpfs -o size=16m,mode=0755 tmpfs ${small}; mkdir ${small}/kept ${small}/log
      rsync -a --exclude /incoming ${kept}/ ${small}/kept/; rsync -a ${log}/ ${small}/log/
      mount --bind ${small}/kept ${kept}; mount --bind ${small}/log ${log}
      cat /dev/zero >${log}/filler 2>/dev/null; true`);
    try {
      const { code, text } = await machine.run(`${bin}/vgen switch demo`);
      expect([code, text]).toEqual([2, expect.stringContaining(`no space is left on ${log} (ENOSPC); make room there`)]);
      expect(text).not.toMatch(/--foreground|write error/);
      expect(await ask(/du -.*$/m.exec(text)?.[0] ?? 'false')).toContain(`${log}/filler`);
      // the control: it cannot be done in a terminal either
      expect((await machine.run(`${bin}/vgen switch demo --foreground`)).code).not.toBe(0);
      await ask(`rm ${log}/filler; ${bin}/vgen switch demo && ${bin}/vgen switch demo`);
    } finally {
      await ask(`rm -f ${log}/filler; umount ${kept} ${log}
        rsync -a --delete --exclude /incoming ${small}/kept/ ${kept}/; umount ${small}`);
    }
  });

  it('get a session of their own where PID 1 is not systemd', async () => {
    const hidden =
      `unshare --mount bash -c 'umount -l /run/systemd/system 2>/dev/null || mount -t tmpfs none /run/systemd
      exec ${bin}/vgen switch demo'`;
    const { code, text } = await machine.run(hidden);
    expect(code, text).toBe(0);
    expect(text).toContain('proven by 20 answers');
  });
});
