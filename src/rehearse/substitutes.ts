/**
 * What stands in for what only its owner has: the CA of the fleet, private halves of ssh keys, keys of hosts. Their
 * public halves stand in the trees, so these are rehearsed as copies in which nothing else is changed.
 */
import { hash } from 'node:crypto';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readSums, SUMS, sumsText } from '../contract/manifest.ts';
import { authorityOf, makeAuthority, type Authority } from '../fleet/certs/authority.ts';
import { readBundle } from '../fleet/certs/certificates.ts';
import { CA } from '../kit/certificate-files.ts';
import { demand } from '../process/run.ts';
import { atEnd } from './ending.ts';
import type { Fleet } from './fleet.ts';
import type { HostRehearsal } from './plan.ts';

export interface Substitutes {
  readonly authority: Authority;
  /** The folder of each host's tree, by its name. */
  readonly trees: ReadonlyMap<string, string>;
  /** Removes the copies. */
  remove(): void;
}

/** A week: a fleet may be kept up to look round. */
const days = 7;

/** Makes it all, and fills in the secrets of `plans` whose values are keys. @throws Error when a key cannot be made. */
export async function substitute(fleet: Fleet, plans: readonly HostRehearsal[]): Promise<Substitutes> {
  const dir = mkdtempSync(join(tmpdir(), 'vgen-rehearse-'));
  const removeNow = (): void => rmSync(dir, { recursive: true, force: true });
  const callOff = atEnd(removeNow);
  const { key, certificate } = await makeAuthority('CA of a rehearsal', days);
  const texts = new Map<string, string>();
  for (const { name, hostKey } of plans) {
    const root = fleet.hosts.get(name)?.root ?? '';
    if (hostKey !== null) texts.set(hostKey, publicKey(join(root, 'etc/ssh/ssh_host_ed25519_key.pub')));
  }
  const pairs = new Map(plans.flatMap(({ keyPairs }) => keyPairs.map(one => [one.secret, one.publicKey] as const)));
  for (const [secret, text] of pairs) {
    const file = join(dir, 'key');
    await demand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', file]);
    texts.set(text, publicKey(`${file}.pub`));
    for (const { secrets } of plans) if (secrets.has(secret)) secrets.set(secret, readFileSync(file, 'utf8'));
    for (const path of [file, `${file}.pub`]) rmSync(path);
  }
  const trees = new Map(plans.map(({ name }) => [name, join(dir, name)]));
  for (const { name, tree } of plans) {
    const to = trees.get(name) ?? '';
    cpSync(tree, to, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
    rewrite(to, certificate, texts);
  }
  return {
    authority: authorityOf(readBundle(certificate), Buffer.from(key), 'the rehearsal'), trees,
    remove: () => {
      callOff();
      removeNow();
    },
  };
}

/** Puts other keys and another CA into the files of a tree, and the sums of these into its list. */
function rewrite(tree: string, certificate: string, texts: ReadonlyMap<string, string>): void {
  const list = join(tree, SUMS);
  const sums = readSums(readFileSync(list, 'utf8'));
  for (const path of sums.keys()) {
    const file = join(tree, path);
    const former = readFileSync(file);
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
