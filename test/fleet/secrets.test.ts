// Secrets from every kind of source to real hosts: what is told, what restarts, and where no value may ever be.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../../src/rehearse/requirements.ts';
import { readTree } from '../golden.ts';
import { write } from '../vgen.ts';
import { Site } from './hosts.ts';

const age = spawnSync('age', ['--version']).error === undefined;
const lack = missing() ?? (age ? null : 'age not found: run apt-get install age');
const SOURCES = ['env', 'file', 'exec', 'age', 'sops'];
const poison = (source: string, round: number): string => `p0is0n-${source}-${round}-%$"x`;
const words = SOURCES.map(source => `p0is0n-${source}`);

const inventory = `hosts:
  web1: { address: 10.9.1.1 }
  web2: { address: 10.9.2.1 }
secrets:
  fromEnv: { env: POISON }
  fromFile: { file: secret.txt }
  fromExec: { exec: [cat, exec.txt] }
  fromAge: { age: secret.age, identity: key.txt }
  fromSops: { sops: secret.sops.yaml, key: redis.users.0 }
redis:
  cache: { hosts: all, password: fromEnv, users: { web: { password: fromFile } } }
apps:
  site:
    command: [/usr/bin/python3, -m, http.server, --bind, 127.0.0.1, "\${slot.port}"]
    slots: { blue: { port: 20000 }, green: { port: 20001 } }
    listen: { live: 8000 }
    env: { A_KEY: "\${secret.fromExec}", B_KEY: "\${secret.fromAge}", C_KEY: "\${secret.fromSops}" }
`;

// sops is not in Debian. Where there is none, this stands for it: it takes just the words that sops takes for this, and
// a whole file that age encrypted in place of one whose values are. It proves our side of the command and no more.
const STAND_IN = `#!/bin/sh
[ "$#" = 4 ] && [ "$1" = --decrypt ] && [ "$2" = --extract ] && [ "$3" = '["redis"]["users"][0]' ] || exit 2
age --decrypt --identity "$SOPS_AGE_KEY_FILE" "$4"
`;

