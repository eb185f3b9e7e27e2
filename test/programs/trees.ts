// Every tree the tests give to real programs, and the secrets that are put into them: nasty, but such that each
// grammar of their files can carry them.
import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { compile } from '../../src/compile.ts';
import { toText } from '../../src/print/report.ts';
import type { HostTree } from '../../src/contract/tree.ts';
import { goldenCases } from '../golden.ts';

export interface Tree extends HostTree {
  /** `two-apps/app1`: the golden case (or "example") and the host. */
  readonly name: string;
}

const example = { name: 'example', inventory: join(import.meta.dirname, '../../inventory.example.yaml') };

export const trees: readonly Tree[] = (await Promise.all([example, ...goldenCases].map(async ({ name, inventory }) => {
  const compilation = await compile([inventory]);
  const made = [...compilation.trees()].map(tree => ({ ...tree, name: `${name}/${tree.host.name}` }));
  if (compilation.failed()) throw new Error(toText(compilation.source, compilation.diagnostics));
  return made;
}))).flat();

export const treeNamed = (name: string): Tree => {
  const found = trees.find(tree => tree.name === name);
  if (!found) throw new Error(`no tree "${name}"`);
  return found;
};

/** The trees that have a file of this path, which is relative: `etc/nginx/nginx.conf`. */
export const treesWith = (path: string): Tree[] => trees.filter(({ entries }) =>
  entries.some(entry => entry.path === path));

/** Values of all secrets of the inventories. Supervisor carries no value with both kinds of quotes. */
export const secretValues: Readonly<Record<string, string>> = {
  redisPassword: 'p w" %s %(here)s %d #x ;y \\n\\ $HOME `id` ł🔥 a,b=c',
  smtpUser: 'it\'s 100%% #1 @vgen(sh:x) {a,b}',
  smtpPass: '  ;#leading "and" trailing = ',
  turnKey: 'YWJj+/==',
  ngrokToken: 'no: "#\t\u2028\' \\x \u{1f525} *a &b',
  ngrok: '2026-01-02',
  dbPassword: 'p@ss "\'\\`id`$HOME\n  # 50% \u00a0;',
  sessions: 'both \' and " \\x41 \u0001 ż #',
  web: 'sha "256" %s',
  report: ' >~* +@all',
  dnsToken: 'a, #b "c" $d ;e',
  wildcardKey: generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
  cachePassword: 'c@che "pw" #1 %/',
  shopPassword: 'it\'s \\ a "p/w" $1; -- ł',
  statsPassword: 'E\'\\n',
  queuePassword: 'q"ue/ue \u0001',
  mailPassword: '\ud83d\udd25 \\',
  docsPassword: 'a`${b}`"',
  backupKey: generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  backupPassword: 'a "b" \'c\' $d',
  mongoKey: 'YWJj+/==',
  mongoAdmin: 'root "1"',
};
