// nft reads the firewall of every tree, in a network of its own.
import { describe, expect, it } from 'vitest';
import { have } from '../programs.ts';
import { inside } from './namespace.ts';
import { treesWith } from './trees.ts';

const FILE = 'etc/nftables.d/vgen.nft';

export function nftTests(able: boolean): void {
  describe.skipIf(!able || !have('nft'))('nft (needs: root; apt-get install nftables)', () => {
    it('is asked about a tree', () => expect(treesWith(FILE).length).toBeGreaterThan(1));

    it.each(treesWith(FILE))('takes the firewall of $name, twice in a row, and takes it away again', tree =>
      inside(tree, async host => {
        const good = { code: 0, stdout: '', stderr: '' };
        expect(await host.run('nft', ['--check', '--file', `/${FILE}`])).toEqual(good);
        for (let i = 0; i < 2; i++) expect(await host.run('nft', ['--file', `/${FILE}`])).toEqual(good);
        const { stdout } = await host.run('nft', ['list', 'ruleset']);
        expect(stdout.match(/policy drop/g)).toHaveLength(2);
        expect(stdout.match(/dport/g)?.length)
          .toBe((await host.run('cat', [`/${FILE}`])).stdout.match(/dport/g)?.length);
        expect(await host.run('nft', ['table inet vgen; delete table inet vgen'])).toEqual(good);
        expect((await host.run('nft', ['list', 'ruleset'])).stdout).toBe('');
      }));
  });
}
