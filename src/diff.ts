// HostTree × out/ → what would change: the files, and their impact on what runs: reload, restart, start, stop.
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { changeText, pathsOf, readManifest, type ManifestLine } from './contract/manifest.ts';
import { compare } from './emit/on-disk.ts';
import type { HostTree } from './contract/tree.ts';

export interface FileDiff {
  /** `<host>/<path>` */
  readonly path: string;
  readonly kind: 'added' | 'changed' | 'removed';
  readonly before: string;
  readonly after: string;
}

export interface Impact {
  readonly action: 'install' | 'start' | 'stop' | 'reload' | 'restart' | 'restart next' | 'confirm' | 'open' | 'close';
  /** A package, a unit, a slot as app/slot, or a port and who reaches it. */
  readonly what: string;
  /** What is interrupted; null if nobody notices. */
  readonly downtime: string | null;
  /** Why: paths on the host, or a sentence. */
  readonly because: readonly string[];
}

export interface HostDiff {
  readonly host: string;
  readonly files: readonly FileDiff[];
  readonly impact: readonly Impact[];
}

/** Compares one compiled host with its directory in out/. */
export function diffHost(tree: HostTree, out: string): HostDiff {
  const name = tree.host.name;
  const manifestText = textOf(join(out, name, 'manifest.tsv'));
  const old = new Set(manifestText === null ? [] : pathsOf(manifestText));
  const files: FileDiff[] = [];
  for (const entry of tree.entries) {
    old.delete(entry.path);
    const state = compare(join(out, name, entry.path), entry);
    if (state === 'same') continue;
    files.push({
      path: `${name}/${entry.path}`, kind: state === 'absent' ? 'added' : 'changed', before: textOf(join(out, name, entry.path)) ?? '',
      after: entry.kind === 'link' ? `-> ${entry.target}\n` : entry.bytes.toString('utf8'),
    });
  }
  for (const path of old) {
    const before = textOf(join(out, name, path));
    if (before !== null) files.push({ path: `${name}/${path}`, kind: 'removed', before, after: '' });
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { host: name, files, impact: impactOf(tree, files, manifestText === null ? null : readManifest(manifestText)) };
}

/** The text of a file, `-> target` of a link, null where there is nothing. */
function textOf(path: string): string | null {
  try {
    const stat = lstatSync(path);
    if (stat.isSymbolicLink()) return `-> ${readlinkSync(path)}\n`;
    return stat.isFile() ? readFileSync(path, 'utf8') : null;
  } catch {
    return null;
  }
}

function impactOf(tree: HostTree, files: readonly FileDiff[], old: readonly ManifestLine[] | null): Impact[] {
  const { plan } = tree;
  if (old === null) {
    return [{ action: 'install', what: `${plan.packages.length} packages, ${plan.units.length} units, ${plan.files.length} paths`, downtime: null, because: ['a new host'] }];
  }
  const had = (type: ManifestLine['type']): Map<string, ManifestLine> => new Map(old.filter(line => line.type === type).map(line => [line.name, line]));
  const [packages, units, oldFiles] = [had('package'), had('unit'), had('file')];
  const impact: Impact[] = plan.packages.filter(({ name }) => !packages.has(name))
    .map(({ name, why }) => ({ action: 'install', what: name, downtime: null, because: [why] }));

  const changes = new Map<string, string[]>();
  for (const { path } of files) {
    const onHost = `/${path.slice(tree.host.name.length + 1)}`;
    const now = plan.files.find(file => file.path === onHost);
    const then = oldFiles.get(onHost)?.columns[3] ?? '-';
    const texts = now?.kind === 'file' ? now.onChange.map(changeText) : then === '-' ? [] : then.split(',');
    for (const text of texts) changes.set(text, [...changes.get(text) ?? [], onHost]);
  }
  const now = new Map(plan.units.map(unit => [unit.name, unit]));
  for (const [text, because] of [...changes].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const [what = '', name = ''] = text.split(/:(.*)/);
    if (what === 'confirm') impact.push({ action: 'confirm', what: '/opt/vgen/bin/confirm.sh', downtime: null, because });
    else if (what === 'slot') {
      const stays = plan.apps.some(app => name.startsWith(`${app.name}/`));
      impact.push(stays ? { action: 'restart next', what: name, downtime: null, because } : { action: 'stop', what: name, downtime: 'the app, if the slot is live', because });
    } else if (now.has(name) !== units.has(name) || (what === 'reload' && changes.has(`restart:${name}`))) continue;
    else impact.push({ action: what as 'reload' | 'restart', what: name, downtime: what === 'restart' ? now.get(name)?.downtime ?? null : null, because });
  }
  for (const unit of plan.units) if (!units.has(unit.name)) impact.push({ action: 'start', what: unit.name, downtime: null, because: [unit.why] });
  for (const line of units.values()) {
    if (!now.has(line.name)) impact.push({ action: 'stop', what: line.name, downtime: line.columns[0] === '-' ? null : line.columns[0] ?? null, because: ['the host no longer has it'] });
  }
  return [...impact, ...exposed(files)];
}

/** Ports that would open or close, and to whom: the lines of the exposure report that come and go. */
function exposed(files: readonly FileDiff[]): Impact[] {
  const report = files.find(({ path, before }) => path.endsWith('/etc/vgen/exposure.txt') && before !== '');
  if (!report) return [];
  const lines = (text: string): string[] => text.split('\n').filter(line => line && !line.startsWith('#'));
  const [before, after] = [lines(report.before), lines(report.after)];
  const say = (action: 'open' | 'close', line: string): Impact => {
    const [port = '', protocol = '', address = '', who = '', why = ''] = line.split('\t');
    return { action, what: `port ${port}/${protocol}${address === 'all' ? '' : ` at ${address}`} to ${who}`, downtime: null, because: [why] };
  };
  return [
    ...before.filter(line => !after.includes(line)).map(line => say('close', line)),
    ...after.filter(line => !before.includes(line)).map(line => say('open', line)),
  ];
}
