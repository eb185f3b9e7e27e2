// A run on a host outlives the connection over which it was begun, and is followed further.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { act, type Following } from '../../src/fleet/apply/action.ts';
import { Session, type Connection } from '../../src/fleet/connect/ssh.ts';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { because, lack } from './fixture.ts';

describe.skipIf(lack !== null)(`following a run on a host (${because})`, () => {
  let fleet: Fleet;
  let session: Session;
  let host: RehearsalHost;
  let connection: Connection;

  /**
   * Begins a run as vgen's scripts do, detached, with its output and code in a directory of its own, and follows it.
   */
  const script = `d=/var/log/vgen/runs/$(date +%s%N)-test-$$; mkdir -p "$d"
worker='mkdir -p -m 0700 /var/lib/vgen; exec 9>>/var/lib/vgen/lock; flock 9; for i in $(seq 1 "$2"); do echo "line $i"; sleep 0.5; done >"$1/out"; echo "error: as asked" >"$1/err"; echo 7 >"$1/code.new"; mv "$1/code.new" "$1/code"'
: > "$d/out"; : > "$d/err"
setsid bash -c "$worker" worker "$d" "$1" </dev/null >/dev/null 2>&1 &
tail -n +1 -f "$d/out" & reader=$!
until [ -e "$d/code" ]; do sleep 0.1; done
sleep 0.3; kill $reader; cat "$d/err" >&2; exit "$(cat "$d/code")"`;

  beforeAll(async () => {
    fleet = await bootFleet({ hosts: [{ name: 'one', addresses: ['10.9.2.1'] }] });
    host = fleet.hosts.get('one') as RehearsalHost;
    await host.run('cat > /root/run.sh', { stdin: script });
    session = new Session(fleet.sshConfig);
    connection = session.connect({
      name: 'one', destination: 'one', address: null, user: null, port: null, hostKey: null, jump: null,
    });
  });
  afterAll(async () => {
    await session?.close();
    await fleet?.stop();
  });

  const heard = (signal = new AbortController().signal): Following & { lines: string[] } => {
    const lines: string[] = [];
    return { lines, signal, say: line => void lines.push(line) };
  };
  const begun = async (lines: readonly string[]): Promise<void> => {
    for (let i = 0; i < 200 && !lines.includes('line 2'); i++) await sleep(50);
    expect(lines).toContain('line 2');
  };

  it('tells its lines, its code and why', async () => {
    const following = heard();
    expect(await act(connection, ['bash', '/root/run.sh', '2'], following))
      .toEqual({ code: 7, why: 'as asked', lost: null });
    expect(following.lines).toEqual(expect.arrayContaining(['line 1', 'line 2', 'error: as asked']));
    expect(following.lines.join()).not.toContain('@before');
  });

  it('goes on when the network is gone for a while', async () => {
    const following = heard();
    const acted = act(connection, ['bash', '/root/run.sh', '40'], following);
    await begun(following.lines);
    await host.cut();
    await sleep(12_000);
    await host.mend();
    const result = await acted;
    expect(result, following.lines.join('\n')).toEqual({ code: 7, why: 'as asked', lost: null });
    expect(following.lines.join('\n')).toMatch(/trying again in 1 s/);
    expect(following.lines).toEqual(expect.arrayContaining(['line 1', 'line 40']));
  }, 120_000);

  it('says to the host what it is told to say after a break', async () => {
    const following = heard();
    const acted = act(connection, ['bash', '/root/run.sh', '30'], following, ['sh', '-c', 'echo resumed; exit 3']);
    await begun(following.lines);
    await connection.close();
    expect(await acted).toEqual({ code: 3, why: 'resumed', lost: null });
    await host.run('while ! flock -n /var/lib/vgen/lock true; do sleep 0.2; done');
  }, 60_000);

  it('begins once more what had not begun', async () => {
    const following = heard();
    const acted = act(connection, [
      'sh', '-c', 'test -e /run/second && echo done && exit 0; touch /run/second; echo line 2; sleep 30',
    ], following);
    await begun(following.lines);
    await connection.close();
    expect(await acted).toEqual({ code: 0, why: '', lost: null });
    expect(following.lines).toContain('done');
  }, 60_000);

  it('says when the host was restarted under it', async () => {
    const following = heard();
    const acted = act(connection, ['bash', '/root/run.sh', '100'], following);
    await begun(following.lines);
    await host.powerOff();
    await host.boot();
    expect(await acted).toMatchObject({ code: 2, why: 'the run ended without a result; was the host restarted?' });
  }, 120_000);

  it('is left to itself when it shall stop', async () => {
    const stop = new AbortController();
    const following = heard(stop.signal);
    const acted = act(connection, ['bash', '/root/run.sh', '10'], following);
    await begun(following.lines);
    stop.abort();
    expect(await acted).toEqual({ code: null, why: 'left to itself', lost: 'left' });
    await host.run('while ! flock -n /var/lib/vgen/lock true; do sleep 0.2; done');
    expect((await host.run('cat /var/log/vgen/runs/*/code | tail -n 1')).stdout.trim()).toBe('7');
  }, 60_000);
});
