// vgen deploy, switch, rollback and status on a host, in the order of an app's life: each test builds on those
// before it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, key, lack, Machine, password } from './machine.ts';

describe.skipIf(lack !== null)(`deploy, switch and rollback on a host (${because})`, () => {
  let machine: Machine;
  const get = (port: number) => machine.get(port);
  const ask = (script: string) => machine.ask(script);
  const run = (script: string) => machine.run(script);
  const deploy = (app: string, file: string, id?: string) =>
    run(`${bin}/vgen deploy ${app} ${file} ${id === undefined ? '' : `--release ${id}`}`);

  beforeAll(async () => {
    machine = await Machine.prepared('v1', 'v2', 'v3', 'v4', 'v5', 'sick', 'dead');
    await machine.putSecrets();
    await machine.installed(machine.tree());
  });

  afterAll(() => machine?.stop());

  it('puts a release into next and leaves live alone', async () => {
    const { code, text } = await deploy('demo', '/root/artifacts/v1', 'r1');
    expect(code, text).toBe(0);
    expect(await get(8001)).toBe('v1 green hello');
    expect(await ask('curl -s -o /dev/null -w "%{http_code}" http://127.0.0.1:8000/')).toBe('502');
    const owners = await ask('stat -c "%a %U" /opt/demo/releases/r1 /opt/demo/releases/r1/demo');
    expect(owners).toBe('755 root\n755 root');
  });

  it('gives the process its secret as it was', async () => {
    const pid = await ask('supervisorctl pid demo-green');
    expect(await ask(`tr '\\0' '\\n' < /proc/${pid}/environ | grep ^KEY= | cut -c 5-`)).toBe(key);
    expect(await ask(`readlink /proc/${pid}/cwd`)).toBe('/opt/demo/releases/r1');
  });

  it('switches, proven through nginx', async () => {
    const { text } = await run(`${bin}/vgen switch demo`);
    expect(text).toContain('demo: live is green (release r1), was blue (release none), proven by 20 answers');
    expect(await get(8000)).toBe('v1 green hello');
  });

  it('refuses to switch to a slot that has nothing', async () => {
    const { code, text } = await run(`${bin}/vgen switch demo`);
    expect(code).toBe(1);
    expect(text).toContain('the next slot blue has no release');
    expect(await machine.slotOf('live')).toBe('green');
  });

  it('runs a directory and a tar under systemd, with a TCP connection for health', async () => {
    await ask(`${bin}/vgen deploy tick /root/artifacts/v1.d --release t1 && ${bin}/vgen switch tick`);
    await ask('tar -C /root/artifacts/v2.d -czf /root/v2.tar.gz .');
    await ask(`${bin}/vgen deploy tick /root/v2.tar.gz`);
    expect(await ask('ls /opt/tick/releases')).toMatch(/^\d{8}T\d{6}Z-[0-9a-f]{8}\nt1$/);
    expect([await get(8010), await get(8011)]).toEqual(['v1 green hello', 'v2 blue hello']);
    expect(await ask('systemctl is-enabled tick-blue tick-green')).toBe('enabled\nenabled');
  });

  it('refuses what is no release', async () => {
    await ask(`mkdir -p /root/bad/link; cd /root/bad; ln -s /etc/passwd link/x; echo nothing > text
      tar -cf up.tar --transform 's,^,../,' -C /root/artifacts/v1.d run; tar -P -cf root.tar /root/artifacts/v1.d/run
      printf '\\x7fELF\\x02\\x01\\x01%09d\\x02\\x00\\x15\\x00' 0 | tr 0 '\\0' > foreign`);
    const refusal = async (app: string, file: string, id?: string) => {
      const { code, text } = await deploy(app, file, id);
      expect(code).toBe(1);
      return text;
    };
    expect(await refusal('tick', '/root/bad/link')).toContain('a link that leaves the release: /etc/passwd');
    expect(await refusal('tick', '/root/bad/up.tar')).toContain('a name that leaves the release: ../run');
    expect(await refusal('tick', '/root/bad/root.tar')).toContain('a name that leaves the release: /root/artifacts');
    expect(await refusal('tick', '/root/bad/text')).toContain('tick has no "binary"');
    expect(await refusal('demo', '/root/bad/foreign')).toContain('for another kind of machine');
    expect(await refusal('demo', '/root/bad/text')).toContain('neither a program for Linux nor a script');
    expect(await refusal('demo', '/root/artifacts/v1.d')).toContain('the release has no executable demo');
    expect(await refusal('demo', '/root/artifacts/v2', 'r1')).toContain('r1 is here already, with other content');
    expect(await ask('ls -A /opt/demo/releases')).toBe('r1');
  });

  it('fails no request while switching back and forth under load', async () => {
    await ask(`${bin}/vgen deploy demo /root/artifacts/v2 --release r2; rm -f /root/stop`);
    const load = run(`for n in 1 2 3 4; do
      (for (( i = 0; i < 3000; i++ )); do
        [[ ! -e /root/stop ]] || exit 0
        curl -s -o /dev/null -m 10 -w '%{http_code} ' http://127.0.0.1:8000/
      done > /root/codes.$n) &
    done; wait`);
    for (let count = 0; count < 5; count++) await ask(`${bin}/vgen switch demo`);
    await ask('touch /root/stop');
    await load;
    const codes = (await ask('cat /root/codes.*')).split(' ').filter(Boolean);
    expect(codes.length).toBeGreaterThan(50);
    expect(codes.filter(code => code !== '200')).toEqual([]);
    expect(await get(8000)).toBe('v2 blue hello');
  });

  it('keeps a release that never gets healthy away from live, and says why', async () => {
    const sick = await deploy('demo', '/root/artifacts/sick', 's1');
    expect(sick.code).toBe(1);
    expect(sick.text).toContain('port 20001 answers /health with HTTP 500');
    expect(sick.text).toContain('sick starts');
    const dead = await deploy('demo', '/root/artifacts/dead', 's2');
    expect(dead.code).toBe(1);
    expect(dead.text).toContain('cannot go on');
    expect(dead.text).toContain('nothing listens');
    expect((await run(`${bin}/vgen switch demo`)).code).toBe(1);
    expect(await get(8000)).toBe('v2 blue hello');
    expect(await ask(`ls /var/lib/vgen/apps/demo/bad; ${bin}/vgen status | grep -c 'marked bad' || true`)).toBe('s2\n1');
  });

  it('rolls back to what was live before, by the same proof, and forth', async () => {
    const { code, text } = await run(`${bin}/vgen rollback demo`);
    expect(code, text).toBe(0);
    expect(text).toContain('demo: release r1 is started in green first');
    expect(text).toContain('demo: live is green (release r1), was blue (release r2), proven by 20 answers');
    expect(await get(8000)).toBe('v1 green hello');
    const again = await run(`${bin}/vgen rollback demo`);
    expect(again.code).toBe(3);
    expect(again.text).toContain('nothing to roll back to');
    await ask(`${bin}/vgen switch demo`);
    expect(await get(8000)).toBe('v2 blue hello');
  });

  it('keeps the releases that it may still need, and no more', async () => {
    for (const n of [3, 4, 5]) await ask(`${bin}/vgen deploy demo /root/artifacts/v${n} --release r${n}`);
    expect(await ask('ls /opt/demo/releases')).toBe('r1\nr2\nr4\nr5');
  });

  it('takes the former release live again where a switch cannot be proven', async () => {
    const data = '/opt/vgen/apps/demo.sh';
    await ask(`cp ${data} /root/demo.sh; sed -i 's/^live=.*/live=127.0.0.1:8010/' ${data}; systemctl stop tick-green`);
    const { code, text } = await run(`${bin}/vgen switch demo`);
    expect(code).toBe(1);
    expect(text).toContain('did not prove itself on 127.0.0.1:8010');
    expect([await machine.slotOf('live'), await machine.slotOf('next')]).toEqual(['blue', 'green']);
    expect(await get(8000)).toBe('v2 blue hello');
    await ask(`cp /root/demo.sh ${data}; systemctl start tick-green`);
  });

  it('repairs links that a crash left between two renames', async () => {
    await ask('cd /opt/demo; ln -sfn blue next');
    const { text } = await run(`${bin}/vgen switch demo`);
    expect(text).toContain('demo: next is green again, since live is blue');
    expect(text).toContain('live is green (release r5)');
    await ask(`${bin}/vgen switch demo`);
  });

  it('waits for connections that outlived the switch, but not for ever', async () => {
    await ask(`nohup bash -c 'exec 3<>/dev/tcp/127.0.0.1/20001; sleep 30' >/dev/null 2>&1 & sleep 0.5`);
    const { code, text } = await deploy('demo', '/root/artifacts/v4', 'r4');
    expect(code, text).toBe(0);
    expect(text).toMatch(/green still holds \d+ connections?; waiting up to 3 s/);
    expect(text).toMatch(/\d+ connections? to green cut now/);
  });

  it('does one thing at a time: who comes second waits, says for whom, and gives up', async () => {
    const first = run('flock /var/lib/vgen/lock sleep 3');
    await ask('sleep 0.5');
    const { code, text } = await run(`VGEN_LOCK_SECONDS=1 ${bin}/vgen switch demo`);
    expect(code).toBe(3);
    expect(text).toContain('locked for 1 s by');
    await first;
    await ask(`${bin}/vgen deploy demo /root/artifacts/v5 --release r5`);
    expect(await ask('flock --nonblock /var/lib/vgen/lock echo free')).toBe('free');
    expect(await ask('stat -c "%a %U" /var/lib/vgen/lock')).toBe('600 root');
  });

  it('says how everything is, for people and as data', async () => {
    const { code, stdout } = await run(`${bin}/vgen status --json`);
    const status = JSON.parse(stdout) as Record<'apps' | 'units', { name: string; live: object }[]>;
    expect(status).toMatchObject({ host: 'one', good: false });
    expect(status.apps.map(app => app.name)).toEqual(['demo', 'tick']);
    expect(status.apps[0]?.live).toMatchObject({ slot: 'blue', release: 'r2', process: 'running', healthy: true });
    expect(status.units).toContainEqual({ name: 'ngrok.service', up: false, state: 'inactive', pending: '' });
    expect(code).toBe(1);
  });

  it('shows the use of each command', async () => {
    for (const command of ['deploy', 'switch', 'rollback', 'status', 'confirm']) {
      const help = new RegExp(`^Usage: vgen ${command} [^]*Examples:[^]*Exit codes:[^\\n]*$`);
      expect(await ask(`${bin}/vgen ${command} --help`)).toMatch(help);
      expect((await run(`${bin}/vgen ${command} --nonsense`)).code).toBe(2);
    }
    expect(await ask(`${bin}/vgen --help`)).toMatch(/^Usage: vgen COMMAND [^]*confirm/);
    expect((await run(`${bin}/vgen nonsense`)).code).toBe(2);
  });

  it('writes down each action, and no secret anywhere', async () => {
    const log = (await ask('cat /var/log/vgen/audit.jsonl')).split('\n');
    const lines = log.map(line => JSON.parse(line) as Record<string, unknown>);
    const actions = new Set(lines.map(line => line['action']));
    expect(actions).toEqual(new Set(['install', 'deploy', 'switch', 'rollback']));
    expect(lines).toContainEqual({
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), who: 'root', action: 'switch', app: 'tick',
      from: '', to: 't1', result: 'ok', reason: '', seconds: expect.any(Number),
    });
    expect(lines.find(line => line['action'] === 'deploy' && line['result'] === 'no')).toMatchObject({
      app: 'tick', reason: expect.stringContaining('leaves the release'),
    });
    const told = machine.heard.join('\n')
      + await ask('find /var/log/vgen -type f -exec cat {} +; cat /var/lib/vgen/installed.tsv');
    expect([key, password].filter(secret => told.includes(secret))).toEqual([]);
    const modes = await ask('stat -c %a /var/lib/vgen /var/log/vgen /var/lib/vgen/installed.tsv');
    expect(modes).toBe('700\n750\n600');
  });
});
