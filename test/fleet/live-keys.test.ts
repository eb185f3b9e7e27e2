// Each key that can reach what is live is changed on a booted host, and changed back, while clients ask for the app,
// for the site before it and for the datastore behind it: no request fails or `diff --impact` foretold the interruption
// of just that, and no apply says "done" with a dead live. What waits is then brought by a switch, under the same load.
// A normal run takes the keys that once took live down and a sample, a full one all, those of a slot's own files under
// each runtime, and prints the table.
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Action } from '../../src/contract/action.ts';
import { buildOnce } from '../../src/rehearse/cache.ts';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { draw, full, seed } from '../draw.ts';
import { appChanges, keyChanges, RUNTIMES, type KeyChange, type Runtime } from '../live-keys.ts';
import { vgen, type Ran } from '../vgen.ts';
import { because, lack } from './fixture.ts';

const PM2 = 'pm2@7.0.4';
const SHOWN = ['apps.*.slots.blue.port', 'apps.*.unit', 'apps.*.runtime'];
/** Keys that a switch brings, as the table has them. */
const waits = new Set([...readFileSync(join(import.meta.dirname, '../../docs/live.md'), 'utf8')
  .matchAll(/^\| `(.*?)` \| .* \| .* \| waits \|/gm)].map(([, key = '']) => key));
/** Foretold as an end, and refused on the host: usermod changes no home of a user that runs something. */
const REFUSED = ['apps.*.dir'];
/** A host that is not booted would have to answer. */
const ELSEWHERE = ['sites.*.paths.*.site'];
const all = [
  ...keyChanges().filter(({ key }) => !ELSEWHERE.includes(key)),
  ...RUNTIMES.filter(one => one !== 'systemd').flatMap(appChanges).filter(({ key }) => waits.has(key)),
];
/** The slot that is live when a key changes, so that a change of its files is one of what is live. */
const slotOf = (key: string): string => (key.includes('.slots.green.') ? 'green' : 'blue');
const isShown = ({ key, runtime }: KeyChange): boolean => runtime === 'systemd' && SHOWN.includes(key);
const others = all.filter(one => !isShown(one));
const sample = full ? others
  : draw('live keys', others.filter(({ runtime }) => runtime === 'systemd'), 3, ({ key }) => key.split('.')[0]);
const changes = [...all.filter(isShown), ...sample]
  .sort((a, b) => RUNTIMES.indexOf(a.runtime) - RUNTIMES.indexOf(b.runtime));

const APPLY = [
  'apply', '--on', 'one', '--older', '--force', '--max-changed', '100%', '--max-deleted', '100%',
  '--max-restarts', '999', '--allow', 'datastore', '--allow', 'firewall',
];

/** Keys by whose change the host needs another secret. */
const SECRETS = /password|certificate|replicaOf|site$/;

/** Who asks for what, and whose interruption it is when that fails. */
const CLIENTS = {
  app: { downtime: /^the app|asks for web there/, pause: 0.02 },
  site: { downtime: /^the app|asks for (web|other)\.example\.org/, pause: 0.1 },
  cache: { downtime: /^the app|asks? for web there|what web asks there|client of Redis/, pause: 0.1 },
} as const;
type Client = keyof typeof CLIENTS;
const clients = Object.keys(CLIENTS) as Client[];

interface Inventory {
  readonly apps: { readonly web: { readonly listen: { readonly live?: number; readonly address?: string } } };
  readonly sites: { readonly front: { readonly domains: readonly string[]; readonly port?: number } };
}
/** What curl asks for, in an inventory. */
const place = (client: Client, { apps, sites }: Inventory): string => {
  const { live = 8000, address = '127.0.0.1' } = apps.web.listen;
  const { domains: [domain = ''], port = 80 } = sites.front;
  return client === 'site' ? `--resolve ${domain}:${port}:10.9.8.1 http://${domain}:${port}/`
    : `http://${address}:${live}/${client === 'cache' ? 'cache' : ''}`;
};
/** A site may send a client on; what the app says names its release. */
const isGood = (client: Client, answer: string): boolean =>
  /^r\d+ 200$/.test(answer) || (client === 'site' && / 30[12]$/.test(answer));

/** A row of the table of a full run: failures of requests by client, and what became of the change. */
const tell = (row: string): void => {
  if (full) console.log(row);
};

interface Seen { readonly requests: number; readonly failed: readonly string[] }
type Load = Readonly<Record<Client, Seen>>;