describe.skipIf(lack !== null)(`secrets on hosts (${lack ?? 'systemd-nspawn'})`, () => {
  let site: Site;
  const seen: string[] = [];
  const run = async (args: readonly string[], round: number) => {
    const ran = await site.vgen(args, {
      POISON: poison('env', round), PATH: `${join(site.dir, '.bin')}:${process.env['PATH'] ?? ''}`,
      SOPS_AGE_KEY_FILE: join(site.dir, 'key.txt'),
    });
    seen.push(ran.stdout, ran.stderr);
    return ran;
  };
  const encrypt = (file: string, value: string): void => {
    const recipient = execFileSync('age-keygen', ['-y', join(site.dir, 'key.txt')], { encoding: 'utf8' }).trim();
    execFileSync('age', ['--encrypt', '--recipient', recipient, '--output', join(site.dir, file)], { input: value });
  };
  const values = (round: number): void => {
    write(site.dir, { 'secret.txt': `${poison('file', round)}\n`, 'exec.txt': `${poison('exec', round)}\n` });
    encrypt('secret.age', poison('age', round));
    encrypt('secret.sops.yaml', poison('sops', round));
  };
  const started = async (host: string): Promise<string[]> =>
    (await site.host(host).run('systemctl show --property MainPID --value nginx redis-server')).stdout.trim()
      .split('\n')
      .filter(Boolean);
  const states = async (round: number): Promise<string[]> =>
    (await run(['secrets', 'check'], round)).stdout.trim().split('\n').filter(Boolean)
      .map(line => line.trim().split(/ +/).slice(0, 3).join(' '));

  beforeAll(async () => {
    site = await Site.boot(['web1', 'web2'], inventory);
    execFileSync('age-keygen', ['-o', join(site.dir, 'key.txt')], { stdio: 'ignore' });
    mkdirSync(join(site.dir, '.bin'));
    writeFileSync(join(site.dir, '.bin/sops'), STAND_IN);
    chmodSync(join(site.dir, '.bin/sops'), 0o755);
    values(1);
    expect((await run(['build'], 1)).code).toBe(0);
  }, 600_000);
  afterAll(async () => site?.stop());

  it('are missing on a new host, then present, by a value from each source', async () => {
    expect((await run(['secrets', 'check'], 1)).code).toBe(1);
    expect(new Set((await states(1)).map(line => line.split(' ')[1]))).toEqual(new Set(['missing']));
    const { code, stdout, stderr } = await run(['secrets', 'push'], 1);
    expect(code, stderr).toBe(0);
    expect(stdout).toMatch(/web1: pushed fromAge, fromEnv, fromExec, fromFile, fromSops\n {2}nothing is installed yet/);
    expect((await states(1)).every(line => line.includes('present'))).toBe(true);
    for (const source of SOURCES) {
      const name = `from${source[0]?.toUpperCase() ?? ''}${source.slice(1)}`;
      expect((await site.host('web1')
        .run(`cat /etc/vgen/secrets/${name}; stat -c ' %a %U' /etc/vgen/secrets/${name}`)).stdout)
        .toBe(`${poison(source, 1)} 600 root\n`);
    }
    const applied = await run(['apply'], 1);
    expect(applied.code, applied.stderr).toBe(0);
  }, 300_000);

  it('are stale when the source has another value; a push restarts what reads them and nothing else', async () => {
    values(1);
    writeFileSync(join(site.dir, 'secret.txt'), poison('file', 2));
    expect((await states(1)).filter(line => line.includes('stale')))
      .toEqual(['web1 stale fromFile', 'web2 stale fromFile']);
    const [nginx, redis] = await started('web1');
    const { code, stdout } = await run(['secrets', 'push', '--on', 'web1'], 1);
    expect(code).toBe(0);
    expect(stdout)
      .toMatch(/^web1: pushed fromFile\n {2}file \/etc\/redis\/secrets\.conf\n {2}restart redis-server\.service\n$/);
    const [nginxAfter, redisAfter] = await started('web1');
    expect(nginxAfter).toBe(nginx);
    expect(redisAfter).not.toBe(redis);
    expect((await states(1)).filter(line => line.includes('stale'))).toEqual(['web2 stale fromFile']);
    expect((await run(['secrets', 'push', '--on', 'web1'], 1)).stdout).toBe('web1: 5 secrets, all as they were\n');
    expect((await started('web1'))[1]).toBe(redisAfter);
    expect((await run(['secrets', 'push'], 1)).code).toBe(0);
    expect((await run(['plan'], 1)).stdout).toBe('web1: nothing to do\nweb2: nothing to do\n');
  }, 300_000);

  it('that somebody put there by hand are told, and a plan shows what an apply would do about it', async () => {
    await site.host('web2').run('printf other > /etc/vgen/secrets/fromFile');
    expect((await run(['secrets', 'check', '--on', 'web2', 'fromFile'], 1)).stdout)
      .toMatch(/^web2 {2}stale {4}fromFile {2}\(pushed .+\) {2}\(changed on the host since\)\n$/);
    expect((await run(['plan', '--on', 'web2'], 1)).stdout)
      .toMatch(/secrets\.conf: text or secrets\n {2}restart {2}redis-server\.service/);
    expect((await run(['secrets', 'push', '--on', 'web2'], 1)).code).toBe(0);
    expect((await run(['plan', '--on', 'web2'], 1)).code).toBe(0);
  }, 120_000);

  it('that a unit does not start with are taken back', async () => {
    await site.host('web2').run(`mkdir -p /etc/systemd/system/redis-server.service.d
      printf '[Service]\\nExecStartPre=+/bin/sh -c "! grep -q env-9 /etc/redis/secrets.conf"\\n' > /etc/systemd/system/redis-server.service.d/test.conf
      systemctl daemon-reload`);
    const { code, stdout } = await run(['secrets', 'push', '--on', 'web2', 'fromEnv'], 9);
    expect(stdout).toMatch(/^web2: refused fromEnv; the former values are back$/m);
    expect(code).toBe(1);
    expect((await site.host('web2').run('cat /etc/vgen/secrets/fromEnv; systemctl is-active redis-server')).stdout)
      .toBe(`${poison('env', 1)}active\n`);
    await site.host('web2').run('rm -r /etc/systemd/system/redis-server.service.d/test.conf; systemctl daemon-reload');
  }, 120_000);

  it('that a file cannot hold are all refused while the former values are there', async () => {
    const held = async (): Promise<string> => (await site.host('web1')
      .run('cd /etc/vgen/secrets; sha256sum *; systemctl show --property MainPID --value redis-server')).stdout;
    const before = await held();
    const [file, exec] = ['secret.txt', 'exec.txt'].map(name => readFileSync(join(site.dir, name), 'utf8'));
    // fromExec goes into the environment of a unit; fromFile alone would be taken
    write(site.dir, { 'secret.txt': poison('file', 4), 'exec.txt': `${poison('exec', 4)}\ufdd0` });
    const { code, stdout } = await run(['secrets', 'push', '--on', 'web1'], 1);
    expect(stdout).toMatch(/^web1: refused fromExec, fromFile; the former values are back$/m);
    expect(stdout).toContain('systemd refuses an environment with a Unicode noncharacter; '
      + 'choose another value for secret "fromExec"');
    expect(code).toBe(1);
    expect(await held()).toBe(before);
    expect((await site.host('web1').run('ls -A /var/lib/vgen | grep secrets')).stdout).not.toContain('new-secrets');
    write(site.dir, { 'secret.txt': file ?? '', 'exec.txt': exec ?? '' });
    expect((await run(['plan', '--on', 'web1'], 1)).code).toBe(0);
  }, 120_000);

  it('that files cannot hold are named one by one', async () => {
    const [file, exec] = ['secret.txt', 'exec.txt'].map(name => readFileSync(join(site.dir, name), 'utf8'));
    write(site.dir, { 'exec.txt': `${poison('exec', 4)}\ufdd0` });
    encrypt('secret.age', `${poison('age', 4)}\ufdd1`);
    const refused = await run(['secrets', 'push', '--on', 'web1'], 1);
    const reason = (name: string): string => 'systemd refuses an environment with a Unicode noncharacter; '
      + `choose another value for secret "${name}"`;
    expect(refused.stdout).toBe(`web1: refused fromAge, fromExec; the former values are back\n`
      + `  ${reason('fromAge')}; ${reason('fromExec')}\n`);
    expect(refused.code).toBe(1);
    write(site.dir, { 'secret.txt': file ?? '', 'exec.txt': exec ?? '' });
    encrypt('secret.age', poison('age', 1));
  }, 120_000);

  it('that a live slot keeps the former value of are said to wait', async () => {
    mkdirSync(join(site.dir, 'release'));
    writeFileSync(join(site.dir, 'release/index.html'), 'hello\n');
    const deployed = await run(['deploy', 'site', 'release', '--on', 'web1', '--switch'], 1);
    expect(deployed.code, deployed.stderr + deployed.stdout).toBe(0);
    const exec = readFileSync(join(site.dir, 'exec.txt'), 'utf8');
    write(site.dir, { 'exec.txt': poison('exec', 5) });
    const pushed = await run(['secrets', 'push', '--on', 'web1'], 1);
    expect(pushed.stdout).toMatch(/^web1: pushed fromExec\n/);
    expect(pushed.stdout).toMatch(/^ {2}site: live slot \w+ keeps its former configuration until the next switch$/m);
    expect(pushed.code).toBe(0);
    write(site.dir, { 'exec.txt': exec });
    expect((await run(['secrets', 'push', '--on', 'web1'], 1)).stdout).not.toContain(' keeps ');
  }, 120_000);

  it('a source that fails is named, and nothing is sent', async () => {
    rmSync(join(site.dir, 'exec.txt'));
    const { code, stderr } = await run(['secrets', 'push'], 1);
    expect(stderr).toBe('secret fromExec: cat ended with code 1; run it yourself to see why\nnothing was sent\n');
    expect(code).toBe(2);
  });

  it('leave no value in lists of processes, output, out/, this disk, logs or audit', async () => {
    values(3);
    const sample = (times: number): string =>
      `for i in $(seq ${times}); do cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null |
      tr '\\0' '\\n' | grep -c 'p0is0n-\\(env\\|file\\|exec\\|age\\|sops\\)-3'; sleep 0.02; done | sort -n | tail -n 1`;
    const lookHere = (): string[] => {
      const { stdout } =
        spawnSync('sh', ['-c', 'cat /proc/[0-9]*/cmdline 2>/dev/null'], { encoding: 'utf8', maxBuffer: 1 << 26 });
      return words.filter(word => stdout.includes(`${word}-3`));
    };
    // the control: a process that has one in its arguments is found on both sides
    const control = site.host('web1').run(`(exec -a p0is0n-file-3 sleep 2) & ${sample(20)}; wait`);
    await new Promise(resolve => setTimeout(resolve, 1000));
    expect(lookHere()).toEqual(['p0is0n-file']);
    expect(Number((await control).stdout)).toBeGreaterThan(0);

    const there = site.host('web1').run(sample(200), { timeoutSeconds: 120 });
    const here: string[] = [];
    const timer = setInterval(() => here.push(...lookHere()), 40);
    const pushed = await run(['secrets', 'push', '--json'], 3);
    await run(['secrets', 'check', '--json'], 3);
    await run(['plan', '--json', '--save', 'plan.json'], 3);
    await run(['drift', '--json'], 3);
    expect(pushed.code, pushed.stderr + pushed.stdout).toBe(0);
    clearInterval(timer);
    expect(here).toEqual([]);
    expect((await there).stdout.trim()).toBe('0');

    const holds = (text: string): boolean => words.some(word => text.includes(word));
    expect(seen.filter(holds)).toEqual([]);
    const disk = [...readTree(site.dir)].filter(([, text]) => holds(text)).map(([path]) => path).sort();
    // the control: the search finds the files that are the sources
    expect(disk).toEqual(['exec.txt', 'secret.txt']);
    expect(existsSync(join(site.dir, 'plan.json'))).toBe(true);
    expect(readFileSync(join(site.dir, 'plan.json'), 'utf8')).toMatch(/"live"/);
    const files = (await site.host('web1')
      .run('grep -rlF p0is0n- /etc /opt /var /root /tmp /run 2>/dev/null | sort')).stdout.trim().split('\n');
    // what the last install replaced is kept by the engine, for root alone, until the next one
    expect((await site.host('web1').run('stat -c %a /var/lib/vgen')).stdout).toBe('700\n');
    expect(files.filter(path =>
      !/^\/var\/lib\/vgen\/(former|generations)\/|^\/etc\/(vgen\/secrets\/from|redis\/secrets\.conf$|vgen\/env\/site-(blue|green)\.env$)/.test(
        path,
      ))).toEqual([]);
    expect(files.length).toBeGreaterThan(5);
    const journal =
      await site.host('web1').run('journalctl --no-pager | grep -c p0is0n-; cat /var/log/vgen/audit.jsonl');
    expect(journal.stdout.split('\n')[0]).toBe('0');
    expect(journal.stdout).toMatch(/"action":"secrets".*"names":".*fromFile/);
  }, 120_000);
});
