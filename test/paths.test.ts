// What commands make of paths: where they lead, what is said of those that cannot be used, and which were written.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cli, small, vgen, withFiles } from './vgen.ts';

const files = { 'inventory.yaml': small };

describe('paths', () => {
  it('of a starter in another directory lead to the schema', () => withFiles({}, async dir => {
    expect((await vgen(dir, ['init', 'fleet/prod.yaml'])).code).toBe(0);
    expect(readFileSync(join(dir, 'fleet/prod.yaml'), 'utf8'))
      .toContain('$schema=../node_modules/vgen/schema/inventory.schema.json\n');
    expect((await vgen(dir, ['init'])).code).toBe(0);
    expect(readFileSync(join(dir, 'inventory.yaml'), 'utf8'))
      .toContain('$schema=./node_modules/vgen/schema/inventory.schema.json\n');
  }));

  it('may be absolute where a line is asked for', () => withFiles(files, async dir => {
    for (const place of [join(dir, 'out/web1/etc/motd:1'), './out/web1/etc/motd:1', 'web1/etc/motd:1']) {
      expect((await vgen(dir, ['why', place])).stdout, place).toMatch(/^web1\/etc\/motd:1: one\n/);
    }
  }));

  it('that are gone or of another kind are named, with what to do', () => withFiles(files, async dir => {
    const said = async (...words: string[]): Promise<string> => (await vgen(dir, words)).stderr;
    expect((await vgen(dir, ['build'])).code).toBe(0);
    rmSync(join(dir, 'out/web1/etc/motd'));
    mkdirSync(join(dir, 'out/web1/etc/motd/kept'), { recursive: true });
    expect(await said('build')).toMatch(/^vgen: vgen did not write "out\/web1\/etc\/motd"; move them away/);
    rmSync(join(dir, 'out/web1/etc/motd'), { recursive: true });
    rmSync(join(dir, 'out/.gitattributes'));
    mkdirSync(join(dir, 'out/.gitattributes'));
    expect(await said('build'))
      .toBe('vgen: "out/.gitattributes" is a directory, and a file belongs there; move it away (EISDIR)\n');
    const gone = join(dir, 'gone');
    mkdirSync(gone);
    const { stderr } = spawnSync('sh', ['-c', `rmdir ${gone} && exec ${process.execPath} ${cli} build`], {
      cwd: gone, encoding: 'utf8',
    });
    expect(stderr).toBe('vgen: the working directory is not there any more; change to another one\n');
  }));
});

describe('.gitattributes', () => {
  it('is checked and completed, and what else it says stays', () => withFiles(files, async dir => {
    const file = join(dir, 'out/.gitattributes');
    expect((await vgen(dir, ['build'])).code).toBe(0);
    writeFileSync(file, '*.png binary');
    expect((await vgen(dir, ['build', '--check'])).stdout).toMatch(/^differs {2}out\/\.gitattributes\n/);
    expect((await vgen(dir, ['build'])).code).toBe(0);
    expect(readFileSync(file, 'utf8'))
      .toBe('*.png binary\n*/SHA256SUMS linguist-generated gitlab-generated -diff\n');
    expect((await vgen(dir, ['build', '--check'])).code).toBe(0);
  }));
});

describe('--json', () => {
  it('is one document where several files are written, and where the text is the result', () =>
    withFiles(files, async dir => {
      const data = async (...words: string[]): Promise<unknown> =>
        JSON.parse((await vgen(dir, [...words, '--json'])).stdout);
      expect(await data('export', 'ansible'))
        .toEqual({ written: ['ansible/inventory.yml', 'ansible/playbook.yml'] });
      expect(await data('ci', 'script', '--file', '-'))
        .toEqual({ text: expect.stringMatching(/^#!\/usr\/bin\/env bash\n# Made by vgen ci script/) });
    }));
});
