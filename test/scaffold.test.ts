// "npm run new" makes a component that builds, and what it makes goes away by a folder, a folder and a line.
import { spawnSync } from 'node:child_process';
import {
  cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'vgen-scaffold-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const copied = [
  'src', 'templates', 'scripts', 'schema', 'package.json', 'package-lock.json', 'tsconfig.json', 'eslint.config.mjs',
  'vitest.config.ts', 'test/house.test.ts', 'test/setup.ts',
];
for (const name of copied) cpSync(join(root, name), join(work, name), { recursive: true });
symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'));

const node = (...words: string[]): { status: number | null; text: string } => {
  const env = { ...process.env, XDG_CACHE_HOME: join(work, 'cache') };
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: work, encoding: 'utf8', env });
  return { status, text: stdout + stderr };
};

const text = (path: string): string => readFileSync(join(work, path), 'utf8');
const inventory = `hosts:
  web1: { address: 192.0.2.1, private: 10.0.0.1 }
  web2: { address: 192.0.2.2, private: 10.0.0.2 }
`;
const demo = `demoStore: { sessions: { hosts: web1, level: 5 } }
apps:
  api: { runtime: demo-store, uses: [sessions], command: ./api, slots: { blue: { port: 4000 }, green: { port: 4001 } } }
`;
/** Builds it with this vgen; what was said if that failed. */
const build = (written: string, vgen = join(work, 'dist/cli.js')): string => {
  writeFileSync(join(work, 'inventory.yaml'), written);
  const { status, text: said } = node(vgen, 'build');
  return status === 0 ? '' : said;
};

