// vgen rehearse as a user runs it: with what is theirs, a tree that is broken, a look round, and what is left after it.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { missing } from '../../src/rehearse/requirements.ts';
import type { Step } from '../../src/rehearse/step.ts';
import { cli, small, start, vgen, withFiles } from '../vgen.ts';

const root = join(import.meta.dirname, '../..');
const lack = missing();

interface Answer {
  good: boolean; steps: Step[]; notes: string[]; blamed: object[];
  notProven: { host: string; app: string | null; step: string; why: string }[];
}
interface Claim { owner: { pid: number } }

/** What still belongs to a fleet that had this slot: nothing, or another process has the slot by now. */
function leftOf(slot: string, pid: number): string[] {
  const run = `/run/vgen-rehearse/${slot}`;
  try {
    if ((JSON.parse(readFileSync(join(run, 'note.json'), 'utf8')) as Claim).owner.pid !== pid) return [];
  } catch {
    if (existsSync(run)) return [];
  }
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n')
    .filter(line => line.includes(`/disks/${slot}/`));
  const groups = spawnSync('find', ['/sys/fs/cgroup', '-type', 'd', '-name', `vgen${slot}`], { encoding: 'utf8' }).stdout
    .split('\n').filter(Boolean);
  const loops = spawnSync('losetup', ['--list', '--noheadings', '--output', 'BACK-FILE'], { encoding: 'utf8' }).stdout
    .split('\n').filter(line => line.includes(`/disks/${slot}/`));
  const links = spawnSync('ip', ['link', 'show', 'dev', `vgen${slot}`]).status === 0 ? [`vgen${slot}`] : [];
  return [run, `/run/netns/vgen${slot}`, `/var/cache/vgen/rehearse/disks/${slot}`].filter(path => existsSync(path))
    .concat(mounts, groups, loops, links);
}

/** Whether a process runs that was given this word, such as the name of a container. */
const runsWith = (word: string): boolean =>
  spawnSync('ps', ['-eo', 'args'], { encoding: 'utf8' }).stdout.includes(word);

const slotIn = (stderr: string): string => / is up at 10\.213\.(\d+)\./.exec(stderr)?.[1] ?? '';

/** A started vgen with what it has said so far on stderr, and its result. */
function rehearsal(dir: string, ...args: string[]) {
  const child = start(dir, ['rehearse', ...args]);
  const said = { text: '', result: '' };
  child.stderr?.on('data', data => { said.text += String(data); });
  child.stdout?.on('data', data => { said.result += String(data); });
  const ended = new Promise<{ code: number | null; signal: string | null }>(resolve =>
    child.on('close', (code, signal) => resolve({ code, signal })));
  const until = async (words: string): Promise<void> => {
    for (let i = 0; i < 3000 && !said.text.includes(words) && child.exitCode === null; i += 1) await sleep(50);
    expect(said.text).toContain(words);
  };
  return { child, pid: child.pid ?? 0, said, ended, until };
}

