// Files of a live slot that somebody edited on the host: what an install was told about them holds, and they change
// with the switch.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, bin, lack, Machine } from './machine.ts';
import type { Tree } from './tree.ts';

const file = '/opt/tick/green/nginx.conf';

describe.skipIf(lack !== null)(`local edits of what is live (${because})`, () => {
  let machine: Machine;
  let versions = 0;
  const ask = (script: string) => machine.ask(script);
  const edit = () => ask(`sed -i '1s/^/# by hand\\n/' ${file}`);
  const first = () => ask(`head -n 1 ${file}`);
  const nothing = async (tree: Tree) => expect(await machine.installed(tree)).toContain('one: nothing to do');
  const drift = async () => (JSON.parse((await machine.run(`${bin}/vgen status --json`)).stdout) as {
    drift: unknown[];
  }).drift;
  /** The fixture with a version of the file that no tree had before. */
  const another = (): Tree => {
    versions++;
    return same();
  };
  const same = (): Tree => machine.tree().edit(file.slice(1), 'server ', `# version ${versions}\nserver `);
  const refused = async (tree: Tree) =>
    expect(await machine.install(tree)).toMatchObject({ code: 3, text: expect.stringContaining(file) as string });
  const adopted = async (tree: Tree): Promise<void> => {
    const { code, text } = await machine.install(tree, '--adopt');
    expect([code, text]).toEqual([0, expect.stringContaining(`${file} keeps its local edits`)]);
    await nothing(tree);
    expect(await drift()).toEqual([{ path: file, host: 'adopted', tree: 'same' }]);
  };
  /** The live slot keeps what somebody wrote, of which there is a copy; nothing more is to be said about it. */
  const forced = async (tree: Tree): Promise<void> => {
    const { code, text } = await machine.install(tree, '--force');
    expect(code, text).toBe(0);
    expect(text).toContain('tick: live slot green keeps its former configuration until the next switch');
    const kept = /had local edits; that version is kept as (\S+); it is overwritten at the switch of tick$/m
      .exec(text)?.[1];
    await ask(`cmp ${kept} ${file}; grep -q 'by hand' ${file}`);
    await nothing(tree);
    expect(await drift()).toEqual([]);
  };
  /** The switch brings the tree's version; live is green again in the end. */
  const switched = async (tree: Tree): Promise<void> => {
    expect(await ask(`${bin}/vgen switch tick 2>&1`)).not.toMatch(/local edits|not all installed|error/);
    expect(await ask(`grep -c 'by hand' ${file} || grep version ${file}; stat -c '%F %a' ${file}`))
      .toBe(`0\n# version ${versions}\nregular file 644`);
    await nothing(tree);
    expect(await drift()).toEqual([]);
    await ask(`${bin}/vgen switch tick`);
    expect(await machine.slotOf('live', 'tick')).toBe('green');
  };

  beforeAll(async () => {
    machine = await Machine.bootWithApps();
    const tree = another();
    await machine.installed(tree);
    await switched(tree);
  });
  afterAll(() => machine?.stop());

  it('that were adopted go with the switch where the tree changed the file and --force was given', async () => {
    await edit();
    await adopted(same());
    const tree = another();
    await refused(tree);
    await forced(tree);
    await switched(tree);
  });

  it('that were adopted go with the switch where --force comes later, with the same tree', async () => {
    await edit();
    const tree = another();
    await refused(tree);
    await adopted(tree);
    await forced(tree);
    await switched(tree);
  });

  it('that were never adopted go with the switch, but for what is edited after --force', async () => {
    await edit();
    const tree = another();
    await forced(tree);
    await ask(`sed -i '1s/by hand/by hand, again/' ${file}`);
    await refused(tree);
    expect(await ask(`${bin}/vgen switch tick 2>&1`)).toMatch(/local edits since[^]*not all installed/);
    expect(await first()).toBe('# by hand, again');
    await ask(`${bin}/vgen switch tick`);
    await forced(tree);
    await switched(tree);
  });

  it('that made a link of the file are adopted, and go with the switch, in the same way', async () => {
    await ask(`sed '1s/^/# by hand\\n/' ${file} >/root/by-hand.conf; ln -sfn /root/by-hand.conf ${file}`);
    await adopted(same());
    const tree = another();
    await forced(tree);
    await switched(tree);
  });

  it('are mended at once where --force finds the tree as it was', async () => {
    await edit();
    const { code, text } = await machine.install(same(), '--force');
    expect([code, text]).toEqual([0, expect.stringMatching(/kept as \S+nginx\.conf$/m)]);
    expect(await first()).toContain('Made by vgen');
  });
});
