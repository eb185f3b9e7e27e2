// Power lost right after a promise, on a disk that loses what was not synced (src/rehearse/own-disk.ts: the file system
// is shut down without its journal being flushed, then mounted anew): what vgen said is done is there after the boot.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dice, full } from '../draw.ts';
import { because, bin, incoming, lack, Machine } from './machine.ts';

const count = full ? 20 : 4;
const roll = dice('power');
/** Seconds from the promise to the loss: 0, then drawn up to 5, before which ext4 writes its journal by itself. */
const delays = Array.from({ length: count }, (_, index) => index === 0 ? 0 : Number((0.1 + roll() * 4.9).toFixed(1)));

describe.skipIf(lack !== null)(`power lost after a promise (${because})`, () => {
  let machine: Machine;
  const ask = (script: string) => machine.ask(script);
  const lose = async (seconds: number) => {
    await new Promise(resolve => setTimeout(resolve, seconds * 1000));
    await machine.host.powerOff();
    await machine.host.boot();
  };
  const live = () => ask('basename "$(readlink -f /opt/demo/live/release)"');
  /** What nginx serves, once what boots has booted. */
  const served = () => ask(`for (( i = 0; i < 100; i++ )); do
    answer=$(curl -sf -m 5 http://127.0.0.1:8000/) && break
    sleep 0.1
  done; echo "\${answer%% *}"`);

  beforeAll(async () => {
    machine = await Machine.bootOnOwnDisk('v3', 'v4');
    await ask('sync');
  });

  afterAll(() => machine?.stop());

  it('loses what nobody synced', async () => {
    await ask('echo kept >/root/kept; sync /root/kept /root; echo lost >/root/lost');
    await lose(0);
    expect(await ask('cat /root/kept; ls /root/lost 2>&1 || true')).toMatch(/^kept\n.*No such file/);
  });

  it('costs a switch some milliseconds', async () => {
    // what a switch syncs, in its three steps; the rest of it takes some hundred
    const cost = await ask(`cd /var/lib/vgen/apps/demo; from=$(date +%s%N)
      for (( i = 0; i < 20; i++ )); do
        echo >>/root/line; sync /root/line /root
        touch /opt/demo/line; sync /opt/demo /opt/demo/blue . history
        rm -f /opt/demo/line; sync .
      done
      echo $(( ($(date +%s%N) - from) / 20000000 ))`);
    console.log(`the syncs of one switch take ${cost} ms on a disk of its own`);
    expect(Number(cost)).toBeGreaterThanOrEqual(0);
  });

  it.each(delays)('%d s after a proven switch', async seconds => {
    const version = await served() === 'v3' ? 'v4' : 'v3';
    const id = `${version}-${Math.round(seconds * 10)}`;
    await ask(`${bin}/vgen deploy demo /root/artifacts/${version} --release ${id} && ${bin}/vgen switch demo`);
    await lose(seconds);
    expect(await live()).toBe(id);
    expect(await served()).toBe(version);
    expect(await ask('cut -f 2- /var/lib/vgen/apps/demo/history | tail -n 1; ls /var/lib/vgen/apps/demo'))
      .toMatch(new RegExp(`^switch\t(blue|green)\t${id}\n(?!.*switching)`));
    expect(await ask(`${bin}/vgen deploy demo /root/artifacts/${version} --release ${id} 2>&1`))
      .toContain(`release ${id} is here already`);
  });

  it('after a rollback: it is not done again by the next one', async () => {
    const left = await live();
    await ask(`${bin}/vgen rollback demo`);
    const target = await live();
    await lose(0);
    expect(await live()).toBe(target);
    expect(await ask(`ls /var/lib/vgen/apps/demo/bad`)).toContain(left);
    // there is no release further back
    expect((await machine.run(`${bin}/vgen rollback demo`)).text).toContain('nothing to roll back to');
  });

  it('after an install: it is not put back', async () => {
    await machine.installed(machine.tree().add('etc/motd', 'of the second tree\n'));
    await lose(0);
    expect(await ask('cat /etc/motd')).toBe('of the second tree');
    expect(await ask(`${bin}/vgen status --json || true`)).toMatch(/"generation":2,.*"unfinished":false/);
    expect((await machine.run(`bash ${incoming}/install.sh`)).text).toContain('one: nothing to do');
  });

  it('in the middle of a swap: the boot puts it back, before anything reads the files', async () => {
    const paths = '/etc/{motd,nginx/nginx.conf,redis/redis.conf,systemd/system/beat.service,only} /opt/vgen/lib/*.sh';
    const sums = () => ask(`cd /; shopt -s nullglob; sha256sum ${paths} 2>&1 || true`);
    // /run is empty after the boot
    const stopAt = (path: string) => ask(`printf '%s\\n' '#!/bin/bash' 'for last; do :; done' \
      'if [[ -e /run/stop && $last == ${path} ]]; then : >/run/stopped; sleep 1000; fi' 'exec /usr/bin/mv "$@"' >/usr/local/sbin/mv
      chmod +x /usr/local/sbin/mv; touch /run/stop`);
    for (const path of ['/etc/systemd/system/beat.service', '/opt/vgen/lib/release.sh', '/var/lib/vgen/former/journal']) {
      const before = await sums();
      const processes = await ask('readlink /etc/systemd/system/multi-user.target.wants/only.service || true');
      await machine.push(machine.tree().add('etc/motd', `of a tree that stops at ${path}\n`)
        .edit('etc/nginx/nginx.conf', 'access_log off;', `access_log off;\n    add_header X-Tree ${path.length};`)
        .edit('etc/redis/redis.conf', 'daemonize no', 'daemonize no\nmaxclients 321')
        .edit('etc/systemd/system/beat.service', '100000', '4321')
        .edit('opt/vgen/lib/core.sh', '# Core: what', '# Core: that').edit('opt/vgen/lib/state.sh', '# State:', '# state:')
        .edit('opt/vgen/lib/release.sh', '# Release:', '# release:')
        .add('etc/systemd/system/only.service', '[Service]\nExecStart=/bin/sleep 9999\n[Install]\nWantedBy=multi-user.target\n')
        .list('unit only.service'));
      await stopAt(path);
      const run = machine.run(`bash ${incoming}/install.sh --order 9${path.length}`).catch(() => undefined);
      await ask('until [[ -e /run/stopped ]]; do sleep 0.05; done');
      expect(await sums(), path).not.toBe(before);
      await lose(0);
      await run;
      expect(await sums(), path).toBe(before);
      expect(await ask(`readlink /etc/systemd/system/multi-user.target.wants/only.service || true
        ls /var/lib/vgen/journal /var/lib/vgen/pending-actions 2>/dev/null || true`)).toBe(processes);
      expect(await ask('systemctl show --property Result,ActiveState --value vgen-recover; systemctl is-active nginx beat'))
        .toBe('success\ninactive\nactive\nactive');
      expect(await served()).toMatch(/^v\d$/);
      const number = await ask("tail -n 1 /var/lib/vgen/generations.tsv | cut -f 1");
      expect((await machine.run(`bash /var/lib/vgen/generations/${number}/install.sh`)).text)
        .toContain('one: nothing to do');
    }
  }, 300_000);

  it('in the middle of a deploy: a release without its line is taken over, or made anew', async () => {
    const list = '/var/lib/vgen/apps/demo/releases';
    const deploy = () => ask(`${bin}/vgen deploy demo /root/artifacts/v3 --release cut 2>&1`);
    const forget = (more: string) => ask(`sed -i '/\\tcut\\t/d' ${list}; ${more}`);
    await deploy();
    await forget('true');
    expect(await deploy()).toContain('release cut is here already');
    expect(await ask(`grep -c cut ${list}`)).toBe('1');
    await forget(`supervisorctl stop "demo-$(readlink /opt/demo/next)"; : >/opt/demo/releases/cut/demo`);
    await deploy();
    expect(await ask(`cmp /root/artifacts/v3 /opt/demo/releases/cut/demo; ls -A /opt/demo/releases | grep -c new`
      + ' || true')).toBe('0');
    await ask(`${bin}/vgen switch demo`);
    await forget(': >/opt/demo/releases/cut/demo');
    expect((await machine.run(`${bin}/vgen deploy demo /root/artifacts/v3 --release cut`)).text)
      .toContain('release cut is here already, with other content');
  });
});
