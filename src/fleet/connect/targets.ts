// Which hosts a command means, and what ssh has to be told to reach each.
import { Failure } from '../../contract/diagnostic.ts';
import type { Host, Model } from '../../contract/model.ts';
import { knownNames } from '../../kit/nearest.ts';

export interface Target {
  readonly name: string;
  /** What ssh is given. */
  readonly destination: string;
  /** What the destination means unless the user's ssh_config says otherwise; null leaves it to ssh. */
  readonly address: string | null;
  readonly user: string | null;
  readonly port: number | null;
  /** `ssh-ed25519 AAAA…`: the only host key that is accepted. */
  readonly hostKey: string | null;
  /** As for ssh -J. */
  readonly jump: string | null;
}

/**
 * The hosts that `--on` means, sorted by name: names, `tag:x`, `region:x`, `all`, each option one or several by comma.
 * Without the option that is all hosts. Throws a Failure for a word that selects nothing, and where the option is given
 * and empty, as by a variable of a script that has no value.
 */
export function chooseHosts(model: Model, on: readonly string[] = []): Host[] {
  const words = on.flatMap(word => word.split(',')).map(word => word.trim()).filter(Boolean);
  if (on.length && !words.length) {
    throw new Failure('no host is named; use all, the name of a host, tag:NAME or region:NAME');
  }
  const chosen = new Set(words.length ? words.flatMap(word => matching(word, model.hosts)) : model.hosts);
  return [...chosen].sort((a, b) => (a.name < b.name ? -1 : 1));
}

function matching(word: string, hosts: readonly Host[]): readonly Host[] {
  const [kind, value] = word.includes(':') ? word.split(':', 2) as [string, string] : ['host', word];
  const found = word === 'all' ? hosts
    : kind === 'host' ? hosts.filter(({ name }) => name === value)
    : kind === 'tag' ? hosts.filter(({ tags }) => tags.includes(value))
    : kind === 'region' ? hosts.filter(({ region }) => region === value) : null;
  if (found === null) {
    throw new Failure(`invalid selector "${word}"; use all, the name of a host, tag:NAME or region:NAME`);
  }
  if (found.length > 0) return found;
  const known = kind === 'tag' ? hosts.flatMap(({ tags }) => tags)
    : kind === 'region' ? hosts.flatMap(({ region }) => region ?? []) : hosts.map(({ name }) => name);
  throw new Failure(`unknown ${kind} "${value}"; ${knownNames(value, new Set(known), `known ${kind}s`)}`);
}

/** How to reach a host, from its key `ssh`. */
export function targetOf({ name, address, ssh }: Host): Target {
  const { destination, user, port, hostKey, jump } = ssh;
  return {
    name, destination: destination ?? name, address: destination === null ? address : null, user, port, hostKey, jump,
  };
}
