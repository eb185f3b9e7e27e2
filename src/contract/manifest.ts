// The manifest: one line per thing that a host gets, so that a review, a diff of two trees and the removal of what is
// no longer made need nothing but text. Columns are separated by tabs; "-" is an empty one.
import { takeUpCommand, type OnChange } from './component.ts';
import { pathText } from './diagnostic.ts';
import { shWord } from '../escape/sh.ts';
import type { HostPlan, Planned } from './plan.ts';
import type { Entry } from './tree.ts';

export interface ManifestLine {
  readonly type: 'file' | 'link' | 'first-link' | 'directory' | 'package' | 'user' | 'unit' | 'program' | 'secret' | 'certificate';
  readonly name: string;
  /**
   * file: mode, owner, sha256, what happens on change, checker, secrets, key of the inventory; link: target; user: home,
   * shell, groups; unit: what a restart interrupts; certificate: group, names, issuer, the command that takes up a new one.
   */
  readonly columns: readonly string[];
}

const HEAD = '# type\tname\tmode\towner\tsha256\ton change\tchecked by\tsecrets\tfrom';

/** The text of a host's manifest. */
export function manifest(plan: HostPlan, entries: readonly Entry[]): string {
  const sha = new Map(entries.map(entry => [entry.path, entry.kind === 'file' ? entry.sha256 : '']));
  const lines = [
    ...plan.packages.map(one => ['package', one.name]),
    ...plan.programs.map(one => ['program', one.path]),
    ...plan.users.map(one => ['user', one.name, one.home, one.shell, one.groups.join(',') || '-']),
    ...plan.secrets.map(name => ['secret', name]),
    ...plan.certificates.map(one =>
      ['certificate', one.name, one.group, one.names.join(','), one.issuer === 'acme' ? 'acme' : 'internal', takeUpCommand(one.then).map(shWord).join(' ')]),
    ...plan.files.map(file => fileLine(file, sha.get(file.path.slice(1)) ?? '')),
    ...plan.units.map(one => ['unit', one.name, one.downtime ?? '-']),
  ];
  return `# Made by vgen from hosts.${plan.host.name}; do not edit.\n${HEAD}\n${lines.map(line => `${line.join('\t')}\n`).join('')}`;
}

function fileLine(file: Planned, sha256: string): string[] {
  if (file.kind === 'link' || file.kind === 'first-link') return [file.kind, file.path, file.target];
  if (file.kind === 'directory') return ['directory', file.path, file.mode, file.owner];
  return ['file', file.path, file.mode, file.owner, sha256, file.onChange.map(changeText).join(',') || '-', file.check ?? '-', file.secrets.join(',') || '-', pathText(file.at) || '-'];
}

/** `reload:nginx.service`, `restart:redis-server.service`, `slot:peerbook/blue` or `confirm`. */
export function changeText(change: OnChange): string {
  if (change.do === 'confirm') return 'confirm';
  return change.do === 'slot' ? `slot:${change.app}/${change.slot}` : `${change.do}:${change.unit}`;
}

/** Reads a manifest back; lines that are no manifest's are left out. */
export function readManifest(text: string): ManifestLine[] {
  return text.split('\n').filter(line => line && !line.startsWith('#')).flatMap(line => {
    const [type, name, ...columns] = line.split('\t');
    return type && name ? [{ type: type as ManifestLine['type'], name, columns }] : [];
  });
}

/** Paths in a host's tree that its manifest says vgen wrote, itself and install.sh among them. */
export const pathsOf = (text: string): string[] => [
  'install.sh', 'manifest.tsv',
  ...readManifest(text).filter(({ type }) => type === 'file' || type === 'link' || type === 'first-link').map(({ name }) => name.slice(1)),
];
