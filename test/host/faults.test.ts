// Faults on a host that serves: each is injected under a light load, has to be refused or survived in clear words
// without a failed request, and the next good run has to end where it would have ended without the fault.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, incoming, key, lack, Machine, password } from './machine.ts';
import type { Answer } from './machine.ts';
import type { Tree } from './tree.ts';

/** Two clients, each with a connection per request, until /root/stop is there; one code per line in /root/codes. */
const load = `rm -f /root/stop /root/codes; for port in 8000 8010; do
  (until [[ -e /root/stop ]]; do
    curl -s -o /dev/null -m 10 -w '%{http_code}\\n' http://127.0.0.1:$port/ >>/root/codes || true
    sleep 0.02
  done) >/dev/null 2>&1 </dev/null &
done`;

/** What the other files of this folder inject. */
const elsewhere = [
  ['nginx cannot bind a port', 'nginx.service did not take its new files', 'changes.test.ts'],
  ['service dies with its file', 'beat.service ended right after its start', 'changes.test.ts'],
  ['supervisor, systemd, redis, bash refuse', '… refuses …, with place, without secret', 'changes.test.ts'],
  ['tree that came over in part', 'this tree is not what its SHA256SUMS says', 'install.test.ts'],
  ['kill in the middle of dpkg', '(none: it was killed)', 'install.test.ts'],
  ['tree of another host', 'this machine is one, the tree is for two', 'install.test.ts'],
  ['switch that nginx does not prove', 'did not prove itself on', 'deploy.test.ts'],
  ['kill -9 at any step', '(none: it was killed)', 'matrix.test.ts'],
];

