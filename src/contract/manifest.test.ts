import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { app, compiled } from '../../test/compiled.ts';
import { pathsOf, readManifest, readSums } from './manifest.ts';

const work = mkdtempSync(join(tmpdir(), 'vgen-manifest-'));
afterAll(() => rmSync(work, { recursive: true }));

describe('a manifest', () => {
  it('is read back as what was planned', async () => {
    const { trees, text } = await compiled(`apps: { shop: ${app(
      'runtime: systemd, env: { KEY: "${secret.key}" }',
    )} }\nsecrets: { key: { env: KEY } }\nusers: { ada: { groups: [adm] } }\n`);
    const read = readManifest(text('a', 'manifest.tsv'), 'manifest.tsv');
    const plan = trees.get('a')!.plan;
    expect(read.host).toBe('a');
    expect(read.packages).toEqual(plan.packages.map(({ name }) => name));
    expect(read.users).toContainEqual({ name: 'ada', home: '/home/ada', shell: '/usr/sbin/nologin', groups: ['adm'] });
    expect(read.files.map(({ path }) => path))
      .toEqual(plan.files.filter(({ kind }) => kind === 'file').map(({ path }) => path));
    expect(read.files.find(({ path }) => path === '/etc/vgen/env/shop-blue.env'))
      .toMatchObject({ mode: '0600', owner: 'root:root', triggers: ['slot:shop/blue'], check: null, secrets: ['key'] });
    expect([...read.units]).toEqual(plan.units.map(({ name, downtime }) => [name, downtime]));
  });

  it.each([
    ['files\t/etc/x', 'x:2: unknown kind "files"'], ['toString\tx', 'x:2: unknown kind'],
    ['package\tnginx', 'x:2: "package" needs name, why'],
    ['directory\t/etc\t\troot:root', 'x:2: "directory" needs path, mode, owner'],
  ])('with the line %j is refused', (line, message) => {
    expect(() => readManifest(`host\ta\n${line}\n`, 'x')).toThrow(message);
  });

  it('of another version still tells which paths it made', () => {
    expect(pathsOf('file\t/etc/x\t0644\nlink\t/etc/y\tx\ndirectory\t/etc/z\n'))
      .toEqual(['install.sh', 'manifest.tsv', 'SHA256SUMS', 'etc/x', 'etc/y']);
  });
});

it('SHA256SUMS is what sha256sum checks, and covers every file but itself', async () => {
  const { trees, text } = await compiled(`apps: { shop: ${app('runtime: systemd')} }\n`);
  const files = trees.get('a')!.entries.filter(entry => entry.kind === 'file');
  for (const file of files) {
    mkdirSync(dirname(join(work, file.path)), { recursive: true });
    writeFileSync(join(work, file.path), file.bytes);
  }
  expect(execFileSync('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: work, encoding: 'utf8' }))
    .toBe('');
  expect([...readSums(text('a', 'SHA256SUMS')).keys()].sort())
    .toEqual(files.map(({ path }) => path).filter(path => path !== 'SHA256SUMS').sort());
});
