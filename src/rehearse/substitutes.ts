/**
 * What stands in for what only its owner has: the CA of the fleet, private halves of ssh keys, keys of hosts, and pairs
 * of user-supplied certificates. Their public halves stand in the trees, so these are rehearsed as copies in which
 * nothing else is changed.
 */
import { hash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSums, SUMS, sumsText } from '../contract/manifest.ts';
import { authorityOf, makeAuthority, sign, type Authority } from '../fleet/certs/authority.ts';
import { namesIn, readBundle } from '../fleet/certs/certificates.ts';
import { CA } from '../kit/certificate-files.ts';
import { readBytes } from '../fleet/observe/tree.ts';
import { demand } from '../process/run.ts';
import type { Fleet } from './fleet.ts';
import type { HostRehearsal } from './plan.ts';
import { DAYS } from './trust.ts';

export interface Substitutes {
  /** The CA of the fleet. */
  readonly authority: Authority;
  /** Who signs user-supplied certificates; null where there are none. */
  readonly publicAuthority: Authority | null;
  /** The folder of each host's tree, by its name. */
  readonly trees: ReadonlyMap<string, string>;
}

/** Makes it all, and fills in the secrets of `plans` whose values are keys. @throws Error when a key cannot be made. */
export async function substitute(fleet: Fleet, plans: readonly HostRehearsal[]): Promise<Substitutes> {
  const dir = mkdtempSync(join(fleet.dir, 'trees-'));
  const authority = await makeUp('CA of a rehearsal');
  const texts = new Map<string, string>();
  for (const { name, hostKey } of plans) {
    const root = fleet.hosts.get(name)?.root ?? '';
    if (hostKey !== null) texts.set(hostKey, publicKey(join(root, 'etc/ssh/ssh_host_ed25519_key.pub')));
  }
  const fill = (secret: string, value: string): void => {
    for (const { secrets } of plans) if (secrets.has(secret)) secrets.set(secret, value);
  };
  const pairs = new Map(plans.flatMap(({ keyPairs }) => keyPairs.map(one => [one.secret, one.publicKey] as const)));
  for (const [secret, text] of pairs) {
    const file = join(dir, 'key');
    await demand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
    texts.set(text, publicKey(`${file}.pub`));
    fill(secret, readFileSync(file, 'utf8'));
    for (const path of [file, `${file}.pub`]) rmSync(path);
  }
  const supplied = new Map(plans.flatMap(({ tree, supplied: own }) =>
    own.map(({ path, secret }) => [readBytes(tree, path).toString('utf8'), secret] as const)));
  const publicAuthority = supplied.size > 0 ? await makeUp('stands in for a public CA') : null;
  if (publicAuthority !== null) await signSupplied(supplied, publicAuthority, dir, texts, fill);

  const trees = new Map(plans.map(({ name }) => [name, join(dir, name)]));
  for (const { name, tree } of plans) {
    const to = trees.get(name) ?? '';
    cpSync(tree, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    rewrite(to, authority.certificate.toString(), texts);
  }
  return { authority, publicAuthority, trees };
}

async function makeUp(name: string): Promise<Authority> {
  const { key, certificate } = await makeAuthority(name, DAYS);
  return authorityOf(readBundle(certificate), Buffer.from(key), 'the rehearsal');
}

/**
 * A pair for each user-supplied certificate (its text → the secret with its key), for the very names that it has. One
 * that cannot be read stays as it is, for the host to refuse.
 */
async function signSupplied(
  supplied: ReadonlyMap<string, string>, authority: Authority, dir: string, texts: Map<string, string>,
  fill: (secret: string, value: string) => void,
): Promise<void> {
  for (const secret of new Set(supplied.values())) {
    const file = join(dir, 'key.pem');
    const request = await demand('openssl', [
      'req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/', '-keyout', file,
    ]);
    for (const [text] of [...supplied].filter(([, one]) => one === secret)) {
      const [certificate] = readBundle(text);
      if (!certificate) continue;
      const names = namesIn(certificate);
      // without a name no client takes it, and so it is with its substitute
      texts.set(text, await sign(request, authority, names.length > 0 ? names : ['nameless.invalid'], DAYS));
    }
    fill(secret, readFileSync(file, 'utf8'));
    rmSync(file);
  }
}

/** Puts other keys and another CA into the plain files of a tree, and the sums of these into its list. */
function rewrite(tree: string, certificate: string, texts: ReadonlyMap<string, string>): void {
  const list = join(tree, SUMS);
  const sums = readSums(readBytes(tree, SUMS).toString('utf8'));
  for (const path of sums.keys()) {
    const file = join(tree, path);
    const former = readBytes(tree, path);
    let text = `/${path}` === CA ? certificate : null;
    for (const [from, to] of texts) {
      if (former.includes(from)) text = (text ?? former.toString('utf8')).replaceAll(from, to);
    }
    if (text === null) continue;
    writeFileSync(file, text);
    sums.set(path, hash('sha256', text, 'hex'));
  }
  writeFileSync(list, sumsText(sums));
}

/** Its type and its key, without the comment. */
const publicKey = (file: string): string => readFileSync(file, 'utf8').trim().split(' ').slice(0, 2).join(' ');
