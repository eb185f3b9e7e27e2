// What every command declares: the list is whole, and an option has one meaning wherever it occurs.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sections } from '../src/commands/index.ts';
import * as options from '../src/commands/options.ts';
import { read, small, vgen, withFiles } from './vgen.ts';

/** Every command as it is called, with the module that declares it. */
const declared = Object.values(sections).flatMap(section => Object.entries(section)).flatMap(([name, entry]) => (
  'load' in entry ? [{ words: name, entry }]
    : Object.entries(entry.commands).map(([part, one]) => ({ words: `${name} ${part}`, entry: one }))));

const folder = join(import.meta.dirname, '../src/commands');
const modules = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path => path.endsWith('.ts'));
const isCommand = (path: string): boolean => read(folder, path).includes('export const command = defineCommand(');

it('every module of a command stands in the list under the name of its file, and has a summary', () => {
  const files = modules.filter(isCommand).map(path => path.replace(/\.ts$/, '').replace('/', ' ')).sort();
  expect(files).toEqual(declared.map(one => one.words).sort());
  for (const { words, entry } of declared) {
    expect(String(entry.load), words).toContain(`${words.replace(' ', '/')}.ts`);
    expect(entry.summary, words).toMatch(/^.{9,78}[^.]$/);
  }
});

it('modules are imported by literal paths, so that a bundler sees them', () => {
  for (const path of modules) expect(read(folder, path), path).not.toMatch(/import\((?!')/);
});

it.each(declared)('$words: examples call the command, options have a help text', async ({ words, entry }) => {
  const { command } = await entry.load();
  expect(Object.keys(command.examples)[0]).toContain(`vgen ${words}`);
  for (const [name, { help }] of Object.entries({ ...command.arguments, ...command.options })) {
    expect(help, name).toMatch(/^\S.{9,}[^.]$/);
  }
});

it('one option has one letter, one form and one meaning in all commands', async () => {
  const shared = new Map(Object.entries({ ...options.rollingOut, ...options.comparing, lines: options.lines }));
  for (const { words, entry } of declared) {
    const { command } = await entry.load();
    for (const [name, { letter, placeholder, help, kind, default: written }] of Object.entries(command.options)) {
      const one = shared.get(name);
      if (one) {
        expect({ letter, placeholder, help, kind, written }, `${words} --${name}`)
          .toEqual({
            letter: one.letter, placeholder: one.placeholder, help: one.help, kind: one.kind, written: one.default,
          });
      } else {
        const clash = [...shared].find(([, other]) => letter !== null && other.letter === letter);
        expect(clash, `${words} -${letter ?? ''}`).toBeUndefined();
      }
    }
  }
});

it('all commands but the one that prints a key answer with --json', async () => {
  for (const { words, entry } of declared) {
    if (words === 'certs ca') continue;
    expect((await entry.load()).command.options, words).toHaveProperty('json');
  }
});

it('a host that cannot be reached is named, with the key of its connection, and no empty table is shown', () => {
  const inventory = 'hosts: { eu1: { address: 127.0.0.1, ssh: { port: 1 } } }\n';
  return withFiles({ 'inventory.yaml': inventory }, async dir => {
    const [audit, doctor] = [await vgen(dir, ['audit']), await vgen(dir, ['doctor'])];
    expect([audit.code, audit.stdout]).toEqual([2, '']);
    expect(audit.stderr).toMatch(/^eu1: unreachable: /m);
    expect(doctor.stdout).toContain('check hosts.eu1.ssh in the inventory');
  });
});

it.concurrent.each([
  ['help bild', 'vgen: unknown command "bild"; did you mean build?'],
  ['bild --help', 'vgen: unknown command "bild"; did you mean build?'],
  ['help certs isue', 'vgen: unknown command "isue"; did you mean issue?'],
  ['help nonsense', 'vgen: unknown command "nonsense"\n'],
  ['build -o /proc/vgen/out', 'vgen: "/proc/vgen" '],
  ['init new/', 'vgen: "new/" names no file; write one such as new/inventory.yaml'],
  ['why web1/etc/motd:0', 'vgen: "web1/etc/motd:0" is no place: the first line is 1'],
  ['apply none.json', 'vgen: "none.json" is not there, or a directory above it (ENOENT)'],
  ['apply .', 'vgen: "." is a directory, and a file belongs there'],
  ['apply inventory.yaml', 'vgen: inventory.yaml is no plan: it is not JSON'],
  ['apply --allow live,sshd', 'vgen: --allow takes one word; repeat it: --allow live --allow sshd'],
])('vgen %s: refused, with what to write instead', (words, said) => withFiles({
  'inventory.yaml': small,
}, async dir => {
  const { code, stdout, stderr } = await vgen(dir, words.split(' '));
  expect([code, stdout, stderr.slice(0, said.length)]).toEqual([2, '', said]);
}));
