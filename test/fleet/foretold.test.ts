// What a plan foretells is what the engine does, in its order: changes of an inventory drawn at random, one after the
// other on one host, through the command line. A normal run takes a seed that once found a fault, a full one draws it
// anew and prints it; VGEN_FULL=1 VGEN_SEED=… repeats that.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { vgen, type Ran } from '../vgen.ts';
import { diceOf, full, seed as drawn } from '../draw.ts';
import { because, lack } from './fixture.ts';

const STEPS = full ? 110 : 30;
const seed = full ? drawn : 609_887_204;

/** What the inventory can be: each key takes one of so many values; 0 is often "not there". */
const CHOICES = {
  motd: 3, motdMode: 2, issue: 3, gzip: 3, deep: 4, tick: 3, user: 4, memory: 3, redis: 2, level: 3, port: 2, extra: 3,
  program: 3, job: 3, blue: 2, unit: 3, site: 4, cache: 3,
} as const;
type World = Record<keyof typeof CHOICES, number>;

const KEYS = Object.keys(CHOICES) as (keyof World)[];

/** What somebody does on the host meanwhile. */
const MEANWHILE = [
  'systemctl stop nginx', 'systemctl stop redis-server', 'chmod 0604 /etc/motd', 'echo more >> /etc/motd',
  'rm -f /etc/motd', 'systemctl disable --quiet nginx',
];

const file = (path: string, entries: Record<string, string>): string =>
  `  ${path}: { ${Object.entries(entries).map(([key, value]) => `${key}: ${value}`).join(', ')} }\n`;

const quoted = (text: string): string => JSON.stringify(text);

/** The files of the inventory that are there. */
const files = ({ motd, motdMode, issue, gzip, deep, tick, extra, program }: World): string => [
  file('/etc/motd', { content: quoted(`hello ${motd}\n`), mode: quoted(motdMode ? '0600' : '0644') }),
  issue ? file('/etc/issue.vgen', { content: quoted(`issue ${issue}\n`) }) : '',
  gzip ? file('/etc/nginx/conf.d/gzip.conf', {
    content: quoted(`gzip_comp_level ${gzip};\n`), reload: '[nginx.service]',
  }) : '',
  deep ? file(`/opt/deep/${'d/'.repeat(deep)}file.txt`, { content: quoted('deep\n') }) : '',
  tick ? file('/etc/systemd/system/tick.service', {
    content: quoted(`[Service]\nExecStart=/bin/sleep ${1000 + tick}\n`), restart: '[tick.service]',
  }) : '',
  extra && program ? file('/etc/supervisor/conf.d/job.conf', {
    content: quoted(`[program:job]\ncommand=/bin/sleep ${1000 + program}\n`),
  }) : '',
].join('');

/** None, one, one more domain, maintenance. */
const SITES = ['', 'a.example', 'a.example, b.example', 'a.example'].map((domains, i) => (domains === '' ? ''
  : `sites:\n  front: { domains: [${domains}], paths: { /: { app: web } }, maintenance: ${i === 3} }\n`));

const GROUPS = ['', 'adm', 'adm, users'];

const inventory = (world: World): string => `hosts:
  one: { address: 10.9.7.1 }
rollout: { onFailure: halt }
files:
${files(world)}${world.user ? `users:\n  ada: { home: /srv/ada, groups: [${GROUPS[world.user - 1] ?? ''}] }\n` : ''}${
  world.job ? `jobs:\n  sweep: { command: [/bin/true, "${world.job}"], calendar: daily }\n` : ''}${
  world.redis ? `redis:\n  cache: { hosts: one, maxMemory: ${64 + world.memory}m, port: ${6379 + world.cache} }\n` : ''}${
  SITES[world.site] ?? ''}apps:
  web:
    runtime: systemd
    binary: web
    command: ./web \${slot.port}
    slots: { blue: { port: ${20000 + 20 * world.blue} }, green: { port: 20001 } }${
  world.unit ? `\n    unit: web${world.unit}` : ''}${world.redis && world.cache ? '\n    uses: [cache]' : ''}
    listen: { live: ${8000 + world.port}, next: 8010 }
    health: /health
    wait: 10s
    steady: 1s
    drain: 1s
    env: { LEVEL: "${world.level}" }
${world.extra ? `  extra:
    runtime: supervisor
    command: [/bin/sleep, "100"]
    slots: { blue: { port: 20010 }, green: { port: 20011 } }
    env: { LEVEL: "${world.extra}" }
` : ''}`;

interface Planned {
  changes: { kind: string; what: string; name: string }[];
  actions: { action: string; what: string }[];
}

