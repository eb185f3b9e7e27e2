// docs/live.md: what changing each key does to a live slot, made by compiling each change. To accept another table:
// UPDATE=1 npx vitest run test/live-docs.test.ts, then read the diff.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compile } from '../src/compile.ts';
import { MANIFEST, readManifest } from '../src/contract/manifest.ts';
import { diffHost } from '../src/diff.ts';
import { emit } from '../src/emit.ts';
import { keyChanges, keysToTry, LEFT_OUT, type KeyChange } from './live-keys.ts';
import { read, withFiles, write } from './vgen.ts';

const CERTIFICATE = readFileSync(join(import.meta.dirname, 'golden/edge/wildcard.crt'), 'utf8');
const file = join(import.meta.dirname, '../docs/live.md');

const HEAD = `# What changing a key does to what is live

Made by \`test/live-docs.test.ts\`, which compiles each change for a host with an app that is served, a site and a Redis, and
tries them on a booted host under load (\`test/fleet/live-keys.test.ts\`). Do not edit.

Files that belong to the slot that is live wait until it is not live any more; what runs is not touched, and \`next\` has its files
at once. An example: blue is live on port 20000, and the inventory moves it to 20010.

1. \`vgen apply\`: blue goes on answering on 20000, also after a crash or a boot. \`vgen status\` says what waits.
2. \`vgen deploy web build/web --switch\`: green goes live. The same run then installs what waited: blue is next, on 20010. No other
   apply is needed.

Live is down where a switch would not go to it: its health path does not answer well, or nginx does not lead to it.
\`vgen status\`, \`plan\` and \`apply\` say so alike, and name the command that makes another release live.

*Switch*: what belongs to the slot waits for that; an app that *ends* is asked for again by \`vgen apply --allow live\`. *At once*:
what the install does beside that; where it names the slot's files, those of the live slot are left out until the switch. *Down*:
what \`vgen diff --impact\` foretells as an interruption, and whether it is refused without \`--allow live\`. In the table blue is
live, and something of \`back\`: without that \`vgen plan\` foretells a 502 and \`vgen apply\` is refused. Where the password or the
port of a datastore changes, the datastore has it at once and live asks with the former one until it is switched: apply and switch
in one go, or give the datastore a second user first. Two slots cannot exchange their ports in one step, since live keeps its port
until the switch: that is refused.

| key | from | to | switch | at once | down |
| --- | --- | --- | --- | --- | --- |
`;

const cell = (value: unknown): string =>
  (value === undefined || value === '' ? '-' : typeof value === 'string' ? value : JSON.stringify(value))
    .replaceAll('|', '\\|');

async function compiled(dir: string, inventory: object): ReturnType<typeof compile> {
  write(dir, { 'inventory.yaml': JSON.stringify(inventory), 'other.crt': CERTIFICATE });
  return compile([join(dir, 'inventory.yaml')]);
}

/** The row of a change; \`out/\` holds the inventory before it. */
async function rowOf({ key, before, after, inventory }: KeyChange, dir: string): Promise<string> {
  const compilation = await compiled(dir, inventory);
  const [tree] = [...compilation.trees(name => name === 'one')];
  const row = (...cells: readonly string[]): string => `| \`${key}\` | ${[before, after].map(cell).join(' | ')} | ${cells
    .join(' | ')} |\n`;
  const [wrong] = compilation.diagnostics.filter(({ severity }) => severity === 'error');
  if (!tree || wrong) return row(`refused: \`${wrong?.code ?? ''}\``, '-', '-');
  const { files, impact } = diffHost(tree, join(dir, 'out'));
  const former = readManifest(read(dir, `out/one/${MANIFEST}`), MANIFEST);
  const slotOf = new Map([
    ...former.files.map(({ path, slot }) => [path.slice(1), slot] as const),
    ...tree.entries.map(({ path, spec }) => [path, spec?.kind === 'file' ? spec.slot : null] as const),
  ]);
  const waits = files.map(({ path }) => slotOf.get(path.slice('one/'.length)) ?? '').filter(slot => slot !== '');
  const now = impact.filter(({ action }) => !/^(restart next|wait|close|end)/.test(action))
    .map(({ action, what }) => `${action} ${what}`);
  const ends = impact.some(({ action, what }) => action === 'end' && what === 'web');
  const down = impact.flatMap(({ action, downtime }) => (downtime === null ? []
    : action === 'end' ? `${downtime} (\`--allow live\`)` : downtime));
  return row(ends ? 'ends' : waits.length ? 'waits' : '-', cell([...new Set(now)].join(', ')),
    cell([...new Set(down)].join('; ')));
}

describe('docs/live.md', () => {
  it('says of every key that can reach a live slot what changing it does', () => withFiles({}, async dir => {
    let table = '';
    let installed = '';
    for (const change of keyChanges()) {
      const from = JSON.stringify(change.from);
      if (from !== installed) {
        installed = from;
        const compilation = await compiled(dir, change.from);
        emit(compilation.trees(), { out: join(dir, 'out'), fleet: null, proceed: () => true });
        expect(compilation.diagnostics.filter(({ severity }) => severity === 'error'), change.key).toEqual([]);
      }
      table += await rowOf(change, dir);
    }
    const left = Object.entries(LEFT_OUT).map(([key, why]) => `- \`${key}\`: ${why}\n`).join('');
    table += `\nNot in the table, and why:\n\n${left}`;
    if (process.env['UPDATE']) writeFileSync(file, HEAD + table);
    expect(readFileSync(file, 'utf8')).toBe(HEAD + table);
  }), 120_000);

  it('leaves out no key of the schema', () => {
    const tried = new Set(keyChanges().map(({ key }) => key));
    expect(keysToTry().filter(key => !tried.has(key))).toEqual([]);
  });

  it('knows why a key cannot be changed alone', () => {
    const refused = [...readFileSync(file, 'utf8').matchAll(/^\| `(.*?)` .* refused: `(.*?)`/gm)];
    expect(refused.map(([, key, code]) => [key, code])).toEqual([]);
  });
});