describe.skipIf(lack !== null)(`what is live, by keys from seed ${seed} (${because})`, () => {
  const dir = mkdtempSync(join(tmpdir(), 'vgen-live-'));
  let fleet: Fleet | undefined;
  let host: RehearsalHost;
  let installed = '';
  let runsOn: Runtime | null = null;
  const run = (...args: string[]): Promise<Ran> => vgen(dir, args, {
    VGEN_SSH_CONFIG: fleet?.sshConfig ?? '', XDG_STATE_HOME: join(dir, '.state'), FIRST: 'first-secret', OTHER: 'other-secret',
    KEY: readFileSync(join(dir, 'other.key'), 'utf8'),
  });
  const good = async (...args: string[]): Promise<Ran> => {
    const ran = await run(...args);
    expect(ran.code, `vgen ${args.join(' ')}\n${ran.stdout}${ran.stderr}`).toBe(0);
    return ran;
  };
  let releases = 0;
  const deploy = async (runtime: Runtime, ...more: string[]): Promise<void> => {
    const version = `r${++releases}`;
    const [source, file] = runtime === 'pm2' ? ['server.cjs', 'release/web.js'] : ['server.pl', 'web'];
    mkdirSync(join(dir, 'release'), { recursive: true });
    writeFileSync(join(dir, file),
      readFileSync(join(import.meta.dirname, source), 'utf8').replaceAll('@VERSION@', version));
    chmodSync(join(dir, file), 0o755);
    await good('deploy', 'web', file.split('/')[0] ?? '', '--on', 'one', '--release', version, ...more);
  };
  const asked = (client: Client, inventory: Inventory): string =>
    `echo $(curl -s -m 10 -w ' %{http_code}' ${place(client, inventory)})`;
  /** Those that are answered well. */
  const answered = async (inventory: Inventory): Promise<readonly Client[]> => {
    const { stdout } = await host.run(clients.map(client => asked(client, inventory)).join('\n'));
    const lines = stdout.split('\n');
    return clients.filter((client, i) => isGood(client, lines[i] ?? ''));
  };

  /** What the clients are answered while something is done; an answer is a line. */
  async function under<T>(inventory: Inventory, work: () => Promise<T>): Promise<{ done: T; load: Load }> {
    await host.run('rm -f /root/stop /root/seen.*');
    const loops = clients.map(client => `(until [[ -e /root/stop ]]; do
      ${asked(client, inventory)} >> /root/seen.${client}
      sleep ${CLIENTS[client].pause}
    done) &`);
    const load = host.run(`${loops.join('\n')} wait`, { timeoutSeconds: 300 });
    const done = await work();
    await host.run('touch /root/stop');
    await load;
    const { stdout } = await host.run(`cd /root; grep -H '' ${clients.map(client => `seen.${client}`).join(' ')}`);
    const seen = clients.map(client => {
      const [, ...lines] = stdout.split(`seen.${client}:`).map(line => line.split('\n')[0] ?? '');
      return [client, { requests: lines.length, failed: lines.filter(line => !isGood(client, line)) }] as const;
    });
    return { done, load: Object.fromEntries(seen) as unknown as Load };
  }

  /** What `diff --impact` foretells for the inventory beside out/, which is built then. */
  async function foretold(inventory: Inventory): Promise<readonly Action[]> {
    writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(inventory));
    const diff = JSON.parse((await run('diff', '--impact', '--json')).stdout) as
      { hosts: { host: string; impact: Action[] }[] };
    await good('build');
    return diff.hosts.find(one => one.host === 'one')?.impact ?? [];
  }

  /** A host of its own for each runtime: a release of another one's is none of its. */
  const boots = async (): Promise<void> => {
    await fleet?.stop();
    const pm2 = full ? await buildOnce('npm', PM2, to => {
      execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', to, PM2]);
      return Promise.resolve();
    }, () => undefined) : null;
    fleet = await bootFleet({
      hosts: [{ name: 'one', addresses: ['10.9.8.1', '10.9.8.9'] }], prepared: true,
      packages: ['nginx-light', 'redis-server', 'supervisor', ...full ? ['nodejs'] : []],
      ...pm2 === null ? {} : { binds: [{ from: pm2, to: '/usr/local/lib/pm2' }] },
    });
    host = fleet.hosts.get('one') as RehearsalHost;
  };

  const installs = async (inventory: object, runtime: Runtime): Promise<void> => {
    const isNew = runsOn !== runtime;
    if (isNew) {
      await boots();
      // pm2.binary changes to the other one
      if (runtime === 'pm2') await host.run(`for link in /usr/local/bin/pm2-runtime /opt/other; do
        ln -s /usr/local/lib/pm2/node_modules/pm2/bin/pm2-runtime $link
      done`);
      runsOn = runtime;
    }
    writeFileSync(join(dir, 'inventory.yaml'), JSON.stringify(inventory));
    await good('build');
    await run('secrets', 'push', '--on', 'one');
    await good(...APPLY, '--allow', 'live');
    await deploy(runtime, '--switch');
    await deploy(runtime);
    // a site may lead to the other app, too, of which something is live
    if (isNew) {
      writeFileSync(join(dir, 'back'), readFileSync(join(import.meta.dirname, 'server.pl'), 'utf8')
        .replaceAll('@VERSION@', `r${++releases}`), { mode: 0o755 });
      await good('deploy', 'back', 'back', '--on', 'one', '--switch');
    }
    await good(...APPLY);
  };

  beforeAll(() => {
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30',
      '-subj', '/CN=*.example.org', '-addext', 'subjectAltName=DNS:*.example.org',
      '-keyout', join(dir, 'other.key'), '-out', join(dir, 'other.crt'),
    ], { stdio: 'ignore' });
  });
  afterAll(async () => {
    await fleet?.stop();
    rmSync(dir, { recursive: true, force: true });
  });

  it.each(changes.map(change => [change.key, change.runtime, change] as const))(
    'answers while %s changes and changes back, under %s', async (key, runtime, change) => {
      const from = change.from as unknown as Inventory;
      if (installed !== JSON.stringify(from)) {
        installed = '';
        await installs(from, runtime);
      }
      // a directory that a site serves
      if (key === 'sites.*.paths.*.dir') await host.run('mkdir -p /opt/other; echo r0 >/opt/other/index.html');
      await host.run(`[[ $(readlink -f /opt/web/live) == */${slotOf(key)} ]] || /opt/vgen/bin/vgen switch web`);
      for (const [to, was] of [[change.inventory, from], [from, change.inventory]] as unknown as Inventory[][]) {
        if (!to || !was) continue;
        const before = await answered(was);
        const told = await foretold(to);
        const [ends, goes] = [told.some(({ action }) => action === 'end'), told.some(({ what }) => what === 'web')];
        const { done: ran, load } = await under(was, async () => {
          if (SECRETS.test(key)) await run('secrets', 'push', '--on', 'one');
          return run(...APPLY, ...ends ? ['--allow', 'live'] : []);
        });
        const words = `${key}\n${ran.stdout}${ran.stderr}\n${JSON.stringify(told)}\n${JSON.stringify(load)}`;
        const downtimes = told.flatMap(({ downtime }) => downtime ?? []);
        const isTold = (client: Client): boolean => downtimes.some(one => CLIENTS[client].downtime.test(one));
        const row = clients.map(client =>
          `${load[client].failed.length}/${load[client].requests}${isTold(client) ? ' foretold' : ''}`);
        const waiting = (await host.run('grep -c "^waiting" /var/lib/vgen/installed.tsv || true')).stdout.trim() !== '0';
        tell(`| ${key} | ${runtime} | ${row.join(' | ')} | ${
          ran.code === 0 ? waiting ? 'waits' : 'done' : `code ${ran.code}`} |`);
        for (const client of clients) {
          if (before.includes(client)) expect(isTold(client) ? [] : load[client].failed, `${client}: ${words}`).toEqual([]);
        }
        if (REFUSED.includes(key)) {
          expect(ran.code, words).not.toBe(0);
          for (const client of before) expect(load[client].failed, `${client}: ${words}`).toEqual([]);
          await foretold(was);
          break;
        }
        // neither put back nor refused: each of these changes can be made under a live slot
        expect(ran.code, words).toBe(0);
        if (to === change.inventory as unknown as Inventory) expect(waiting, words).toBe(waits.has(key));
        if (!goes) expect(await answered(to), words).toContain('app');
        // who asks where it was before is answered, or it was foretold that not
        const still = await answered(was);
        for (const client of ['app', 'site'] as const) {
          if (before.includes(client)) expect(still.includes(client), `${client}: ${words}`).toBe(!isTold(client));
        }
        const isHere = (await host.run('test -f /opt/vgen/apps/web.sh')).code === 0;
        if (goes && isHere) await deploy(runtime, '--switch');
        else if (waiting) {
          const switched = await under(to, () => deploy(runtime, '--switch'));
          expect(switched.load.app.failed, `the switch after ${words}`).toEqual([]);
          const counts = clients.map(one => `${switched.load[one].failed.length}/${switched.load[one].requests}`);
          tell(`| … its switch | ${runtime} | ${counts.join(' | ')} | |`);
        }
      }
      const plan = await run('plan', '--on', 'one');
      expect(plan.stdout, key).toMatch(/^one: nothing to do$/m);
      installed = JSON.stringify(from);
    }, 300_000);
});
