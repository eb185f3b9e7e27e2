// What a build does to out/: only what differs is written, only what vgen wrote is removed, and whatever goes wrong
// leaves the tree that was there.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { Failure } from '../src/contract/diagnostic.ts';
import { emit, type Changes, type EmitOptions } from '../src/emit.ts';
import { read, small, start, vgen, withFiles, write } from './vgen.ts';

/** Compiles and writes in this process. */
async function build(dir: string, inventory: string, options: Partial<EmitOptions> = {}): Promise<Changes> {
  write(dir, { 'inventory.yaml': inventory });
  const compilation = await compile([join(dir, 'inventory.yaml')]);
  const fleet = new Set(compilation.model?.hosts.map(({ name }) => name));
  return emit(compilation.trees(), { out: join(dir, 'out'), fleet, proceed: () => !compilation.failed(), ...options });
}

/** Every path below `dir` with all that tells whether somebody touched it. */
const state = (dir: string): Record<string, string> => Object.fromEntries(glob.sync('**', { cwd: dir, dot: true, onlyFiles: false, followSymbolicLinks: false }).sort().map(path => {
  const stat = lstatSync(join(dir, path));
  const content = stat.isSymbolicLink() ? readlinkSync(join(dir, path)) : stat.isFile() ? read(dir, path) : '';
  return [path, `${(stat.mode & 0o7777).toString(8)} ${stat.isDirectory() ? '' : `${stat.ino} ${stat.mtimeMs}`} ${content}`];
}));

/** The same without times: what two builds of one inventory have in common. */
const tree = (dir: string): Record<string, string> => Object.fromEntries(Object.entries(state(dir)).map(([path, text]) => [path, text.replace(/ \d+ [\d.]+ /, ' ')]));

const refusal = async (work: Promise<unknown>): Promise<[exit: number, message: string]> => {
  try { await work; } catch (cause) { if (cause instanceof Failure) return [cause.exit, cause.message]; throw cause; }
  throw new Error('it was not refused');
};

const without = (text: string, line: RegExp): string => text.split('\n').filter(one => !line.test(one)).join('\n');

describe('what differs', () => {
  it('is written alone: files that stay are not even touched', () => withFiles({}, async dir => {
    await build(dir, small);
    const before = state(join(dir, 'out'));
    const changes = await build(dir, small.replace('"one\\n"', '"this is ${host.name}\\n"'));
    const after = state(join(dir, 'out'));
    const touched = Object.keys(after).filter(path => after[path] !== before[path]);
    expect(touched).toEqual(['web1/SHA256SUMS', 'web1/etc/motd', 'web2/SHA256SUMS', 'web2/etc/motd']);
    expect(changes).toMatchObject({ added: [], changed: touched, removed: [], hosts: 2 });
  }));

  it('is removed with the directories that it leaves empty: a file, and a host', () => withFiles({}, async dir => {
    await build(dir, `${small}  /opt/tools/deep/er: { content: x }\n  /opt/tools/kept: { content: x }\n`);
    const changes = await build(dir, without(`${small}  /opt/tools/kept: { content: x }\n`, /web2/));
    expect(changes.removed).toContain('web1/opt/tools/deep/er');
    expect(changes.removed.filter(path => path.startsWith('web2/')).length).toBeGreaterThan(10);
    expect(readdirSync(join(dir, 'out'))).toEqual(['.gitattributes', 'web1']);
    expect(readdirSync(join(dir, 'out/web1/opt/tools'))).toEqual(['kept']);
  }));

  it('leaves what vgen did not write, whatever is built around it', () => withFiles({}, async dir => {
    await build(dir, `${small}  /opt/tools/mine: { content: x }\n`);
    const own = { 'out/README': 'a', 'out/web1/notes': 'b', 'out/web1/opt/tools/yours': 'c', 'out/web2/etc/notes': 'd', 'out/other/file': 'e', 'out/.git/HEAD': 'f' };
    write(dir, own);
    await build(dir, without(small, /web2/));
    for (const [path, text] of Object.entries(own)) expect(read(dir, path)).toBe(text);
    expect(tree(join(dir, 'out/web2'))).toEqual({ etc: '755  ', 'etc/notes': '644 d' });
  }));

  it('may be a file where there was a directory, and the other way round', () => withFiles({}, async dir => {
    const file = `${small}  /opt/x: { content: file }\n`;
    const directory = `${small}  /opt/x/y/z: { content: inside }\n`;
    for (const [inventory, path] of [[file, 'opt/x'], [directory, 'opt/x/y/z'], [file, 'opt/x']] as const) {
      await build(dir, inventory);
      expect(lstatSync(join(dir, 'out/web1', path)).isFile()).toBe(true);
    }
  }));
});