describe('npm run new', () => {
  it('refuses what is no name, and what is there already', () => {
    expect(node('scripts/new-component.mjs', 'No')).toMatchObject({ status: 2 });
    expect(node('scripts/new-component.mjs', 'key-store', '--what')).toMatchObject({ status: 2 });
    expect(node('scripts/new-component.mjs', 'nginx'))
      .toMatchObject({ status: 3, text: 'there is a component "nginx" already\n' });
  });

  it('makes components that type-check and join the schema', { timeout: 300_000 }, () => {
    expect(node('scripts/new-component.mjs', 'key-store')).toMatchObject({ status: 0 });
    const demoStore = node('scripts/new-component.mjs', 'demo-store', '--datastore', '--runtime', '--fleet');
    expect(demoStore.status, demoStore.text).toBe(0);
    const made = node('scripts/prepare.mjs', '--schema');
    expect(made.status, made.text).toBe(0);
    expect(text('schema/inventory.schema.json')).toContain('"keyStore"');
  });

  it('makes one that writes its file', () => {
    expect(build(`${inventory}keyStore: { level: 5 }\n`)).toBe('');
    expect(text('out/web1/etc/key-store.conf')).toBe('# Made by vgen from keyStore; do not edit.\nlevel 5\n');
  });

  it('makes a datastore that is a runtime and has a file of the fleet', () => {
    expect(build(inventory + demo)).toBe('');
    const header = '# Made by vgen from demoStore; do not edit.\n';
    expect(text('out/web1/etc/demo-store-sessions.conf')).toBe(`${header}level 5\n`);
    expect(existsSync(join(work, 'out/web2/etc/demo-store-sessions.conf'))).toBe(false);
    // its apps: the address of the store, the unit of a slot
    expect(text('out/web1/etc/vgen/env/api-blue.env')).toContain('SESSIONS_URL="tcp://127.0.0.1:7000"');
    expect(text('out/web2/etc/vgen/env/api-blue.env')).toContain('SESSIONS_URL="tcp://10.0.0.1:7000"');
    expect(text('out/web2/etc/systemd/system/api-green.service')).toContain('/opt/api/green/release/api');
    expect(text('out/web1/etc/vgen/exposure.txt')).toMatch(/^7000\t/m);
    // what belongs to no host
    expect(text('out/_fleet/demo-store/hosts.txt')).toBe(`${header}web1\nweb2\n`);
    expect(node('dist/cli.js', 'build', '--check')).toMatchObject({ status: 0 });
    expect(node('dist/cli.js', 'why', '_fleet/demo-store/hosts.txt:2').text)
      .toContain('templates/demo-store/_fleet/demo-store/hosts.txt.njk');
  });

  it('joins the half of a runtime into the engine, and dispatches to a name in kebab-case', () => {
    const halves = readdirSync(join(root, 'templates')).filter(name => existsSync(join(root, 'templates', name, 'runtime.sh')));
    expect(text('out/web1/opt/vgen/lib/runtime.sh').match(/(?<=^# ---- templates\/)[\w-]+(?=\/runtime\.sh$)/gm))
      .toEqual([...halves, 'demo-store'].sort());
    const script = `set -euo pipefail; lib=out/web1/opt/vgen/lib; . "$lib/runtime.sh"
      systemd_look() { process_state=running; process_detail="looked at $1"; }
      systemd_stop() { echo "stopped $1"; }
      app=api
      runtime_of=([blue]=demo-store [green]=demo-store)
      of_runtime blue look api-blue.service
      echo "$process_state, $process_detail"
      of_runtime green stop api-green.service
      has_own blue instance && ! has_own blue place && echo 'its own where it has one'
      demo-store_owns() { [[ $1 == /etc/demo/* ]]; }
      ask_runtimes owns /etc/demo/x && echo "$REPLY"
      ! ask_runtimes owns /etc/other || echo wrong`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: work, encoding: 'utf8' });
    expect(stdout + stderr).toBe('running, looked at api-blue.service\nstopped api-green.service\n'
      + 'its own where it has one\ndemo-store\n');
  });

  it('touches the folders of a runtime alone, beside its line in the list', () => {
    const differs = ['src', 'templates', 'scripts'].flatMap(name =>
      spawnSync('diff', ['-rq', join(root, name), join(work, name)], { encoding: 'utf8' }).stdout.split('\n'));
    expect(differs.filter(line => line && !/(key|demo)-store$/.test(line)))
      .toEqual([`Files ${root}/src/components/index.ts and ${work}/src/components/index.ts differ`]);
  });

  it('makes one whose mistakes have codes with its name, which can be allowed', () => {
    const wrong = (more: string): string => inventory + demo.replace('hosts: web1,', `hosts: all,${more}`);
    expect(build(wrong(''))).toContain('[demo-store/one-host]');
    expect(build(wrong(' allow: { demo-store/one-host: they are caches },'))).toBe('');
  });

  it('makes what keeps the rules of the house', { timeout: 120_000 }, () => {
    const linted = node('node_modules/eslint/bin/eslint.js', 'src/components/demo-store', 'src/components/key-store');
    expect(linted.status, linted.text).toBe(0);
    const tests = ['test/house.test.ts', 'src/components/demo-store'];
    const tested = node('node_modules/vitest/vitest.mjs', 'run', '--project', 'fast', ...tests);
    expect(tested.status, tested.text).toBe(0);
  });

  it('is undone by removing folders and a line: sources and trees are as before', { timeout: 60_000 }, () => {
    for (const name of ['key-store', 'demo-store']) {
      rmSync(join(work, 'src/components', name), { recursive: true });
      rmSync(join(work, 'templates', name), { recursive: true });
    }
    const lines = text('src/components/index.ts').split('\n').filter(line => !/keyStore|demoStore/.test(line));
    writeFileSync(join(work, 'src/components/index.ts'), lines.join('\n'));
    for (const name of ['src', 'templates', 'scripts']) {
      const { status, stdout } = spawnSync('diff', ['-r', join(root, name), join(work, name)], { encoding: 'utf8' });
      expect(status, stdout).toBe(0);
    }
    // dist/ as it is made of these sources
    expect(build(inventory, join(root, 'dist/cli.js'))).toBe('');
    expect(existsSync(join(work, 'out/_fleet'))).toBe(false);
    expect(readdirSync(join(work, 'out/web1/etc')).filter(name => /store/.test(name))).toEqual([]);
  });
});