/** What a plan says, in the words of "done". */
function foretold({ changes, actions }: Planned): { changes: string[]; actions: string[] } {
  const packages = changes.filter(({ kind }) => kind === 'package').map(({ name }) => name);
  const told = changes.filter(({ kind, what }) => kind !== 'package' && what !== 'keep')
    .map(({ kind, what, name }) => `${what === 'remove' || what === 'restore' ? what : kind} ${name}`);
  const does = actions.filter(({ action }) => !/^(wait|confirm|open|close|finish|end|route)/.test(action))
    .map(({ action, what }) => `${action === 'restart next' ? 'restart' : action} ${what}`);
  return { changes: [...packages.length ? [`package ${packages.join(' ')}`] : [], ...told], actions: does };
}

const ACTIONS = /^(reload|restart|update|enable|start|stop) /;

/** What was done; without directories on the way to a file, and one line for each change of a user. */
function readDone(text: string, wanted: readonly string[]): { changes: string[]; actions: string[] } {
  const lines = text.split('\n').filter(Boolean).map(line => line.replace('\t', ' '));
  const stopped = new Set(lines.filter(line => line.startsWith('stop ')).map(line => line.slice('stop '.length)));
  const isOnTheWay = (line: string): boolean =>
    (line.startsWith('directory ') && !wanted.includes(line)) || /^remove .*\/$/.test(line);
  const changes = lines.filter(line => !ACTIONS.test(line) && !isOnTheWay(line));
  return {
    changes: changes.filter((line, i) => !line.startsWith('user ') || line !== changes[i - 1]),
    // of a program whose file goes the engine tells that it ends, and that supervisor knows it no more
    actions: lines.filter(line => ACTIONS.test(line)
      && !(line.startsWith('update ') && stopped.has(line.slice('update '.length)))),
  };
}

describe.skipIf(lack !== null)(`what a plan foretells (${because})`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'vgen-foretold-'));
  let fleet: Fleet;
  let host: RehearsalHost;
  const run = (...args: string[]): Promise<Ran> =>
    vgen(dir, args, { VGEN_SSH_CONFIG: fleet.sshConfig, XDG_STATE_HOME: join(dir, '.state') });
  const good = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await run(...args);
    expect(code, `vgen ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
    return stdout;
  };
  const APPLY = [
    'apply', '--older', '--force', '--max-changed', '100%', '--max-deleted', '100%', '--max-restarts', '999',
    '--allow', 'datastore', '--allow', 'live',
  ];
  const deploy = async (release: string, ...more: string[]): Promise<void> => {
    const server = readFileSync(join(import.meta.dirname, 'server.pl'), 'utf8');
    writeFileSync(join(dir, 'web'), server.replaceAll('@VERSION@', release));
    chmodSync(join(dir, 'web'), 0o755);
    await good('deploy', 'web', 'web', '--release', release, ...more);
  };

  beforeAll(async () => {
    fleet = await bootFleet({
      hosts: [{ name: 'one', addresses: ['10.9.7.1'] }], prepared: true,
      packages: ['nginx-light', 'redis-server', 'supervisor'],
    });
    host = fleet.hosts.get('one') as RehearsalHost;
  });
  afterAll(async () => {
    await fleet?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it(`is what is done, in its order, by ${STEPS} changes drawn from seed ${seed}`, async () => {
    const draw = diceOf(seed, '');
    const below = (count: number): number => Math.floor(draw() * count);
    const world = Object.fromEntries(KEYS.map(key => [key, below(CHOICES[key])])) as World;
    for (let step = 0; step < STEPS; step++) {
      const said = [`seed ${seed}, step ${step}`];
      if (step > 0) {
        for (let i = 0; i <= below(3); i++) {
          const key = KEYS[below(KEYS.length)] as keyof World;
          world[key] = below(CHOICES[key]);
          said.push(`${key} ${world[key]}`);
        }
        if (draw() < 0.2) {
          const meanwhile = MEANWHILE[below(MEANWHILE.length)] as string;
          await host.run(meanwhile);
          said.push(meanwhile);
        }
      }
      writeFileSync(join(dir, 'inventory.yaml'), inventory(world));
      await good('build');
      const [plan] = (JSON.parse((await run('plan', '--json')).stdout) as { hosts: Planned[] }).hosts;
      if (!plan) throw new Error('there is no plan');
      const wanted = foretold(plan);
      await host.run('rm -rf /var/log/vgen/runs/*-install-*');
      await good(...APPLY);
      const { stdout } = await host.run('cat /var/log/vgen/runs/*-install-*/done 2>/dev/null || true');
      const done = readDone(stdout, wanted.changes);
      expect(done, said.join('; ')).toEqual(wanted);
      const again = await run('plan');
      expect(again.stdout, said.join('; ')).toMatch(/^one: nothing to do$/m);
      expect(again.code, said.join('; ')).toBe(0);
      if (step === 0) {
        await deploy('r1', '--switch');
        await deploy('r2');
      }
    }
  }, 40 * 60_000);
});