describe.skipIf(lack !== null)(`faults on a host that serves (${because})`, () => {
  let machine: Machine;
  let order = 0;
  const rows: string[][] = [];
  const ask = (script: string) => machine.ask(script);
  const deploy = (file: string, app = 'demo') => machine.run(`${bin}/vgen deploy ${app} /root/artifacts/${file}`);
  const versions = async () => [await machine.get(8000), await machine.get(8010)];

  /** A tree that no run before had, and that a host can be asked for. */
  const fresh = () => {
    order++;
    return machine.tree().edit('etc/nginx/nginx.conf', 'worker_connections 1024', `worker_connections ${1024 + order}`);
  };
  const command = () => `bash ${incoming}/install.sh --order ${order}`;
  const install = async (tree: Tree) => {
    await machine.push(tree);
    return machine.run(command());
  };

  /** The same tree without the fault goes through, and leaves nothing to do. */
  const converges = async (tree: Tree) => {
    const { code, text } = await install(tree);
    expect(code, text).toBe(0);
    expect(await ask(`grep -c 'worker_connections ${1024 + order};' /etc/nginx/nginx.conf`)).toBe('1');
    expect((await machine.run(command())).text).toContain('one: nothing to do');
    expect(await ask('systemctl is-active nginx redis-server supervisor beat | sort -u')).toBe('active');
  };

  /** Runs what meets the fault under load; it must end with `code`, say all `words`, and fail no request. */
  const meets = async (name: string, act: () => Promise<Answer>, code: number | null, ...words: string[]) => {
    const before = await versions();
    await ask(load);
    const answer = await act();
    await ask('touch /root/stop; sleep 0.3');
    expect(answer.code, answer.text).toBe(code);
    for (const word of words) expect(answer.text).toContain(word);
    expect(await versions()).toEqual(before);
    const codes = (await ask('cat /root/codes')).split('\n');
    expect(codes.length).toBeGreaterThan(5);
    expect(codes.filter(one => one !== '200')).toEqual([]);
    const line = answer.text.split('\n').find(text => text.includes(words[0] ?? '\0')) ?? '(none)';
    rows.push([name, line.trim().slice(0, 110), `exit ${code}, 0 of ${codes.length} requests failed`]);
    return answer;
  };

  beforeAll(async () => {
    machine = await Machine.bootWithApps('v3', 'sick', 'dead', 'brief');
  });

  afterAll(async () => {
    await machine?.stop();
    if (rows.length === 0) return;
    const table = [['fault', 'message', 'outcome'], ...rows, ...elsewhere];
    console.log(table.map(row => row.map((cell, i) => cell.padEnd([40, 112, 0][i] ?? 0)).join(' ')).join('\n'));
  });

  describe('of an app', () => {
    /** The next good release gets into next. */
    const recovers = async (app = 'demo') => {
      const { code, text } = await deploy(app === 'demo' ? 'v3' : 'v3.d', app);
      expect(code, text).toBe(0);
      expect(await machine.get(app === 'demo' ? 8001 : 8011)).toMatch(/^v3 blue/);
    };

    it('never gets healthy', async () => {
      await meets('app never healthy', () => deploy('sick'), 1, 'blue is not healthy after', 'HTTP 500', 'sick starts');
      await recovers();
    });

    it('ends at once', async () => {
      await meets('app ends at once', () => deploy('dead'), 1, 'blue is not healthy after', 'cannot go on');
      await recovers();
    });

    it.each(['demo', 'tick'])('%s dies after two seconds', async app => {
      // With what an inventory has by default; the other tests ask for less, to be quick.
      const data = `/opt/vgen/apps/${app}.sh`;
      await ask(`cp ${data} /root/data; sed -i 's/^steady_seconds=.*/steady_seconds=3/; `
        + `s/^health_s.*/health_seconds=30/' ${data}`);
      const file = app === 'demo' ? 'brief' : 'brief.d';
      try {
        await meets(`app dies after 2 s (${app})`, () =>
          deploy(file, app), 1, 'does not stay up, it ended', 'out of memory');
        await meets(`switch to that (${app})`, () =>
          machine.run(`${bin}/vgen switch ${app}`), 1, 'the next slot blue is not healthy');
      } finally {
        await ask(`cat /root/data >${data}`);
      }
      await recovers(app);
    });

    it('is for another kind of machine', async () => {
      await ask(`printf '\\x7fELF\\x02\\x01\\x01%09d\\x02\\x00\\xb7\\x00' 0 | tr 0 '\\0' >/root/artifacts/arm`);
      await meets('artifact of another machine', () =>
        deploy('arm'), 1, 'demo is for another kind of machine than x86_64');
      await recovers();
    });

    it('finds its port taken', async () => {
      await ask(`supervisorctl stop demo-blue; until ! ss -Hltn 'sport = :20000' | grep -q .; do sleep 0.1; done
        systemd-run --quiet --unit squatter python3 -m http.server --bind 127.0.0.1 20000
        until ss -Hltn 'sport = :20000' | grep -q .; do sleep 0.1; done`);
      await meets('port taken by another process', () =>
        deploy('v3'), 1, 'port 20000 is held by "python3"', 'although blue is stopped');
      await ask('systemctl is-active squatter && systemctl stop squatter');
      await recovers();
    });
  });

  describe('of a tree', () => {
    it('has a broken vhost of one app', async () => {
      const good = fresh();
      const bad = fresh().edit('etc/nginx/conf.d/tick.conf', 'proxy_read_timeout 60s', 'proxy_read_timeout sixty');
      await meets(
        'broken vhost of another app', () => install(bad), 1, 'in /etc/nginx/conf.d/tick.conf:14', 'nginx refuses',
        'nothing was changed',
      );
      order++;
      await converges(good.edit(
        'etc/nginx/nginx.conf', `worker_connections ${1024 + order - 2}`, `worker_connections ${1024 + order}`,
      ));
    });

    it.each<[string, (tree: Tree) => Tree, number, string[]]>([
      [
        'nginx -t fails', tree => tree.edit('etc/nginx/nginx.conf', 'http://demo-blue;', 'http://demo-blau;'), 1,
        ['host not found in upstream "demo-blau" in /etc/nginx/nginx.conf', 'nginx refuses', 'nothing was changed'],
      ], [
        'a package that no source has', tree => tree.list('package no-such-server'), 2,
        ['no package source of this host has no-such-server'],
      ], [
        'a unit that does not come back', tree => tree.edit('etc/redis/redis.conf', 'bind 127.0.0.1', 'bind 192.0.2.1'),
        1,
        ['redis-server.service', 'put back', 'nothing was changed'],
      ],
    ])('%s', async (name, spoil, code, words) => {
      await meets(name, () => install(spoil(fresh())), code, ...words);
      expect(await ask(`REDISCLI_AUTH=${password} redis-cli ping`)).toBe('PONG');
      await converges(fresh());
    });
  });

  describe('of secrets', () => {
    it.each([
      ['secret missing', 'mv $secret /root/kept', 'missing in /etc/vgen/secrets: demoKey'],
      ['secret empty', 'cp -p $secret /root/kept; : >$secret', 'missing in /etc/vgen/secrets: demoKey'],
      ['secret of one line break', 'cp -p $secret /root/kept; echo >$secret', 'secret "demoKey" is empty'],
      ['secret that cannot be read', 'mv $secret /root/kept; mkdir $secret', 'missing in /etc/vgen/secrets: demoKey'],
    ])('%s', async (name, spoil, word) => {
      await ask(`secret=/etc/vgen/secrets/demoKey; ${spoil}`);
      await meets(name, () => install(fresh()), 2, word, 'install -m 0600 /dev/stdin /etc/vgen/secrets/demoKey');
      await ask('rm -rf /etc/vgen/secrets/demoKey; mv /root/kept /etc/vgen/secrets/demoKey');
      await converges(fresh());
      expect(machine.heard.join('\n')).not.toContain(key);
    });
  });

  describe('of a full disk', () => {
    it('while files are staged', async () => {
      await ask('mkdir -p /opt/small; mount -t tmpfs -o mode=755,size=64k tmpfs /opt/small');
      const big = () => install(fresh().add('opt/small/file', 'x'.repeat(200_000)));
      await meets('disk full while staging', big, 2, '/opt/small/file cannot be made ready', 'No space left on device');
      expect(await ask('find /opt/small -mindepth 1')).toBe('');
      await converges(fresh().add('opt/small/file', 'x'.repeat(2000)));
      await ask('umount /opt/small');
    });

    it.each([['space', 'size=16k', 'cat /dev/zero'], ['inode', 'size=1m,nr_inodes=2', ':']])(
      'where runs are written down, without %s', async (lack, how, fill) => {
      const runs = '/var/log/vgen/runs';
      await ask(`mount -t tmpfs -o mode=755,${how} tmpfs ${runs}; ${fill} 2>/dev/null >${runs}/filler; true`);
      await meets(`no ${lack} for a run`, () => machine.run(`${bin}/vgen switch demo; code=$?; sleep 1; exit $code`), 2,
        `no ${lack} is left on ${runs} (ENOSPC)`, `bash ${bin}/vgen switch demo --foreground`);
      await ask(`umount ${runs}`);
    });

    // With room for a part of what it keeps, it stops in the middle of staging or saving.
    it.each([0, 8, 64, 800])('with %i KiB left for what vgen keeps', async left => {
      const [small, kept, tree] = ['/mnt', '/var/lib/vgen', '/root/tree'];
      const sized = (text: string) => fresh().add('opt/more/big', text.repeat(300_000));
      const run = () => machine.run(`bash ${tree}/install.sh --order ${order}`);
      const good = async (one: Tree) => {
        await machine.host.push(one.dir, tree);
        const { code, text } = await run();
        expect(code, text).toBe(0);
      };
      await ask(`mount -t tmpfs -o size=8m,mode=0700 tmpfs ${small}
        rsync -a --exclude /incoming ${kept}/ ${small}/; mount --bind ${small} ${kept}`);
      try {
        await good(sized('a'));
        const next = sized('b').edit('etc/systemd/system/beat.service', '100000', '77777');
        await machine.host.push(next.dir, tree);
        await ask(`cat /dev/zero >${kept}/filler 2>/dev/null; truncate -s -${left}K ${kept}/filler`);
        await meets(`disk full but for ${left} KiB`, run, 2, left < 800 ? 'No space left on device'
          : 'big cannot be kept');
        expect(await ask('grep -c 77777 /etc/systemd/system/beat.service || true; wc -c < /opt/more/big; head -c 1 '
          + '/opt/more/big')).toBe('0\n300000\na');
        await ask(`rm ${kept}/filler`);
        await good(next);
        expect(await ask('systemctl show --property ExecStart --value beat; head -c 1 /opt/more/big'))
          .toMatch(/77777[^]*b$/);
      } finally {
        await ask(`rm -f ${kept}/filler; umount ${kept}
          rsync -a --delete --exclude /incoming ${small}/ ${kept}/; umount ${small}`);
      }
      await converges(fresh());
    });
  });

  describe('of two runs', () => {
    it('waits for the first one', async () => {
      const tree = fresh();
      await machine.push(tree);
      await meets('two installs at once', async () => {
        const [first, second] = await Promise.all([machine.run(command()), machine.run(`sleep 0.3; ${command()}`)]);
        expect(first.code, first.text).toBe(0);
        return second;
      }, 0, 'waiting up to 300 s for', 'install.sh, process', 'one: nothing to do');
      await converges(tree);
    });

    it('gives up with the name of who holds the lock', async () => {
      const tree = fresh();
      await machine.push(tree);
      await meets('two installs, the second impatient', async () => {
        const first = machine.run(command());
        const second = await machine.run(`sleep 0.3; VGEN_LOCK_SECONDS=1 ${command()}`);
        expect((await first).code).toBe(0);
        return second;
      }, 3, 'locked for 1 s by', 'install.sh, process');
      await converges(tree);
    });
  });

  describe('of the connection and the machine', () => {
    it('loses the network in the middle of an install', async () => {
      const tree = fresh().edit('etc/systemd/system/beat.service', '100000', '100777');
      await machine.push(tree);
      await meets('ssh cut in the middle', async () => {
        const run = machine.run(command());
        await new Promise(resolve => setTimeout(resolve, 1500));
        await machine.host.cut();
        const answer = await run;
        await machine.host.mend();
        return answer;
      }, 255);
      await converges(tree);
    }, 120_000);

    it('loses its power in the middle of an install', async () => {
      const tree = fresh().edit('etc/systemd/system/beat.service', '100000', '100888');
      await machine.push(tree);
      const before = await versions();
      const run = machine.run(command()).catch(() => undefined);
      await new Promise(resolve => setTimeout(resolve, 2500));
      await machine.host.powerOff();
      await run;
      const off = Date.now();
      await machine.host.boot();
      await ask(`for (( i = 0; i < 100; i++ )); do
        curl -sf -o /dev/null http://127.0.0.1:8000/ && curl -sf -o /dev/null http://127.0.0.1:8010/ && break
        sleep 0.1
      done`);
      const seconds = (Date.now() - off) / 1000;
      const release = (text: string) => text.split(' ', 2).join(' ');
      expect((await versions()).map(release)).toEqual(before.map(release));
      await converges(tree);
      rows.push([
        'power lost in the middle', '(none: it was killed)', `serves again ${seconds.toFixed(1)} s after power on`,
      ]);
    }, 120_000);
  });
});
