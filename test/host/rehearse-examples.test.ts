// Every example rehearsed whole, by the commands that the README gives: hosts from nothing, as they would be.
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { missing } from '../../src/rehearse/requirements.ts';
import type { Step } from '../../src/rehearse/step.ts';
import { full } from '../draw.ts';
import { listExamples } from '../examples.ts';
import { commandsOf } from '../readme.ts';
import { cli, withFiles } from '../vgen.ts';

const root = join(import.meta.dirname, '../..');
const lack = missing();

interface Answer {
  good: boolean; seconds: number; steps: Step[]; notes: string[];
  notProven: { host: string; app: string | null; step: string; why: string }[];
}

/** What is to be seen of each example besides a green rehearsal without a failed request. */
const expected: Readonly<Record<string, (answer: Answer) => void>> = {
  'inventory.example.yaml': vanilla,
  'examples/three-tiers/inventory.yaml': answer => tiers(answer, ['app1', 'app2'], 'shop.example.com'),
  'examples/three-tiers/staging.yaml': answer => tiers(answer, ['app1'], 'staging.example.com'),
};

const whatOf = ({ steps }: Answer) => (host: string, step: string, app: string | null = null): string | undefined =>
  steps.find(one => one.host === host && one.step === step && one.app === app && one.result === 'ok')?.what;

function vanilla(answer: Answer): void {
  const { steps, notProven } = answer;
  expect(notProven.map(({ host, step, why }) => `${host}: ${step}: ${why.split(' (')[0]}`).sort()).toEqual(
    ['eu1', 'us1'].flatMap(host => [
      `${host}: /usr/local/bin/ngrok: the tunnel agent: Debian has no package of it`,
      `${host}: tunnels: their other end is at ngrok`,
    ]),
  );
  for (const host of ['eu1', 'us1']) {
    expect(steps.filter(step => step.host === host).map(({ step }) => step)).toEqual([
      'boot', 'install', '/usr/local/bin/ngrok', 'install again', 'tunnels', 'deploy', 'switch', 'deploy the next',
      'switch under load', 'rollback', 'status',
    ]);
    expect(whatOf(answer)(host, 'install again')).toBe('nothing to do');
  }
}

function tiers(answer: Answer, apps: readonly string[], domain: string): void {
  const { notProven } = answer;
  const what = whatOf(answer);
  expect(notProven.map(({ host, app, step }) => [host, app ?? step].join(' ')).sort()).toEqual([
    ...apps.map(host => `${host} api`), 'data /usr/bin/mongod', 'data /usr/bin/mongosh',
  ]);
  expect(notProven.filter(({ app }) => app !== null).map(({ step, why }) => [step, why]))
    .toEqual(apps.map(() => ['data docs', '/usr/bin/mongod is not on data']));
  expect(notProven.find(({ step }) => step === '/usr/bin/mongod')?.why)
    .toMatch(/^mongodb "docs": Debian has no package of it .*; not started: mongod\.service$/);

  expect(what('data', 'certificates')).toBe('issued by a CA of the rehearsal: mongodb, postgres, rabbitmq, redis');
  expect(what('lb', 'public certificates')).toMatch(/^site-shop: got by certbot from an ACME server \(pebble\)$/);
  expect(what('lb', 'site shop')).toBe(
    `/: rehearsal-2; /api: rehearsal-2; http: /: 301 to https://${domain}/`,
  );
  for (const host of apps) {
    expect(what(host, 'site inside')).toBe('/: rehearsal-2; /api: rehearsal-2');
    expect(what(host, 'data cache', 'api')).toBe('a key written before the switches is read after them, over TLS');
    expect(what(host, 'data db', 'api'))
      .toBe('a row written before the switches is read after them, over TLSv1.3');
    expect(what(host, 'data queue', 'api'))
      .toBe('a message published before the switches is taken after them, over TLS');
  }
  expect(what('data', 'backup nightly')).toBe('backed up, and restored by the drill: cache, db-api, etc, logs, queue');
  expect(what('data', 'firewall'))
    .toMatch(/^from app1 \d+ open and \d+ closed, nobody listens on 27017; from (app2|backup) /);
}

/** The commands that build and rehearse an example: those of the README, with the place of this one in them. */
function commands(path: string): { build: string; rehearse: string } {
  const [build = '', rehearse = ''] = commandsOf('sh rehearsal of tiers');
  const here = (command: string): string => command.replace('examples/three-tiers/inventory.yaml', path);
  return { build: here(build), rehearse: here(rehearse) };
}

const examples = listExamples();

describe('the examples', () => {
  it('are all rehearsed, and it is said what is to be seen of each', () => {
    expect(examples.map(({ path }) => path).sort()).toEqual(Object.keys(expected).sort());
    const known = [null, ...examples.map(({ path }) => path)];
    expect(examples.filter(({ twinOf }) => !known.includes(twinOf))).toEqual([]);
  });
});

// twins are the same system in smaller or larger
const rehearsed = full ? examples : examples.filter(({ twinOf }) => twinOf === null);

describe.skipIf(lack !== null)(`a rehearsal proves, or says what it did not (${lack ?? 'systemd-nspawn'})`, () => {
  it.each(rehearsed)('is green for $path, and names what is not proven', ({ path }) => withFiles({}, async dir => {
    mkdirSync(join(dir, 'bin'));
    symlinkSync(cli, join(dir, 'bin/vgen'));
    for (const name of ['examples', 'inventory.example.yaml']) symlinkSync(join(root, name), join(dir, name));
    const run = (command: string): Promise<string> => new Promise((done, failed) => {
      execFile('bash', ['-c', command], {
        cwd: dir, maxBuffer: 2 ** 26,
        env: { ...process.env, PATH: `${join(dir, 'bin')}:${process.env['PATH'] ?? ''}` },
      }, (cause, stdout, stderr) => (cause ? failed(new Error(stderr + stdout)) : done(stdout)));
    });
    const { build, rehearse } = commands(path);
    await run(build);
    const answer = JSON.parse(await run(`${rehearse} --requests 500 --switches 2 --clients 5 --json`)) as Answer;
    console.info(`${path}: ${answer.steps.length} steps in ${answer.seconds.toFixed(0)} s`);
    expect(answer.good).toBe(true);
    const loads = answer.steps.filter(({ load }) => load !== null);
    expect(loads.length).toBeGreaterThan(0);
    for (const { host, app, load } of loads) {
      expect(load, `${host} ${app}`)
        .toMatchObject({ failed: 0, resets: 0, flips: 2, websockets: { opened: 5, dropped: 0 } });
    }
    expected[path]?.(answer);
  }), 900_000);
});