describe('what vgen did not write', () => {
  const plant: [string, (dir: string) => void][] = [
    ['a file where a file goes', dir => writeFileSync(join(dir, 'out/web1/etc/motd'), 'mine')],
    ['a file where a directory goes', dir => writeFileSync(join(dir, 'out/web1/etc/more'), 'mine')],
    ['a link where a file goes', dir => symlinkSync('/etc/hostname', join(dir, 'out/web1/etc/motd'))],
    ['a link where a directory goes', dir => symlinkSync(join(dir, 'elsewhere'), join(dir, 'out/web1/etc/more'))],
  ];
  const one = 'hosts: { web1: { address: 192.0.2.1 } }\n';
  const more = `${one}files: { /etc/motd: { content: one }, /etc/more/over: { content: two }, /etc/new: { content: three } }\n`;

  it.each(plant)('%s: exit 3, nothing written; --force takes it', (_, put) => withFiles({ 'elsewhere/over': 'theirs' }, async dir => {
    await build(dir, `${one}files: { /etc/old: { content: x } }\n`);
    put(dir);
    const before = state(dir);
    const [exit, message] = await refusal(build(dir, more));
    expect(exit).toBe(3);
    expect(message).toMatch(/^vgen did not write ".*\/out\/web1\/etc\/(motd|more)"; move them away, or overwrite them with --force$/);
    expect({ ...state(dir), 'inventory.yaml': '' }).toEqual({ ...before, 'inventory.yaml': '' });
    await build(dir, more, { force: true });
    expect([read(dir, 'out/web1/etc/motd'), read(dir, 'out/web1/etc/more/over')]).toEqual(['one', 'two']);
    expect(lstatSync(join(dir, 'out/web1/etc/more')).isDirectory()).toBe(true);
    expect(read(dir, 'elsewhere/over'), 'nothing is written through the link').toBe('theirs');
  }));

  it('a directory with files of others where a file goes: exit 3 even with --force', () => withFiles({ 'out/web1/etc/motd/mine': 'x' }, async dir => {
    expect((await refusal(build(dir, more, { force: true })))[0]).toBe(3);
    expect(Object.keys(state(join(dir, 'out')))).toEqual(['web1', 'web1/etc', 'web1/etc/motd', 'web1/etc/motd/mine']);
  }));

  it.each(['web1', 'web1/etc'])('a link planted at out/%s leads neither writing nor removing elsewhere', planted => withFiles({}, async dir => {
    await build(dir, more);
    const elsewhere = join(dir, 'elsewhere');
    execFileSync('mv', [join(dir, 'out', planted), elsewhere]);
    symlinkSync(elsewhere, join(dir, 'out', planted));
    const before = state(elsewhere);
    expect((await refusal(build(dir, more.replace('one', 'two'))))[0]).toBe(3);
    // a file is not wanted under etc any more: it would be removed
    expect((await refusal(build(dir, one)))[0]).toBe(3);
    expect(state(elsewhere)).toEqual(before);
  }));

  it('a manifest that names files outside its host removes none of them', () => withFiles({ 'inventory.yaml': small, 'precious': 'x' }, async dir => {
    await build(dir, small);
    writeFileSync(join(dir, 'out/web1/manifest.tsv'), `${read(dir, 'out/web1/manifest.tsv')}file\t/../../precious\t0644\n`);
    await build(dir, small);
    await build(dir, without(small, /web1/));
    expect(read(dir, 'precious')).toBe('x');
  }));
});

