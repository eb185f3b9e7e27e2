// What somebody changed on a host since vgen installed it, three ways: as last applied, as it is on the host, as the
// tree has it now. Pure.
import type { Model } from '../../contract/model.ts';
import type { DriftWritten } from '../../schema/guard.ts';
import type { HostState } from './state.ts';
import type { BuiltTree } from './tree.ts';

export interface Drift {
  readonly path: string;
  /** The host's, beside what was applied. */
  readonly host: 'changed' | 'removed';
  /** The tree's, beside what was applied; "unknown" where the host does not keep what was. */
  readonly tree: 'same' | 'changed' | 'dropped' | 'unknown';
  /** What differs on the host, in words. */
  readonly why: string;
}

/** Everything that was installed and is another now, but for what the inventory ignores. */
export function driftOf(tree: BuiltTree, state: HostState, isIgnored: (path: string) => boolean): Drift[] {
  const found: Drift[] = [];
  for (const [path, { content, adopted }] of state.recorded.paths) {
    const is = state.paths.get(path);
    const why = !is ? 'gone' : [...is.edited === 'content'
      ? [is.kind === 'link' ? `leads to ${is.content}, was ${content}` : 'text']
      : [], ...adopted ? ['adopted'] : [], ...metadata(path, state)].join('; ');
    if (why !== '' && !isIgnored(path)) {
      found.push({ path, host: is ? 'changed' : 'removed', tree: inTree(path, tree, state), why });
    }
  }
  for (const path of state.applied.keys()) {
    if (state.recorded.paths.has(path) || isIgnored(path)) continue;
    const is = state.paths.get(path);
    const isAsked = tree.directories.some(one => one.path === path);
    const why = !is ? 'gone' : is.kind !== 'directory' ? `a ${is.kind} is there` : metadata(path, state).join('; ');
    if (isAsked && why !== '') found.push({ path, host: is ? 'changed' : 'removed', tree: 'same', why });
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** Units that shall run and do not; users that are gone. One sentence each. */
export function downOf({ recorded, units, users }: HostState, tree: BuiltTree): string[] {
  return [
    ...recorded.units.flatMap(name => {
      const is = units.get(name);
      if (is?.load === 'not-found') return [`${name} is gone`];
      return is && is.active !== 'active' && !(tree.programs.length && is.enabled === 'disabled')
        ? [`${name} is ${is.active}`]
        : is?.enabled === 'disabled' ? [`${name} is disabled`] : [];
    }),
    ...tree.users.filter(({ name }) => recorded.users.has(name) && !users.has(name))
      .map(({ name }) => `user ${name} is gone`),
  ];
}

function metadata(path: string, { applied, paths }: HostState): string[] {
  const [was, is] = [applied.get(path), paths.get(path)];
  if (!was || !is || is.kind === 'link') return [];
  return [
    ...Number.parseInt(was.mode, 8) === Number.parseInt(is.mode, 8) ? [] : [`mode 0${is.mode}, was ${was.mode}`],
    ...was.owner === is.owner ? [] : [`owner ${is.owner}, was ${was.owner}`],
  ];
}

function inTree(path: string, tree: BuiltTree, state: HostState): Drift['tree'] {
  if (tree.id === state.tree) return 'same';
  const target = tree.links.get(path);
  if (target !== undefined) return target === state.recorded.paths.get(path)?.content ? 'same' : 'changed';
  const file = tree.files.find(one => one.path === path);
  if (!file) return 'dropped';
  const source = state.recorded.paths.get(path)?.source ?? null;
  return source === null ? 'unknown' : source === file.sha256 ? 'same' : 'changed';
}

/** Whether `vgen drift` ignores a path: `*` is anything but a slash, `**` anything. */
export function ignoredBy(model: Model): (path: string) => boolean {
  const escape = (glob: string): string => glob.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const globs = (model.sections['drift'] as DriftWritten).ignore
    .map(glob => new RegExp(`^${escape(glob).replaceAll('**', '\0').replaceAll('*', '[^/]*').replaceAll('?', '[^/]')
      .replaceAll('\0', '.*')}$`));
  return path => globs.some(glob => glob.test(path));
}
