// What is true of the sources: who imports whom, and what is called how.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import glob from 'fast-glob';
import { describe, expect, it } from 'vitest';
import type { Component } from '../src/contract/component.ts';
import { components } from '../src/components/index.ts';

const root = join(import.meta.dirname, '..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

describe('the house', () => {
  const sources = glob.sync('src/**/*.ts', { cwd: root }).filter(path => !path.endsWith('.test.ts'));
  const imports = (path: string): string[] => [...read(path).matchAll(/^import (?!type )[^;]*? from '(\.[^']+)'/gms)]
    .map(([, to]) => join(dirname(path), to ?? ''));
  /** Types, exports and import() too. */
  const allImports = (path: string): string[] =>
    [...read(path).matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, to]) => join(dirname(path), to ?? ''));
  const stages = ['load', 'validate', 'resolve', 'offer', 'check', 'plan', 'render', 'emit', 'diff']
    .map(name => `src/${name}.ts`);

  it('keeps one list of components: folders, templates and src/components/index.ts agree', () => {
    const folders = readdirSync(join(root, 'src/components'), { withFileTypes: true })
      .filter(entry => entry.isDirectory()).map(({ name }) => name).sort();
    expect(components.map(({ name }: Component) => name)).toEqual(folders);
    const planned = components.filter(({ plan }) => plan).map(({ name }) => name);
    // what several components plan is in src/kit and in templates/kit
    expect(readdirSync(join(root, 'templates')).filter(name => ![...planned, 'kit'].includes(name))).toEqual([]);
    for (const name of folders) {
      expect(existsSync(join(root, 'src/components', name, `${name}.test.ts`)), `${name}.test.ts`).toBe(true);
    }
  });

  it('joins its stages in compile and the commands alone', () => {
    for (const stage of stages) expect(imports(stage).filter(path => stages.includes(path)), stage).toEqual([]);
  });

  it('lets a component know the contract and the model, and no other component', () => {
    for (const path of sources.filter(one => /^src\/components\/[\w-]+\//.test(one))) {
      const foreign = imports(path)
        .filter(to => dirname(to) !== dirname(path) && !/^src\/((contract|kit)\/[\w-]+|schema\/kinds)\.ts$/.test(to));
      expect(foreign, path).toEqual([]);
    }
  });

  it('has no drawer without a name of its own', () => {
    expect(glob.sync(['src/**', 'test/**', 'templates/**'], { cwd: root })
      .filter(path => /^(utils?|helpers?|common|misc)\b/.test(basename(path)))).toEqual([]);
  });

  it('has no circle of imports, types included', () => {
    const done = new Set<string>();
    const circles: string[] = [];
    const follow = (path: string, way: readonly string[]): void => {
      if (way.includes(path)) circles.push([...way.slice(way.indexOf(path)), path].join(' → '));
      if (way.includes(path) || done.has(path)) return;
      for (const to of allImports(path).filter(one => sources.includes(one))) follow(to, [...way, path]);
      done.add(path);
    };
    for (const path of sources) follow(path, []);
    expect(circles).toEqual([]);
  });

  it('names a component in its folder only', () => {
    // words that the core and others use for the thing itself
    const words = [
      'files', 'host', 'jobs', 'logs', 'packages', 'secrets', 'sites', 'slots', 'system', 'users', 'volumes',
    ];
    /** Where a name is that of a program, of a grammar or of a command, and why. */
    const allowed: Readonly<Record<string, readonly string[]>> = {
      // programs that judge files, and grammars that values are encoded for
      'src/contract/component.ts': ['nginx', 'postgres', 'redis', 'sshd', 'supervisor', 'systemd'],
      'src/escape/nginx.ts': ['nginx'], 'src/escape/redis.ts': ['redis'],
      'src/escape/placeholder.ts': ['nginx', 'redis'],
      'src/components/files/known.ts': ['sshd'], 'src/components/sites/index.ts': ['nginx'],
      // Debian's packages and units
      'src/rehearse/base.ts': ['systemd'], 'src/rehearse/debs.ts': ['supervisor'],
      'src/fleet/doctor.ts': ['supervisor', 'systemd'],
      // areas of a host that may be guarded against changes
      'src/fleet/guard/blast.ts': ['firewall', 'sshd'],
      // "vgen logs nginx"; "vgen certs", which does for certificates what needs the CA
      'src/commands/logs.ts': ['nginx'], 'src/commands/certs/authority.ts': ['certs'],
      'src/fleet/certs/certificates.ts': ['certs'],
    };
    const found: string[] = [];
    for (const path of sources.filter(one => one !== 'src/components/index.ts')) {
      const text = read(path).replaceAll(/^\s*(\/\/|\*|\/\*\*).*$/gm, '').replaceAll(/\bcheck: '[a-z]+'/g, '')
        .replaceAll(/\.command\('[a-z]+'\)/g, '');
      for (const { name } of components) {
        if (path.startsWith(`src/components/${name}/`)) continue;
        const isNamed = !words.includes(name) && new RegExp(`(['"\`])${name}(\\.service)?\\1`).test(text);
        // its section, its templates
        const isUsed = (name !== 'secrets' && new RegExp(`sections\\['${name}'\\]`).test(text))
          || new RegExp(`(['"\`])${name}/(etc|opt)/`).test(text);
        if ((isNamed || isUsed) && !allowed[path]?.includes(name)) found.push(`${path}: ${name}`);
      }
    }
    expect(found).toEqual([]);
  });

  it('gives an exported name one meaning', () => {
    // what each component, and each command, exports by contract
    const contracts = ['schema', 'command'];
    const homes = new Map<string, string[]>();
    for (const path of sources) {
      const exported = read(path)
        .matchAll(/^export (?:async )?(?:const|let|function\*?|(?:abstract )?class|interface|type|enum) (\w+)/gm);
      for (const name of new Set([...exported].map(([, one = '']) => one))) {
        homes.set(name, [...homes.get(name) ?? [], path]);
      }
    }
    expect([...homes].filter(([name, paths]) => paths.length > 1 && !contracts.includes(name))).toEqual([]);
  });
});