describe('a build that fails', () => {
  it('on a wrong inventory leaves every byte', () => withFiles({}, async dir => {
    await build(dir, small);
    const before = state(join(dir, 'out'));
    await build(dir, small.replace('one\\n', 'two ${host.region}'));
    await build(dir, small.replace('192.0.2.2', '192.0.2.1'), { fleet: new Set() });
    expect(state(join(dir, 'out'))).toEqual(before);
  }));

  it('on a full disk leaves every byte, and the next one succeeds (needs: root that may mount)', ({ skip }) => withFiles({}, async dir => {
    const out = join(dir, 'out');
    mkdirSync(out);
    try { execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', out], { stdio: 'ignore' }); } catch { skip('this process may not mount'); }
    try {
      await build(dir, small);
      const before = state(out);
      const big = small.replace('one', 'x'.repeat(700_000));
      const [exit, message] = await refusal(build(dir, big));
      expect([exit, message]).toEqual([2, `no space is left to write "${out}"; make room (ENOSPC)`]);
      expect(state(out)).toEqual(before);
      execFileSync('mount', ['-o', 'remount,ro', out]);
      expect(await refusal(build(dir, small.replace('one', 'two'))))
        .toEqual([2, expect.stringMatching(/^".*" cannot be accessed; check its owner and mode.* \(EROFS\)$/)]);
      execFileSync('mount', ['-o', 'remount,rw,size=8m', out]);
      await build(dir, big);
      expect(read(out, 'web2/etc/motd').length).toBe(700_001);
    } finally {
      execFileSync('umount', [out]);
    }
  }));

  it('half-way is taken up by the next: what it added is vgen\'s, what it left is gone', () => withFiles({}, async dir => {
    await build(dir, small);
    const before = tree(join(dir, 'out'));
    const manifest = read(dir, 'out/web1/manifest.tsv');
    // as a build leaves it that was killed after its first rename
    write(dir, { 'out/web1/etc/added': 'half', 'out/.vgen-staging/new/web1/manifest.tsv': `${manifest}file\t/etc/added\t0644\troot:root\n` });
    symlinkSync('999999999', join(dir, 'out/.vgen-staging.pid'));
    expect(await build(dir, small)).toMatchObject({ removed: ['web1/etc/added'] });
    expect(tree(join(dir, 'out'))).toEqual(before);
  }));

  it('kill -9 at any moment, then a build: the tree of a build that was never disturbed', () => withFiles({}, async dir => {
    const fleet = (text: string): string => `hosts:\n${Array.from({ length: 40 }, (_, i) => `  web${i}: { address: 192.0.2.${i + 1} }\n`).join('')}files:\n`
      + Array.from({ length: 20 }, (_, i) => `  /etc/${text}/${i}: { content: "${text} ${i}" }\n  /etc/both/${i}: { content: "${text}" }\n`).join('');
    for (const [i, delay] of [250, 350, 450, 700].entries()) {
      write(dir, { 'inventory.yaml': fleet(`text${i}`) });
      const child = start(dir, ['build']);
      const ended = new Promise(resolve => child.once('close', resolve));
      await sleep(delay);
      child.kill('SIGKILL');
      await ended;
    }
    await build(dir, fleet('end'));
    const converged = tree(join(dir, 'out'));
    rmSync(join(dir, 'out'), { recursive: true });
    await build(dir, fleet('end'));
    expect(converged).toEqual(tree(join(dir, 'out')));
  }));
});

it('of two builds at once one is refused with 3, or both are fine; never a mix', () => withFiles({ 'a.yaml': small, 'b.yaml': small.replace('one', 'two') }, async dir => {
  for (let round = 0; round < 3; round++) {
    const [a, b] = await Promise.all([vgen(dir, ['build', '-i', 'a.yaml']), vgen(dir, ['build', '-i', 'b.yaml'])]);
    const codes = [a.code, b.code];
    expect(codes, `${a.stderr}${b.stderr}`).toContain(0);
    expect(codes.every(code => code === 0 || code === 3), `${a.stderr}${b.stderr}`).toBe(true);
    const texts = ['web1', 'web2'].map(host => read(dir, `out/${host}/etc/motd`));
    expect(texts[0]).toBe(texts[1]);
    if (codes.includes(3)) expect(texts[0]).toBe(a.code === 0 ? 'one\n' : 'two\n');
    expect(readdirSync(join(dir, 'out'))).toEqual(['.gitattributes', 'web1', 'web2']);
  }
}));

it('a build under way refuses another with 3', () => withFiles({}, async dir => {
  mkdirSync(join(dir, 'out'));
  symlinkSync(String(process.ppid), join(dir, 'out/.vgen-staging.pid'));
  const [exit, message] = await refusal(build(dir, small));
  expect([exit, message]).toEqual([3, expect.stringMatching(`another build writes to ".*" \\(process ${process.ppid}\\)`)]);
}));

it('umask does not change what is written', () => withFiles({}, async dir => {
  const trees = [];
  for (const umask of [0o077, 0o000]) {
    const before = process.umask(umask);
    try {
      await build(dir, `${small}  /opt/run: { content: x, mode: "0755" }\n`);
      expect(process.umask(), 'given back').toBe(umask);
    } finally {
      process.umask(before);
    }
    trees.push(tree(join(dir, 'out')));
    rmSync(join(dir, 'out'), { recursive: true });
  }
  expect(trees[0]).toEqual(trees[1]);
  expect(trees[0]).toMatchObject({ web1: '755  ', 'web1/etc/motd': '644 one\n', 'web1/opt/run': '755 x' });
}));

describe('a build with nothing to do', () => {
  const own = { 'inventory.yaml': `include: hosts/*.yaml\ntemplates: mine\nfiles:\n  /etc/a: { template: a.njk }\n  /etc/b: { source: b.txt }\n  /etc/c: { content: c }\n`,
    'hosts/web1.yaml': 'hosts: { web1: { address: 192.0.2.1, region: eu } }\n', 'mine/a.njk': 'a {{ v.host.name | comment }}\n', 'b.txt': 'b' };
  const written = async (dir: string, ...args: string[]): Promise<string> => (await vgen(dir, ['build', ...args])).stdout.replace(/^.*files: (.*) \(.*\n$/, '$1');
  const edits: [string, (dir: string) => void, RegExp][] = [
    ['nothing', () => {}, /^0 written, \d+ unchanged, 0 removed$/],
    ['a touched inventory', dir => write(dir, { 'inventory.yaml': own['inventory.yaml'] }), /^0 written, \d+ unchanged, 0 removed$/],
    ['a file edited by hand', dir => writeFileSync(join(dir, 'out/web1/etc/c'), 'C'), /^1 written/],
    ['a mode changed by hand', dir => chmodSync(join(dir, 'out/web1/install.sh'), 0o644), /^1 written/],
    ['a file removed by hand', dir => rmSync(join(dir, 'out/web1/etc/c')), /^1 written/],
    ['a template of the user', dir => write(dir, { 'mine/a.njk': 'A\n' }), /^2 written/],
    ['a source of the user', dir => write(dir, { 'b.txt': 'B' }), /^2 written/],
    ['an included file', dir => write(dir, { 'hosts/web1.yaml': own['hosts/web1.yaml'].replace('.1', '.9').replace('web1', 'web9') }), /^\d\d written, 0 unchanged, \d\d removed$/],
    ['a further file that the glob finds', dir => write(dir, { 'hosts/web2.yaml': 'hosts: { web2: { address: 192.0.2.2 } }\n' }), /^[1-9]\d+ written/],
    ['a host that another branch left in out/', dir => execFileSync('cp', ['-r', join(dir, 'out/web1'), join(dir, 'out/web7')]), /^0 written, \d+ unchanged, \d\d removed$/],
    ['a build that was killed', dir => mkdirSync(join(dir, 'out/.vgen-staging/new'), { recursive: true }), /^0 written/],
  ];
  it.concurrent.each(edits)('is not fooled by %s', (_, edit, wanted) => withFiles(own, async dir => {
    await vgen(dir, ['build']);
    await sleep(40);
    expect(await written(dir)).toMatch(/^0 written/);
    edit(dir);
    expect(await written(dir)).toMatch(wanted);
    expect(existsSync(join(dir, 'out/.vgen-staging'))).toBe(false);
    expect((await vgen(dir, ['build', '--check'])).code).toBe(0);
  }));

  it('shows warnings again', () => withFiles({ 'inventory.yaml': `${small}secrets: { unused: { env: X } }\n` }, async dir => {
    for (let i = 0; i < 2; i++) expect((await vgen(dir, ['build'])).stderr).toMatch(/warning: unused secret "unused" \[secrets\/unused\][^]*1 warning\n$/);
  }));
});

describe('--check', () => {
  it('names what is missing, what differs and what is left over; writes nothing', () => withFiles({ 'inventory.yaml': small }, async dir => {
    await build(dir, `${small}  /etc/left: { content: x }\n`);
    write(dir, { 'inventory.yaml': small, 'out/web1/etc/motd': 'edited' });
    rmSync(join(dir, 'out/web2/etc/motd'));
    const before = state(dir);
    const { code, stdout } = await vgen(dir, ['build', '--check']);
    expect(code).toBe(1);
    for (const row of ['differs  out/web1/etc/motd', 'missing  out/web2/etc/motd', 'left     out/web1/etc/left', 'left     out/web2/etc/left']) expect(stdout.split('\n')).toContain(row);
    expect(stdout).toMatch(/\nout\/ is not what the inventory says: \d+ files; run "vgen build", review and commit\n$/);
    expect(state(dir)).toEqual(before);
    await build(dir, small);
    expect(await vgen(dir, ['build', '--check'])).toMatchObject({ code: 0, stdout: 'out/ is what the inventory says (2 hosts)\n' });
  }));
});

it('--on builds one host and leaves the others, even those that the inventory no longer has', () => withFiles({ 'inventory.yaml': small }, async dir => {
  await build(dir, small);
  const before = state(join(dir, 'out/web2'));
  write(dir, { 'inventory.yaml': without(small, /web2/).replace('one', 'two') });
  expect((await vgen(dir, ['build', '--on', 'web1'])).stdout).toMatch(/^1 host, \d+ files: 2 written/);
  expect(read(dir, 'out/web1/etc/motd')).toBe('two\n');
  expect(state(join(dir, 'out/web2'))).toEqual(before);
}));
