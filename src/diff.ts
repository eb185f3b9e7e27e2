// HostTree × out/ → what would change: the files, and their impact on what runs: reload, restart, start, stop.
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { keepers } from './components/index.ts';
import type { Action, ChangedPath, Listed, Running } from './contract/action.ts';
import { appIn, portIn } from './contract/held.ts';
import { EXPOSURE, exposure, impact, listed } from './contract/impact.ts';
import { MANIFEST, pathsOf, readManifest, SUMS, type ListedFile } from './contract/manifest.ts';
import { compare } from './emit/on-disk.ts';
import type { HostTree, OutTree } from './contract/tree.ts';

export interface FileDiff {
  /** `<host>/<path>` */
  readonly path: string;
  readonly kind: 'added' | 'changed' | 'removed';
  readonly before: string;
  readonly after: string;
}

export interface HostDiff {
  readonly host: string;
  readonly files: readonly FileDiff[];
  readonly impact: readonly Action[];
}

/** Compares one compiled host with its directory in out/. */
export function diffHost(tree: HostTree, out: string): HostDiff {
  const files = diffFiles(tree, out);
  const read = files.filter(({ path }) => path !== `${tree.name}/${SUMS}`);
  return { host: tree.name, files, impact: impactOf(tree, read, textOf(join(out, tree.name, MANIFEST)), out) };
}

/** Compares a directory of out/ with what it should hold; sorted by path. */
export function diffFiles(tree: OutTree, out: string): FileDiff[] {
  const { name } = tree;
  const manifestText = textOf(join(out, name, MANIFEST));
  const old = new Set(manifestText === null ? [] : pathsOf(manifestText));
  const files: FileDiff[] = [];
  for (const entry of tree.entries) {
    old.delete(entry.path);
    const state = compare(join(out, name, entry.path), entry);
    if (state === 'same') continue;
    files.push({
      path: `${name}/${entry.path}`, kind: state === 'absent' ? 'added' : 'changed',
      before: textOf(join(out, name, entry.path)) ?? '',
      after: entry.kind === 'link' ? `-> ${entry.target}\n` : entry.bytes.toString('utf8'),
    });
  }
  for (const path of old) {
    const before = textOf(join(out, name, path));
    if (before !== null) files.push({ path: `${name}/${path}`, kind: 'removed', before, after: '' });
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  // digests are no reading for people; they are shown where nothing else differs
  const read = files.filter(({ path }) => path !== `${name}/${SUMS}`);
  return read.length ? read : files;
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

/** What the changes mean where the former tree is installed and all of it runs; nobody has looked at the host. */
function impactOf(tree: HostTree, files: readonly FileDiff[], oldText: string | null, out: string): Action[] {
  const { plan } = tree;
  if (oldText === null) {
    const what = `${plan.packages.length} packages, ${plan.units.length} units, ${plan.files.length} paths`;
    return [{ action: 'install', what, downtime: null, because: ['a new host'] }];
  }
  const before = readManifest(oldText, join(out, tree.host.name, MANIFEST));
  const after = readManifest(bytesOf(tree, `/${MANIFEST}`), MANIFEST);
  const former = listed(before, path => textOf(join(out, tree.host.name, path)), keepers);
  const now = listed(after, path => bytesOf(tree, path), keepers);
  const packages = new Set(before.packages);
  const report = files.find(({ path, before: text }) => path === `${tree.host.name}${EXPOSURE}` && text !== '');
  return [
    ...plan.packages.filter(({ name }) => !packages.has(name))
      .map(({ name, why }): Action => ({ action: 'install', what: name, downtime: null, because: [why] })),
    ...impact(former, now, changedPaths(files, before.files, after.files), assumed(former, now), keepers).map(one => {
      const why = one.action === 'start'
        || one.action === 'enable' ? plan.units.find(({ name }) => name === one.what)?.why : undefined;
      return why === undefined ? one : { ...one, because: [why] };
    }),
    ...report ? exposure(report.before, report.after) : [],
  ];
}

const bytesOf = (tree: HostTree, path: string): string => {
  const entry = tree.entries.find(one => `/${one.path}` === path);
  return entry?.kind === 'file' ? entry.bytes.toString('utf8') : '';
};

/** What has another content in out/, and what gets another mode or owner. */
function changedPaths(
  files: readonly FileDiff[], before: readonly ListedFile[], after: readonly ListedFile[],
): ChangedPath[] {
  const changed = new Map<string, ChangedPath>();
  const kinds = { added: 'add', changed: 'change', removed: 'remove' } as const;
  for (const { path, kind } of files) {
    changed.set(path.slice(path.indexOf('/')), { path: path.slice(path.indexOf('/')), what: kinds[kind] });
  }
  const former = new Map(before.map(file => [file.path, file]));
  for (const { path, mode, owner } of after) {
    const was = former.get(path);
    if (was && !changed.has(path) && (was.mode !== mode || was.owner !== owner)) {
      changed.set(path, { path, what: 'change' });
    }
  }
  return [...changed.values()];
}

/** All that was listed is up and enabled, and so is what neither list names, which the packages of Debian bring. */
function assumed(former: Listed, now: Listed): Running {
  const names = [...new Set(former.slots.map(name => name.slice(0, name.indexOf('/'))))];
  return {
    unit: name => {
      const isUp = former.units.has(name) || !now.units.has(name);
      return { isKnown: isUp, isUp, isGood: isUp, isEnabled: isUp ? true : null, state: isUp ? 'active' : 'inactive' };
    },
    slots: new Map(former.slots.map(name => [
      name, {
        role: 'either', port: portIn(former, name), isRunning: true, runtime: '', isBad: false, stale: [], waiting: [],
      },
    ])),
    apps: new Map(names.flatMap(name => {
      const app = appIn(former, name);
      return app ? [[name, app]] : [];
    })),
    absent: [], isUnfinished: false,
  };
}
