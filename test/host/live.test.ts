// What is live stays live: an install changes nothing of what a live slot runs with; the switch brings it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, incoming, lack, Machine } from './machine.ts';
import type { Tree } from './tree.ts';

/** All files of a slot that say its port, or its unit. */
const FILES: Readonly<Record<string, readonly string[]>> = {
  demo: ['opt/demo/green/nginx.conf', 'opt/vgen/apps/demo/green.sh', 'etc/supervisor/conf.d/demo-green.conf'],
  tick: ['opt/tick/green/nginx.conf', 'opt/vgen/apps/tick/green.sh', 'etc/systemd/system/tick-green.service'],
};

describe.skipIf(lack !== null)(`what is live (${because})`, () => {
  let machine: Machine;
  const ask = (script: string) => machine.ask(script);
  const get = (port: number) => machine.get(port);
  const code = (port: number) => ask(`curl -s -o /dev/null -m 5 -w '%{http_code}' http://127.0.0.1:${port}/ || true`);

  /** The fixture with both live slots, green, on other ports. */
  const moved = (): Tree => Object.entries({ demo: '20001', tick: '20011' }).reduce((tree, [app, port]) =>
    (FILES[app] ?? []).reduce((one, path) => one.edit(path, port, `${port}`.replace('200', '201')), tree),
  machine.tree());

  /** What a client is answered by both apps, over a new connection each time, while something is done. */
  async function under<T>(work: () => Promise<T>): Promise<T> {
    await ask('rm -f /root/stop /root/codes.*');
    const load = machine.run(`for port in 8000 8010; do
      (until [[ -e /root/stop ]]; do
        curl -s -o /dev/null -m 10 -w '%{http_code} ' http://127.0.0.1:$port/ >> /root/codes.$port; sleep 0.01
      done) &
    done; wait`);
    const done = await work();
    await ask('touch /root/stop');
    await load;
    for (const port of [8000, 8010]) {
      const codes = (await ask(`cat /root/codes.${port}`)).split(' ').filter(Boolean);
      expect(codes.length).toBeGreaterThan(5);
      expect(codes.filter(one => one !== '200'), `of ${port}`).toEqual([]);
    }
    return done;
  }

  beforeAll(async () => {
    machine = await Machine.bootWithApps();
  });

  afterAll(() => machine?.stop());

  it('is lost where what leads to it changes before it does: the control', async () => {
    await ask(`sed -i s/20001/20051/ /opt/demo/green/nginx.conf; systemctl reload nginx; sleep 1`);
    expect(await code(8000)).toBe('502');
    await ask(`sed -i s/20051/20001/ /opt/demo/green/nginx.conf; systemctl reload nginx; sleep 1`);
    expect(await code(8000)).toBe('200');
  });

  it('keeps its port: a tree that gives it to the other slot is refused, and nothing is touched', async () => {
    const exchanged = (FILES['demo'] ?? []).reduce((tree, path) => tree.edit(path, '20001', '20000')
      .edit(path.replaceAll('green', 'blue'), '20000', '20001'), machine.tree());
    const { code: ended, text } = await under(() => machine.install(exchanged));
    expect([ended, text]).toEqual([3, expect.stringContaining(
      'demo/blue: port 20001 is that of demo/green, which keeps it until its switch; give demo/green a third port '
        + 'first, apply, switch; then demo/blue 20001, apply, switch; then demo/green 20000',
    )]);
    // no exchange: green goes elsewhere, and blue to where green was
    const taken = (FILES['demo'] ?? []).reduce((tree, path) => tree.edit(path, '20001', '20003')
      .edit(path.replaceAll('green', 'blue'), '20000', '20001'), machine.tree());
    expect(await machine.install(taken)).toMatchObject({ code: 3, text: expect.stringContaining(
      'demo/blue: port 20001 is that of demo/green, which keeps it until its switch; change ports in two steps: first '
        + 'demo/green alone, then switch, then demo/blue',
    ) as string });
    expect(await machine.installed(machine.tree())).toContain('one: nothing to do');
  });

  it('keeps its port when the inventory gives it another one', async () => {
    const before = await machine.processes();
    const text = await under(() => machine.installed(moved()));
    expect(text).toContain('demo: live slot green keeps its former configuration until the next switch');
    expect(text).toContain('tick: live slot green keeps its former configuration until the next switch');
    expect([await get(8000), await get(8010)]).toEqual(['v1 green hello', 'v1 green hello']);
    expect(await machine.processes()).toBe(before);
    await ask('grep 20001 /opt/demo/green/nginx.conf; grep 20011 /etc/systemd/system/tick-green.service');
    expect((await machine.run(`${bin}/vgen status`)).text).toMatch(/live +green .*former configuration, changed since/);
    expect((await machine.run(`${bin}/vgen status`)).text).not.toMatch(/^drift/m);
    expect(await machine.installed(moved())).toContain('one: nothing to do');
  });

  it('is what it was when its process dies, or its manager starts anew', async () => {
    await ask(`kill -9 $(supervisorctl pid demo-green) $(systemctl show -p MainPID --value tick-green); systemctl daemon-reload
      systemctl restart supervisor
      for port in 8000 8010; do
        for (( i = 0; i < 100; i++ )); do ! curl -sfo /dev/null http://127.0.0.1:$port/ || break; sleep 0.1; done
      done`);
    expect([await get(8000), await get(8010)]).toEqual(['v1 green hello', 'v1 green hello']);
    await ask('ss -Hltn "sport = :20001" | grep -q .; ss -Hltn "sport = :20011" | grep -q .');
  });

  it('is what it was after another install, and a rollback of the host', async () => {
    expect(await under(() => machine.installed(moved().add('etc/motd', 'more\n')))).toContain('/etc/motd');
    await ask('grep 20001 /opt/demo/green/nginx.conf');
    await under(() => ask(`${bin}/vgen rollback --host 1`));
    expect((await machine.run(`${bin}/vgen status`)).text).not.toContain('former configuration');
    expect(await machine.installed(moved())).not.toMatch(/^(re|file.*green)/m);
    await ask('grep 20001 /opt/demo/green/nginx.conf');
  });

  it('puts an install back after which it does not answer as before', async () => {
    const broken = moved().edit('etc/nginx/nginx.conf', '/opt/demo/live/nginx.sock', '/opt/demo/nothing/nginx.sock');
    const { code: ended, text } = await machine.install(broken);
    expect(text).toMatch(/error: demo: live \(green\) does not answer as before: it answered/);
    expect(ended).toBe(1);
    // nginx's former workers answer for some 100 ms after a reload
    await expect.poll(async () => [await get(8000), await get(8010)], { timeout: 5000 })
      .toEqual(['v1 green hello', 'v1 green hello']);
    expect(await machine.installed(moved())).toContain('one: nothing to do');
  });

  it('is told as a failure where it is down, whoever is to blame', async () => {
    const process = '$(systemctl show -p MainPID --value tick-green)';
    await ask(`kill -STOP ${process}`);
    const { code: ended, text } = await machine.install(moved());
    await ask(`kill -CONT ${process}`);
    expect([ended, text]).toEqual([2, expect.stringContaining('tick: live (green) does not answer')]);
  });

  it('takes the other port once it is not live any more, and no request fails', async () => {
    const text = await under(async () => [await ask(`${bin}/vgen switch demo`), await ask(`${bin}/vgen switch tick`)]);
    expect(text.join('\n')).toMatch(/demo: live is blue[^]*restart +demo\/green[^]*restart +tick\/green/);
    expect([await get(8000), await get(8001)]).toEqual(['v2 blue hello', 'v1 green hello']);
    expect([await get(8010), await get(8011)]).toEqual(['v2 blue hello', 'v1 green hello']);
    await ask('ss -Hltn "sport = :20101" | grep -q .; ss -Hltn "sport = :20111" | grep -q .');
    expect(await ask('ss -Hltn "sport = :20001 or sport = :20011"')).toBe('');
    expect(await machine.installed(moved())).toContain('one: nothing to do');
    expect((await machine.run(`${bin}/vgen status`)).text).not.toContain('former configuration');
    await under(async () => [await ask(`${bin}/vgen switch demo`), await ask(`${bin}/vgen switch tick`)]);
  }, 180_000);

  /** Installs other ports for both next slots, blue, and kills that once the first of them runs with its own. */
  async function cutShort(tens: number): Promise<void> {
    const paths = Object.values(FILES).flat().map(path => path.replaceAll('green', 'blue'));
    await machine.push(paths.reduce((tree, path) => path.includes('demo') ? tree.edit(path, '20000', `203${tens}0`)
      : tree.edit(path, '20010', `203${tens}1`), moved()));
    await ask(`setsid bash ${incoming}/install.sh --order 100 --foreground >/root/cut 2>&1 & pid=$!
      for (( i = 0; i < 600; i++ )); do ! grep -q '^restart.*demo/blue' /root/cut || break; sleep 0.1; done
      sleep 0.5; kill -9 -- -$pid; wait $pid || true
      [[ -e /var/lib/vgen/journal ]] || { cat /root/cut; exit 1; }`);
    await ask(`ss -Hltn "sport = :203${tens}0" | grep -q .`);
    expect(await machine.run(`${bin}/vgen status`)).toMatchObject(
      { code: 1, text: expect.stringContaining('an install was cut short: "vgen apply" finishes it') as string },
    );
    expect((await machine.run(`${bin}/vgen status --json`)).text).toContain('"good":false');
  }

  it('never is next as an install that was cut short left it', async () => {
    expect(await machine.slotOf('live')).toBe('green');
    await cutShort(1);
    expect(await under(() => ask(`${bin}/vgen switch demo 2>&1`)))
      .toMatch(/an install was cut short[^]*put back[^]*restart +demo\/blue[^]*demo: live is blue/);
    await ask('ss -Hltn "sport = :20000" | grep -q .; grep 20000 /opt/demo/blue/nginx.conf; [[ ! -e /var/lib/vgen/journal ]]');
    expect([await get(8000), await get(8010)]).toEqual(['v2 blue hello', 'v1 green hello']);
    expect((await machine.run(`${bin}/vgen status`)).text).not.toMatch(/cut short|under way/);
    await under(() => ask(`${bin}/vgen switch demo`));
  }, 180_000);

  it('never is that either after what it left was put back by hand', async () => {
    await cutShort(2);
    expect(await ask(`${bin}/vgen recover`)).toContain('put back');
    expect(await under(() => ask(`${bin}/vgen switch demo 2>&1`))).toContain('demo: live is blue');
    await ask('ss -Hltn "sport = :20000" | grep -q .; [[ ! -e /var/lib/vgen/pending-actions ]]');
    expect(await get(8000)).toBe('v2 blue hello');
    await under(() => ask(`${bin}/vgen switch demo`));
  }, 180_000);

  it('stays where an install was cut short that cannot be put back', async () => {
    await ask(`echo nonsense >/var/lib/vgen/journal`);
    for (const words of ['switch demo', 'rollback demo', 'deploy demo /root/artifacts/v1']) {
      const { code: ended, text } = await machine.run(`${bin}/vgen ${words}`);
      expect([ended, text]).toEqual([3, expect.stringContaining('an install was cut short, and nothing goes live')]);
    }
    await ask('rm /var/lib/vgen/journal');
    expect([await machine.slotOf('live'), await get(8000)]).toEqual(['green', 'v1 green hello']);
  }, 180_000);

  it('is told as a failure, with the way back, where what waited for the switch ends it', async () => {
    await machine.installed((FILES['demo'] ?? []).reduce((tree, path) => tree.edit(path, '20101', '20401'), moved()));
    const script = await ask('ls -d /var/lib/vgen/generations/*/install.sh | sort -V | tail -n 1');
    await ask(`cp -a ${script} /root/install.sh; echo 'systemctl stop nginx; exit 1' >${script}`);
    const { code: ended, text } = await machine.run(`${bin}/vgen switch demo`);
    await ask(`cp -a /root/install.sh ${script}; systemctl start nginx`);
    expect(text).toMatch(/demo: live \(blue\) does not answer since .*"vgen switch demo" goes back/);
    expect(ended).toBe(2);
    await ask(`${bin}/vgen switch demo`);
    expect(await machine.installed(moved())).not.toContain('error');
    await ask(`${bin}/vgen switch demo && ${bin}/vgen switch demo`);
  }, 180_000);

  it('keeps its port when an earlier engine had installed it, which knew of no files of slots', async () => {
    // what such an engine left: both slots in the app's file, a record of six columns
    await ask(`cd /opt/vgen/apps; for app in demo tick; do
        ( . ./$app/blue.sh; unit=$slot_unit port=$slot_port; . ./$app/green.sh
          printf '%s\\n' "runtime=$slot_runtime" "health=$slot_health" "units=($unit $slot_unit)" "ports=($port $slot_port)" >>$app.sh )
        rm -r $app
      done
      cut -f 1-6 /var/lib/vgen/installed.tsv | grep -v -e /opt/vgen/apps/demo/ -e /opt/vgen/apps/tick/ >/root/record
      for app in demo tick; do
        sum=$(sha256sum <$app.sh | cut -d ' ' -f 1)
        sed -i -E "s|^(file\\t/opt/vgen/apps/$app.sh\\t)[^\\t]*|\\1$sum|" /root/record
      done
      install -m 0600 /root/record /var/lib/vgen/installed.tsv`);
    const [demo, tick] = [await get(8000), await get(8010)];
    const before = await machine.processes();
    const away = Object.values(FILES).flat().reduce((tree, path) =>
      tree.edit(path, path.includes('demo') ? '20001' : '20011', path.includes('demo') ? '20201' : '20211'), machine.tree());
    const text = await under(() => machine.installed(away));
    expect(text).toContain('demo: live slot green keeps its former configuration until the next switch');
    expect([await get(8000), await get(8010)]).toEqual([demo, tick]);
    expect(await machine.processes()).toBe(before);
    expect(await machine.installed(away)).toContain('one: nothing to do');
    await under(async () => [await ask(`${bin}/vgen switch demo`), await ask(`${bin}/vgen switch tick`)]);
    await ask('ss -Hltn "sport = :20201" | grep -q .; ss -Hltn "sport = :20211" | grep -q .');
    expect((await machine.run(`${bin}/vgen status`)).text).not.toContain('former configuration');
  });
});
