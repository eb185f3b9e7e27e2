// Selectors: which hosts are meant by `all`, a name, `tag:edge`, `region:eu` or a list of these.
import { isNetwork } from '../kit/address.ts';
import { error, type Diagnostic, type Path } from '../contract/diagnostic.ts';
import type { Host, Hosts, Peers } from '../contract/model.ts';
import { knownNames } from '../kit/nearest.ts';

/**
 * The hosts that a selector means; unknown names are reported. One set per distinct
 * selector, so that big fleets stay small.
 */
export function selectorOf(
  written: string | readonly string[], hosts: readonly Host[], at: Path, known: Map<string, Hosts>,
  diagnostics: Diagnostic[],
): Hosts {
  const words = typeof written === 'string' ? [written] : written;
  const key = words.join('\0');
  const before = known.get(key);
  if (before) return before;
  const chosen = new Set<Host>();
  let wrong = false;
  for (const [i, word] of words.entries()) {
    const found = matching(word, hosts);
    for (const host of found) chosen.add(host);
    if (found.length > 0) continue;
    wrong = true;
    const place = typeof written === 'string' ? at : [...at, i];
    const [kind, value] = word.includes(':') ? word.split(':', 2) as [string, string] : ['host', word];
    const names = kind === 'tag' ? hosts.flatMap(host => host.tags)
      : kind === 'region' ? hosts.flatMap(host => host.region ?? [])
      : [...hosts.map(host => host.name), 'all'];
    const separate = word.split(/[\s,]+/).filter(Boolean);
    diagnostics.push(word.includes(':') && kind !== 'tag' && kind !== 'region'
      ? error('resolve/selector', place, `invalid selector "${word}"`, {
        hint: 'use all, the name of a host, tag:NAME, region:NAME, or a list of these',
      })
      : error(`resolve/unknown-${kind}`, place, `unknown ${kind} "${value}"`, {
        hint: separate.length > 1 ? `write several as a list: [${separate.join(', ')}]`
          : knownNames(value, new Set(names), `known ${kind}s`),
      }));
  }
  const ordered: Hosts = new Set([...chosen].sort((a, b) => (a.name < b.name ? -1 : 1)));
  if (!wrong) known.set(key, ordered);
  return ordered;
}

function matching(word: string, hosts: readonly Host[]): readonly Host[] {
  if (word === 'all') return hosts;
  const [kind, value] = word.split(':', 2);
  if (value === undefined) return hosts.filter(host => host.name === word);
  if (kind === 'tag') return hosts.filter(host => host.tags.includes(value));
  return kind === 'region' ? hosts.filter(host => host.region === value) : [];
}

/** Who is meant by `anyone`, or by a list of selectors and networks. */
export function peersOf(
  written: string | readonly string[], hosts: readonly Host[], at: Path, known: Map<string, Hosts>,
  diagnostics: Diagnostic[],
): Peers {
  const words = typeof written === 'string' ? [written] : written;
  const chosen = new Set<Host>();
  const networks: string[] = [];
  for (const [i, word] of words.entries()) {
    const place = typeof written === 'string' ? at : [...at, i];
    if (word === 'anyone') continue;
    if (isNetwork(word)) networks.push(word);
    else if (/^[0-9]|:.*:|\//.test(word)) {
      diagnostics.push(error('resolve/network', place, `"${word}" is neither an IP address nor a network`, {
        hint: 'such as 192.0.2.7, 192.0.2.0/24 or 2001:db8::/32',
      }));
    } else for (const host of selectorOf(word, hosts, place, known, diagnostics)) chosen.add(host);
  }
  const ordered = [...chosen].sort((a, b) => (a.name < b.name ? -1 : 1));
  return Object.freeze({ anyone: words.includes('anyone'), hosts: new Set(ordered), networks });
}
