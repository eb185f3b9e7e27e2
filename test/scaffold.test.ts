// "npm run new" makes a component that builds, and what it makes goes away by a folder, a folder and a line.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'vgen-scaffold-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

for (const name of ['src', 'templates', 'scripts', 'schema', 'package.json', 'package-lock.json', 'tsconfig.json']) {
  cpSync(join(root, name), join(work, name), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(work, 'node_modules'));

const node = (...words: string[]): { status: number | null; text: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: work, encoding: 'utf8', env: { ...process.env, XDG_CACHE_HOME: join(work, 'cache') },
  });
  return { status, text: stdout + stderr };
};

describe('npm run new', () => {
  it('refuses what is no name, and what is there already', () => {
    expect(node('scripts/new-component.mjs', 'No')).toMatchObject({ status: 2 });
    expect(node('scripts/new-component.mjs', 'nginx'))
      .toMatchObject({ status: 3, text: 'there is a component "nginx" already\n' });
  });

  it('makes a component that type-checks, joins the schema and writes its file', { timeout: 120_000 }, () => {
    expect(node('scripts/new-component.mjs', 'key-store')).toMatchObject({ status: 0 });
    const made = node('scripts/prepare.mjs', '--schema');
    expect(made.status, made.text).toBe(0);
    expect(readFileSync(join(work, 'schema/inventory.schema.json'), 'utf8')).toContain('"keyStore"');
    writeFileSync(join(work, 'inventory.yaml'), 'hosts:\n  web1: { address: 192.0.2.1 }\nkeyStore: { level: 5 }\n');
    const built = node('dist/cli.js', 'build');
    expect(built.status, built.text).toBe(0);
    expect(readFileSync(join(work, 'out/web1/etc/key-store.conf'), 'utf8'))
      .toBe('# Made by vgen from keyStore; do not edit.\nlevel 5\n');
  });

  it('is undone by removing two folders and the line: all that vgen is built from is as before', () => {
    rmSync(join(work, 'src/components/key-store'), { recursive: true });
    rmSync(join(work, 'templates/key-store'), { recursive: true });
    const list = join(work, 'src/components/index.ts');
    const lines = readFileSync(list, 'utf8').split('\n');
    writeFileSync(list, lines.filter(line => !line.includes('keyStore')).join('\n'));
    for (const name of ['src', 'templates', 'scripts']) {
      const { status, stdout } = spawnSync('diff', ['-r', join(root, name), join(work, name)], { encoding: 'utf8' });
      expect(status, stdout).toBe(0);
    }
  });
});
