// A lock in a directory that everybody may write to can be made first by anybody, and then root waits for it, refuses
// to work, or hangs where it is a FIFO. A revert that nobody confirmed would not come either.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, lack, Machine } from '../machine.ts';

const places = ['/run/lock/vgen.lock', '/var/lib/vgen/lock', '/tmp/vgen.lock', '/run/vgen.lock'];

describe.skipIf(lack !== null)(`the lock of a host (${because})`, () => {
  let machine: Machine;
  const ask = (script: string): Promise<string> => machine.ask(script);
  /** What an account that is nobody's can do in all places where a lock may be. */
  const squat = (action: string): Promise<string> => ask(`cd /; for place in ${places.join(' ')}; do
    runuser -u nobody -- bash -c '${action}' - "$place" 2>/dev/null || true; done; ls -ld ${places[0]}`);

  beforeAll(async () => {
    machine = await Machine.bootWithApps();
  });
  afterAll(() => machine?.stop());

  it.each([
    ['a file of somebody else\'s', ': >"$1"'], ['a FIFO', 'mkfifo -- "$1"'], ['a directory', 'mkdir -- "$1"'],
    ['a link', 'ln -s /etc/motd "$1"'],
    ['a lock that is held', ': >"$1"; setsid flock "$1" sleep 30 >/dev/null 2>&1 </dev/null & sleep 0.3'],
  ])('is free to root beside %s', async (_, action) => {
    await ask('rm -rf /run/lock/vgen.lock /tmp/vgen.lock');
    // the attack is there: the first of the places could be taken
    expect(await squat(action)).toContain('nobody');
    const before = await machine.slotOf('live');
    const { code, text } = await machine.run(`timeout 60 ${bin}/vgen switch demo`);
    expect(code, text).toBe(0);
    expect(await machine.slotOf('live')).not.toBe(before);
    expect((await machine.run(`timeout 20 ${bin}/vgen status`)).text).toContain('demo');
  });

  it('is root\'s alone, with its directory', async () => {
    expect(await ask('stat -c "%U %a" /var/lib/vgen /var/lib/vgen/lock')).toBe('root 700\nroot 600');
    expect((await machine.run('cd /; runuser -u nobody -- flock /var/lib/vgen/lock true')).code).not.toBe(0);
  });
});
