// Scripts killed at any moment, and a host without power: what comes after has to end where it would have ended.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, incoming, lack, Machine } from './machine.ts';

describe.skipIf(lack !== null)(`crashes on a host that serves (${because})`, () => {
  let machine: Machine;
  const ask = (script: string) => machine.ask(script);

  beforeAll(async () => {
    machine = await Machine.bootWithApps('v3');
  });

  afterAll(() => machine?.stop());

  it.each([200, 400, 700, 1000, 1500, 2200])('an install killed after %i ms forgets no restart', async after => {
    const tree = machine.tree().edit('etc/systemd/system/beat.service', '100000', `30${after}`)
      .edit('etc/nginx/nginx.conf', 'proxy_read_timeout 60s', `proxy_read_timeout ${after}s`)
      .edit('etc/supervisor/secrets.conf', '"hello"', `"hello${after}"`);
    await machine.push(tree);
    await machine.kill(`bash ${incoming}/install.sh`, after);
    const { code, text } = await machine.run(`bash ${incoming}/install.sh`);
    expect(code, text).toBe(0);
    const beat = await ask(`tr '\\0' ' ' < /proc/$(systemctl show --property MainPID --value beat)/cmdline`);
    expect(beat).toBe(`/bin/sleep 30${after}`);
    await ask(`cmp ${incoming}/etc/nginx/nginx.conf /etc/nginx/nginx.conf`);
    expect(await machine.get(8001)).toBe(`v2 blue hello${after}`);
    expect(await machine.get(8000)).toMatch(/^v1 green/);
    expect(await ask(`bash ${incoming}/install.sh`)).toContain('one: nothing to do');
  });

  it.each([100, 300, 700, 1500])('a deploy killed after %i ms leaves live alone', async after => {
    await machine.kill(`${bin}/vgen deploy demo /root/artifacts/v3 --release k${after}`, after);
    expect(await machine.get(8000)).toMatch(/^v1 green/);
  });

  it('a deploy works after those', async () => {
    await ask(`${bin}/vgen deploy demo /root/artifacts/v3 --release r3`);
    expect(await ask('ls -A /opt/demo/releases')).not.toContain('.new');
    expect(await machine.get(8001)).toMatch(/^v3 blue/);
  });

  it.each([20, 50, 80, 110, 140, 170])('a switch killed after %i ms leaves a sound pair', async after => {
    await machine.kill(`${bin}/vgen switch demo`, after);
    await ask(`${bin}/vgen switch demo`);
    expect(new Set([await machine.slotOf('live'), await machine.slotOf('next')])).toEqual(new Set(['blue', 'green']));
    expect(await ask('tail -n 1 /var/lib/vgen/apps/demo/history | cut -f 3')).toBe(await machine.slotOf('live'));
  });

  it('a power loss: everything comes back by itself', async () => {
    const versions = () =>
      Promise.all([8000, 8001, 8010, 8011].map(async port => (await machine.get(port)).split(' ', 2)));
    const before = await versions();
    await machine.host.powerOff();
    await machine.host.boot();
    const good = await ask(`for (( i = 0; i < 30; i++ )); do
      good=$(${bin}/vgen status | grep -c -e ' healthy' -e ' active (running)' || true)
      (( good < 8 )) || break
      sleep 0.5
    done; echo $good`);
    expect(good, 'four slots and four units').toBe('8');
    expect(await versions()).toEqual(before);
  });
});