const broken = `templates: mine
hosts:
  web1: { address: 192.0.2.1 }
apps:
  web:
    binary: web
    command: ./web
    slots: { blue: { port: 20000 }, green: { port: 20001 } }
    listen: { live: 8000 }
  old:
    command: /usr/bin/java -jar old.jar
    slots: { blue: { port: 20002 }, green: { port: 20003 } }
`;
const mixed = `hosts:
  web1: { address: 192.0.2.7 }
packages: { python3: {}, python3-bson: {} }
secrets:
  caKey: { env: CA_KEY }
  token: { env: TOKEN }
  mongoKey: { env: MONGO_KEY }
  mongoAdmin: { env: MONGO_ADMIN }
  docsPassword: { env: DOCS_PASSWORD }
certs:
  ca: { certificate: ca.crt, key: caKey }
mongodb:
  docs: { hosts: all, keyFile: mongoKey, admin: mongoAdmin, databases: { own: { password: docsPassword } } }
ngrok:
  authtoken: token
  tunnels: { live: { app: own, link: live, domain: own.example.net } }
apps:
  public:
    command: [./bin/server, --fast]
    slots: { blue: { port: 3010 }, green: { port: 3011 } }
    listen: { address: 192.0.2.7, live: 81, next: 8081 }
    keepalive: 8
  own:
    binary: own
    command: ./own \${slot.port}
    uses: [docs]
    slots: { blue: { port: 3020 }, green: { port: 3021 } }
    listen: { live: 82 }
    health: /up
  old:
    command: /usr/bin/java -jar old.jar
    slots: { blue: { port: 20002 }, green: { port: 20003 } }
`;
/** A load balancer that verifies what is behind it as public: certificates of the user's, and of an ACME server. */
const publicHops = `hosts:
  lb: { address: 192.0.2.30, private: 10.8.4.10 }
  app1: { address: 192.0.2.31, private: 10.8.4.1 }
secrets: { wildKey: { env: WILD_KEY } }
certs:
  own: { wild: { certificate: wild.crt, key: wildKey } }
  acme: { hosts: app1, email: ops@example.net, server: "https://ca.example.net/directory" }
apps:
  web:
    hosts: app1
    binary: web
    command: ./web \${slot.port}
    slots: { blue: { port: 20000 }, green: { port: 20001 } }
sites:
  shop: { hosts: lb, domains: [shop.example.net], certificate: wild, paths: { /: { site: got }, /own: { site: given } } }
  got: { hosts: app1, domains: [inside.example.org], certificate: acme, paths: { /: { app: web } } }
  given: { hosts: app1, domains: [own.example.net], certificate: wild, paths: { /own: { app: web } } }
`;
const golden = (name: string): string => readFileSync(join(root, 'test/golden/edge', name), 'utf8');
/** A server that does not know how long its answers are. */
const own = `#!/usr/bin/python3
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b"2\\r\\nok\\r\\n0\\r\\n\\r\\n")
    def log_message(self, *words): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
`;
/** An agent that runs on, with the words that its unit gives it. */
const agent = '#!/bin/sh\n[ "$1 $2" = "start --all" ] || exit 2\nexec sleep infinity\n';
/** A program that runs, and listens nowhere. */
const deaf = '#!/bin/sh\nexec sleep infinity\n';
const workers = `hosts:
  web1: { address: 192.0.2.1 }
apps:
  mailer:
    binary: mailer
    command: ./mailer --queue mails
    slots: { blue: { port: 20000 }, green: { port: 20001 } }
    wait: 4s
  deaf:
    binary: deaf
    command: ./deaf \${slot.port}
    slots: { blue: { port: 20002 }, green: { port: 20003 } }
    health: /health
    wait: 4s
`;
const nginx = readFileSync(join(root, 'templates/nginx/etc/nginx/nginx.conf.njk'), 'utf8');

