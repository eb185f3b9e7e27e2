// What belongs to the fleet and to no host: out/_fleet is made, compared and left like a host's directory.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile, type Compilation } from '../src/compile.ts';
import { components } from '../src/components/index.ts';
import { component, type FleetShare } from '../src/contract/component.ts';
import { error, Refused } from '../src/contract/diagnostic.ts';
import { diffFiles } from '../src/diff.ts';
import { emit } from '../src/emit.ts';
import { file } from '../src/kit/files.ts';
import { small, withFiles } from './vgen.ts';

const at = ['hosts'];

/** Compiles two hosts in a directory, with a component that makes this for the fleet. */
async function compiledWith(dir: string, planFleet: (hosts: string[]) => FleetShare): Promise<Compilation> {
  const zones = component<null>({
    name: 'zones', summary: 'For this test.', key: null, schema: null,
    planFleet: ({ model }) => planFleet(model.hosts.map(({ name }) => name)),
  });
  return compile([join(dir, 'inventory.yaml')], { components: [...components, zones] });
}

const build = (compilation: Compilation, out: string, check = false): ReturnType<typeof emit> =>
  emit([...compilation.trees(), ...compilation.fleetTree()], {
    out, check, fleet: new Set(['web1', 'web2']), proceed: () => !compilation.failed(),
  });

describe('out/_fleet', () => {
  it('holds files and resources, is listed, checked, compared and removed like a '
    + 'host\'s', () => withFiles({ 'inventory.yaml': small }, async dir => {
    const out = join(dir, 'out');
    const zone = (text: string) => (hosts: string[]): FleetShare => ({
      files: [file('/dns/example.com.zone', at, { text: `; Made by vgen.\n${hosts.join(' ')}${text}\n` })],
      resources: [{ kind: 'dashboard', name: 'web', data: { panels: [1] }, at }],
    });
    const first = await compiledWith(dir, zone(''));
    expect(build(first, out)).toMatchObject({ hosts: 2, changed: [], removed: [] });
    expect(readFileSync(join(out, '_fleet/dns/example.com.zone'), 'utf8')).toBe('; Made by vgen.\nweb1 web2\n');
    expect(JSON.parse(readFileSync(join(out, '_fleet/resources/dashboard/web.json'), 'utf8')))
      .toEqual({ kind: 'dashboard', name: 'web', data: { panels: [1] } });
    expect(readFileSync(join(out, '_fleet/manifest.tsv'), 'utf8'))
      .toMatch(/^fleet-file\t\/dns\/example\.com\.zone\thosts$/m);
    expect(readFileSync(join(out, '_fleet/SHA256SUMS'), 'utf8')).toMatch(/^[0-9a-f]{64} {2}dns\/example\.com\.zone$/m);
    expect(existsSync(join(out, '_fleet/install.sh'))).toBe(false);
    expect(build(first, out, true)).toMatchObject({ added: [], changed: [], removed: [] });

    const second = await compiledWith(dir, zone(' more'));
    expect(build(second, out, true).changed).toContain('_fleet/dns/example.com.zone');
    const [tree] = second.fleetTree();
    expect(tree && diffFiles(tree, out).find(({ path }) => path.endsWith('.zone')))
      .toMatchObject({ kind: 'changed', after: '; Made by vgen.\nweb1 web2 more\n' });

    const none = await compiledWith(dir, () => ({}));
    expect(none.fleetTree()).toEqual([]);
    expect(build(none, out).removed).toContain('_fleet/dns/example.com.zone');
    expect(existsSync(join(out, '_fleet'))).toBe(false);
    expect(existsSync(join(out, 'web1/install.sh'))).toBe(true);
  }));

  it('reports what a component refuses and what two make, at the inventory\'s line', () =>
    withFiles({ 'inventory.yaml': small }, async dir => {
      const twice = await compiledWith(dir, () => ({ files: ['a', 'b'].map(text => file('/one', at, { text })) }));
      twice.fleetTree();
      expect(twice.diagnostics)
        .toMatchObject([{
          code: 'plan/path-twice', message: '"/one" of the fleet is written by both zones and zones',
        }]);
      const refused = await compiledWith(dir, () => { throw new Refused(error('zones/wrong', at, 'it is wrong')); });
      expect(refused.fleetTree()).toEqual([]);
      expect(refused.diagnostics).toMatchObject([{ code: 'zones/wrong' }]);
    }));

  it('takes no secret and no path that a name could lead elsewhere', () =>
    withFiles({ 'inventory.yaml': small }, async dir => {
      const sealed =
        await compiledWith(dir, () => ({ files: [file('/one', at, { text: '' }, { secrets: ['token'] })] }));
      expect(() => sealed.fleetTree()).toThrow('without secrets');
      const outside = await compiledWith(dir, () => ({ resources: [{ kind: 'zone', name: '../web1', data: {}, at }] }));
      expect(() => outside.fleetTree()).toThrow('no plain name');
    }));

  it('is no name of a host', () =>
    withFiles({ 'inventory.yaml': 'hosts: { _fleet: { address: 192.0.2.1 } }\n' }, async dir => {
      expect((await compile([join(dir, 'inventory.yaml')])).failed()).toBe(true);
    }));
});
