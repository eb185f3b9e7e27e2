// What README.md shows is what happens. The commands for hosts ("sh host") run in vanilla.test.ts, on hosts.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandsOf } from './readme.ts';

const root = join(import.meta.dirname, '..');
const work = mkdtempSync(join(tmpdir(), 'vgen-readme-'));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
afterAll(() => rmSync(work, { recursive: true, force: true }));

mkdirSync(join(work, 'bin'));
symlinkSync(join(root, 'dist/cli.js'), join(work, 'bin/vgen'));
const run = (command: string): { status: number | null; stdout: string; stderr: string } =>
  spawnSync('bash', ['-c', command], {
    cwd: work, encoding: 'utf8', env: {
      ...process.env, NO_COLOR: '1', XDG_CACHE_HOME: join(work, 'cache'),
      PATH: `${join(work, 'bin')}:${process.env['PATH'] ?? ''}`,
    },
  });

describe('README.md', () => {
  it('begins with the two commands of a checkout, which CI runs', () => {
    expect(commandsOf('sh checkout'))
      .toEqual(['npm ci && npx vgen build -i inventory.example.yaml', 'npm ci && npm test']);
    const ci = readFileSync(join(root, '.ci/run'), 'utf8');
    for (const part of ['npm ci', 'npx vgen build -i inventory.example.yaml', 'npm test']) expect(ci).toContain(part);
  });

  it.each(commandsOf('sh'))('%s', command => {
    const { status, stdout, stderr } = run(command);
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).not.toBe('');
  });

  it('shows the words of a mistake as they are', () => {
    const text = readFileSync(join(root, 'inventory.example.yaml'), 'utf8');
    writeFileSync(join(work, 'inventory.yaml'), text.replace('green: { port: 20001 }', 'green: { port: 20000 }'));
    const { status, stderr } = run('vgen validate');
    const [, shown = ''] = /^```\n(inventory\.yaml:[\s\S]*?)^```$/m.exec(readme) ?? [];
    expect(stderr).toBe(`${shown}\n1 error\n`);
    expect(status).toBe(1);
  });

  it('names every command, option of build and section that there is', () => {
    const help = run('vgen --help').stdout;
    const commands = [...help.matchAll(/^ {2}(\w+) /gm)].map(([, name]) => name)
      .filter(name => name !== 'help' && name !== 'vgen');
    expect(commands.length).toBeGreaterThan(6);
    expect(commands.filter(name => !new RegExp(`\\b${name}\\b`).test(readme))).toEqual([]);
    const { properties } =
      JSON.parse(readFileSync(join(root, 'schema/inventory.schema.json'), 'utf8')) as { properties: object };
    expect(Object.keys(properties).filter(section => !readme.includes(`\`${section}\``))).toEqual([]);
  });

  const lacksAge = spawnSync('age', ['--version']).error !== undefined;
  it.skipIf(lacksAge)('begins the example of three tiers with commands that work as they stand (needs age)', () => {
    const example = join(work, 'three-tiers');
    cpSync(join(root, 'examples/three-tiers'), example, { recursive: true });
    mkdirSync(join(work, '.config/vgen'), { recursive: true });
    expect(run('age-keygen -o .config/vgen/identity.txt').status).toBe(0);
    const commands = commandsOf('sh tiers');
    const hosts = commands.findIndex(command => command.startsWith('vgen secrets'));
    for (const command of commands.slice(0, hosts)) {
      const { status, stderr } = run(`cd three-tiers && HOME=${work} && ${command}`);
      expect(status, `${command}\n${stderr}`).toBe(0);
    }
    expect(readFileSync(join(example, 'ca.crt'), 'utf8')).toContain('BEGIN CERTIFICATE');
    expect(readFileSync(join(example, 'secrets/ca.key.age'), 'latin1')).toMatch(/^age-encryption/);
  });

  it('counts the lines of the example', () => {
    expect(readme)
      .toContain(`${readFileSync(join(root, 'inventory.example.yaml'), 'utf8').trimEnd().split('\n').length} lines`);
  });
});