describe.skipIf(lack !== null)(`vgen rehearse (${lack ?? 'systemd-nspawn'})`, () => {
  it('names the line of the inventory behind what a host refuses, and the app that has no stand-in', () => withFiles({
    'inventory.yaml': broken,
    'mine/nginx/etc/nginx/nginx.conf.njk': nginx.replace('server_tokens off;', 'servre_tokens off;'),
  }, async dir => {
    expect((await vgen(dir, ['build'])).code).toBe(0);
    const { pid, said, ended } = rehearsal(dir);
    expect((await ended).code, said.text).toBe(1);
    const stdout = said.result;
    expect(stdout).toMatch(/unknown directive "servre_tokens" in \/etc\/nginx\/nginx\.conf:\d+/);
    expect(stdout).toMatch(/^inventory\.yaml:1:12 {2}templates {2}made web1\/etc\/nginx\/nginx\.conf:\d+ /m);
    expect(stdout)
      .toMatch(/^note: old was not deployed: its command begins with "\/usr\/bin\/java", which is not in its release/m);
    expect(stdout).toMatch(/^the rehearsal failed: web1: install; 1 host, 2 steps/m);
    expect(leftOf(slotIn(said.text), pid)).toEqual([]);
  }), 600_000);

  it('takes your artifact and programs, serves an address of the host, and skips by name what it cannot stand in '
    + 'for', () => withFiles({
    'inventory.yaml': mixed, 'build/own': own, 'build/agent': agent, 'ca.crt': golden('ca.crt'),
  }, async dir => {
    const built = await vgen(dir, ['build']);
    expect(built.code, built.stderr).toBe(0);
    const { said, ended } = rehearsal(
      dir, '--artifact', 'own=build/own', '--program', '/usr/local/bin/ngrok=build/agent',
      ...['mongod', 'mongosh'].flatMap(name =>
        ['--program', `/usr/bin/${name}=${join(import.meta.dirname, 'mongodb', name)}`]),
      '--requests', '300', '--switches', '3', '--clients', '3', '--json',
    );
    expect((await ended).code, said.text).toBe(0);
    const { steps, notes, notProven } = JSON.parse(said.result) as Answer;
    // all programs run, or the status of the apps would tell of their units
    expect(notProven.map(({ app, step }) => [app, step])).toEqual([[null, 'tunnels'], ['old', 'deploy']]);
    const what = (name: string): string | undefined => steps.find(({ step }) => step === name)?.what;
    expect(what('data docs')).toBe('a document written before the switches is read after them');
    const of = (app: string): Step[] => steps.filter(step => step.app === app);
    expect(of('old').map(({ step, result }) => [step, result])).toEqual([['deploy', 'skipped']]);
    for (const app of ['own', 'public']) {
      expect(of(app).filter(({ step }) => !step.startsWith('data '))).toHaveLength(6);
      expect(of(app).find(({ load }) => load !== null)?.load).toMatchObject({ failed: 0, resets: 0, flips: 3 });
    }
    expect(notes).toContain('your artifact for own: only GET was sent, and both releases were it');
    expect(notes)
      .toContainEqual(expect.stringMatching(/^old was not deployed: its command begins with "\/usr\/bin\/java"/));
  }), 600_000);

  it('replaces your certificates by pairs for the same names, which hops verify as public ones', () => withFiles({
    'inventory.yaml': publicHops, 'wild.crt': golden('wildcard.crt'),
  }, async dir => {
    expect((await vgen(dir, ['build'])).code).toBe(0);
    const { pid, said, ended } = rehearsal(dir, '--requests', '100', '--switches', '2', '--clients', '2', '--json');
    expect((await ended).code, said.text).toBe(0);
    const { steps, notes, notProven } = JSON.parse(said.result) as Answer;
    const what = (name: string): string | undefined => steps.find(({ step }) => step === name)?.what;
    expect(notProven).toEqual([]);
    expect(said.text).toMatch(/^app1: install: \d+ changes/m);
    expect(said.text).not.toMatch(/^warning/m);
    expect(leftOf(slotIn(said.text), pid)).toEqual([]);
    expect(what('public certificates'))
      .toBe('site-got: from a CA that stands in, since no ACME server can be asked here');
    expect(what('site shop')).toBe('/: rehearsal-2; /own: rehearsal-2; http: /: 301 to https://shop.example.net/');
    expect(notes).toContain('your certificates were replaced by pairs for the same names from a CA of the rehearsal');
  }), 600_000);

  it('rehearses out/ as it is, with a warning when that is old; stays up with --keep, and ends with Ctrl-C', () =>
    withFiles({ 'inventory.yaml': small }, async dir => {
      expect((await vgen(dir, ['build'])).code).toBe(0);
      const { child, pid, said, ended, until } = rehearsal(dir, '-i', 'inventory.yaml', '--keep', '--on', 'web1');
      await until('end it with Ctrl-C');
      const [, config = ''] = /ssh -F (\S+) web1/.exec(said.text) ?? [];
      const { stdout } = spawnSync('ssh', ['-F', config, 'web1', 'cat /etc/motd'], { encoding: 'utf8' });
      expect(stdout).toBe('one\n');
      const slot = slotIn(said.text);
      expect(leftOf(slot, pid)).not.toEqual([]);
      expect(runsWith(`--machine=v${slot}-0`)).toBe(true);
      child.kill('SIGINT');
      expect(await ended).toEqual({ code: 0, signal: null });
      expect(leftOf(slot, pid)).toEqual([]);
    }), 300_000);

  it('ends with Ctrl-C in the middle, and leaves nothing', () => withFiles({ 'inventory.yaml': small }, async dir => {
    expect((await vgen(dir, ['build'])).code).toBe(0);
    await withFiles({ 'inventory.yaml': small.replace('one', 'two') }, async changed => {
      const { child, pid, said, ended, until } = rehearsal(dir, '-i', join(changed, 'inventory.yaml'));
      await until('is up at');
      child.kill('SIGINT');
      expect(await ended).toEqual({ code: null, signal: 'SIGINT' });
      expect(said.text).toContain('warning: out/ is not what the inventory says: 4 files; it is rehearsed as it is');
      expect(leftOf(slotIn(said.text), pid)).toEqual([]);
    });
  }), 300_000);

  it('does not listen for an app: not for one that is told no port, nor for a build that listens nowhere', () =>
    withFiles({ 'inventory.yaml': workers, 'build/deaf': deaf }, async dir => {
      expect((await vgen(dir, ['build'])).code).toBe(0);
      const { said, ended } = rehearsal(dir, '--artifact', 'deaf=build/deaf', '--json');
      expect((await ended).code, said.text).toBe(1);
      const { steps, notes } = JSON.parse(said.result) as Answer;
      const failed = steps.filter(({ result }) => result === 'failed');
      expect(failed.map(({ app, step }) => [app, step])).toEqual([['deaf', 'deploy'], ['mailer', 'deploy']]);
      expect(failed[0]?.output).toMatch(/^error: deaf: green is not healthy .*: nothing answers \/health on port 20003$/m);
      expect(failed[1]?.output).toContain('nothing takes connections on port 2000');
      expect(notes).toContainEqual(expect.stringMatching(/^mailer is told no port and nobody asks it: its stand-in/));
    }), 300_000);

  it('leaves nothing after it was killed, once --end or the next rehearsal was there', () =>
    withFiles({ 'inventory.yaml': small }, async dir => {
      expect((await vgen(dir, ['build'])).code).toBe(0);
      const { child, said, ended, until, pid } = rehearsal(dir);
      await until('install: ');
      child.kill('SIGKILL');
      expect(await ended).toEqual({ code: null, signal: 'SIGKILL' });
      const ran = await vgen(dir, ['rehearse', '--end', '--json']);
      expect(ran.code, ran.stderr).toBe(0);
      expect(ran.stdout).toMatch(/^\{\s*"removed": \d+/);
      const slot = slotIn(said.text);
      expect(leftOf(slot, pid)).toEqual([]);
      expect(runsWith(`--machine=v${slot}-`)).toBe(false);
    }), 300_000);

  it('says in one line what is missing here', () => withFiles({ 'inventory.yaml': small }, async dir => {
    expect((await vgen(dir, ['build'])).code).toBe(0);
    // root without the right to mount, as in a container that was not given it
    const child = spawn('setpriv', ['--bounding-set=-sys_admin', process.execPath, cli, 'rehearse'], { cwd: dir });
    let stderr = '';
    child.stderr.on('data', data => { stderr += String(data); });
    expect(await new Promise(resolve => child.on('close', resolve))).toBe(2);
    expect(stderr)
      .toBe('vgen: overlayfs cannot be mounted here: in a container, give it --privileged; else modprobe overlay\n');
  }));
});
