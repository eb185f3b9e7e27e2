// The example of three tiers rehearsed whole, by the commands of the README: five hosts from nothing, as they would be.
import { execFile } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { join } from 'node:path';
import { mkdirSync, symlinkSync } from 'node:fs';
import { missing } from '../../src/rehearse/requirements.ts';
import type { Step } from '../../src/rehearse/step.ts';
import { commandsOf } from '../readme.ts';
import { cli, vgen, withFiles } from '../vgen.ts';

const root = join(import.meta.dirname, '../..');
const lack = missing();

interface Answer {
  good: boolean; seconds: number; steps: Step[]; notes: string[];
  notProven: { host: string; app: string | null; step: string; why: string }[];
}

describe.skipIf(lack !== null)(`a rehearsal proves, or says what it did not (${lack ?? 'systemd-nspawn'})`, () => {
  it('is green for three tiers, and names MongoDB as not proven', () => withFiles({}, async dir => {
    mkdirSync(join(dir, 'bin'));
    symlinkSync(cli, join(dir, 'bin/vgen'));
    symlinkSync(join(root, 'examples'), join(dir, 'examples'));
    const [build = '', rehearse = ''] = commandsOf('sh rehearsal of tiers');
    const run = (command: string): Promise<string> => new Promise((done, failed) => {
      execFile('bash', ['-c', command], {
        cwd: dir, maxBuffer: 2 ** 26,
        env: { ...process.env, PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}` },
      }, (cause, stdout, stderr) => (cause ? failed(new Error(stderr + stdout)) : done(stdout)));
    });
    await run(build);
    const stdout = await run(`${rehearse} --requests 500 --switches 2 --clients 5 --json`);
    const { good, seconds, steps, notProven } = JSON.parse(stdout) as Answer;
    console.info(`three tiers: ${steps.length} steps in ${seconds.toFixed(0)} s`);
    expect(good).toBe(true);
    const what = (host: string, step: string, app: string | null = null): string | undefined =>
      steps.find(one => one.host === host && one.step === step && one.app === app && one.result === 'ok')?.what;

    expect(notProven.map(({ host, app, step }) => [host, app ?? step].join(' ')).sort()).toEqual([
      'app1 api', 'app2 api', 'data /usr/bin/mongod', 'data /usr/bin/mongosh',
    ]);
    expect(notProven.filter(({ app }) => app !== null).map(({ step, why }) => [step, why]))
      .toEqual(['app1', 'app2'].map(() => ['data docs', '/usr/bin/mongod is not on data']));
    expect(notProven.find(({ step }) => step === '/usr/bin/mongod')?.why)
      .toMatch(/^mongodb "docs": Debian has no package of it .*; not started: mongod\.service$/);

    expect(what('data', 'certificates')).toBe('issued by a CA of the rehearsal: mongodb, postgres, rabbitmq, redis');
    expect(what('lb', 'public certificates')).toMatch(/^site-shop: got by certbot from an ACME server \(pebble\)$/);
    expect(what('lb', 'site shop')).toBe(
      '/: rehearsal-2; /api: rehearsal-2; http: /: 301 to https://shop.example.com/',
    );
    for (const host of ['app1', 'app2']) {
      expect(what(host, 'site inside')).toBe('/: rehearsal-2; /api: rehearsal-2');
      for (const app of ['web', 'api']) {
        const load = steps.find(one => one.host === host && one.app === app && one.load !== null)?.load;
        expect(load, `${host} ${app}`)
          .toMatchObject({ failed: 0, resets: 0, flips: 2, websockets: { opened: 5, dropped: 0 } });
      }
      expect(what(host, 'data cache', 'api')).toBe('a key written before the switches is read after them, over TLS');
      expect(what(host, 'data db', 'api'))
        .toBe('a row written before the switches is read after them, over TLSv1.3');
      expect(what(host, 'data queue', 'api'))
        .toBe('a message published before the switches is taken after them, over TLS');
    }
    expect(what('data', 'backup nightly')).toBe('backed up, and restored by the drill: cache, db-api, etc, logs, queue');
    expect(what('data', 'firewall')).toMatch(/^from app1 \d+ open and \d+ closed, nobody listens on 27017; from app2 /);
  }), 900_000);

  it('does not listen for a worker that is told no port, and says so', () => withFiles({ 'inventory.yaml': `hosts:
  web1: { address: 192.0.2.1 }
apps:
  mailer:
    binary: mailer
    command: ./mailer --queue mails
    slots: { blue: { port: 20000 }, green: { port: 20001 } }
    wait: 4s
` }, async dir => {
    expect((await vgen(dir, ['build'])).code).toBe(0);
    const { code, stdout } = await vgen(dir, ['rehearse', '--json']);
    const { steps, notes } = JSON.parse(stdout) as Answer;
    expect(code).toBe(1);
    expect(steps.filter(({ result }) => result === 'failed').map(({ app, step }) => [app, step]))
      .toEqual([['mailer', 'deploy']]);
    expect(steps.find(({ result }) => result === 'failed')?.output).toContain('nothing takes connections on port 2000');
    expect(notes).toContainEqual(expect.stringMatching(/^mailer is told no port and nobody asks it: its stand-in/));
  }), 300_000);
});
