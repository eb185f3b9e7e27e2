// What stands in the way of an apply on a host that was looked at, and what is down there. Pure.
import type { Action } from '../../contract/action.ts';
import { appOf } from '../../contract/held.ts';
import { shWord } from '../../escape/sh.ts';
import { otherCommand } from '../../process/command-line.ts';
import { isRoots, leadsTo } from './links.ts';
import type { HostState } from './state.ts';
import { directoriesAbove, type BuiltTree } from './tree.ts';

/** The command that gives a host its secrets. */
export const pushSecrets = (host: string): string =>
  otherCommand(['secrets', 'push', '--on', host], ['inventory', 'out', 'sshConfig']);

/**
 * Why the host, or vgen itself, would refuse the tree; one sentence each.
 * @param isInstalled an apply installs nothing, and so writes below no directory
 */
export function obstaclesOf(tree: BuiltTree, state: HostState, isInstalled: boolean): string[] {
  const missing = tree.secrets.filter(name => !state.secrets.has(name));
  return [
    ...state.host !== null && state.host !== tree.host ? [`this machine is ${state.host}, the tree is for ${tree.host}`]
      : [],
    ...missing.length ? [`without a value on the host: ${missing.join(', ')} (${pushSecrets(tree.host)})`]
      : [],
    ...missing.length ? [] : [...state.unrendered].map(([path, reason]) => `${path}: ${reason}`),
    ...busyUsers(tree, state), ...inTheWay(tree, state),
    ...isInstalled ? [] : writableByOthers(tree, state),
  ];
}

/** Users whose home or shell is to be another while something of theirs runs: usermod(8) refuses that. */
const busyUsers = (tree: BuiltTree, state: HostState): string[] => tree.users.flatMap(({ name, home, shell }) => {
  const is = state.users.get(name);
  if (!is?.runs || (is.home === home && is.shell === shell)) return [];
  return [`user ${name} runs something, and cannot get ${is.home === home ? `the shell ${shell}` : `the home ${home}`} `
    + 'meanwhile; stop it first, or name another user'];
});

/** What an install neither removes nor replaces. */
function inTheWay(tree: BuiltTree, { paths }: HostState): string[] {
  const isDirectory = (path: string): boolean => paths.get(path)?.kind === 'directory';
  const blocked = (path: string, wanted: string): string =>
    `${path} is a directory on the host, and a ${wanted} of the tree; move it away`;
  return [
    ...tree.files.filter(({ path }) => isDirectory(path)).map(({ path }) => blocked(path, 'file')),
    ...[...tree.links.keys()].filter(isDirectory).map(path => blocked(path, 'link')),
    ...tree.directories.map(({ path }) => path).filter(path => paths.get(path)?.kind === 'file')
      .map(path => `${path} is a file on the host, and a directory of the tree; move it away`),
  ];
}

/** The command by which another release becomes live on a host, after its purpose. */
export const makeLive = (app: string, remedy: 'switch' | 'rollback', host: string): string =>
  `to make another release live: ${otherCommand([remedy, app, '--on', host])}`;

/**
 * Apps of the tree whose live is down, and what an apply does about that: it starts what does not run, and restarts no
 * live slot that runs.
 */
export function deadApps(
  tree: BuiltTree, { dead, slots }: HostState, actions: readonly Action[],
): { app: string; why: string }[] {
  const starts = actions.filter(({ action }) => action === 'start' || action === 'restart').map(({ what }) => what);
  const apps = new Set(tree.slots.map(appOf));
  const lives = new Map([...slots].filter(([, { role }]) => role === 'live').map(one => [appOf(one[0]), one]));
  return dead.filter(({ app }) => apps.has(app)).map(({ app, reason, remedy }) => {
    const live = lives.get(app);
    const isMended = starts.some(what => what === live?.[0] || what.endsWith('.service'));
    const why = isMended ? `an apply starts ${starts.join(', ')}`
      : actions.length ? 'an apply fails if it does not answer after what it does here'
      : `its process ${live?.[1].process === 'running' ? 'runs, and is not restarted' : 'is not started'} by an apply, `
        + `which fails; see: ${otherCommand(['logs', app, '--on', tree.host])}`;
    return { app, why: [
      `live does not answer${reason === '' ? '' : ` well (${reason})`}: ${why}`,
      ...isMended || remedy === null ? [] : [makeLive(app, remedy, tree.host)],
    ].join('; ') };
  });
}

/**
 * Directories in which others than root could exchange what root writes, and that the tree does not make root's; links
 * on the way included (require_roots of lib/install/parents.sh).
 */
function writableByOthers(tree: BuiltTree, { paths }: HostState): string[] {
  const declared = new Set(tree.directories.map(({ path }) => path));
  const judged = new Set<string>();
  const judge = (path: string, isMade: boolean): string[] => {
    if (path === '' || judged.has(path)) return [];
    judged.add(path);
    const above = path.slice(0, path.lastIndexOf('/'));
    return [...judge(above, declared.has(above)), ...itself(path, isMade)];
  };
  const itself = (path: string, isMade: boolean): string[] => {
    const is = paths.get(path);
    if (is?.kind === 'link') {
      return isRoots(is) ? judge(leadsTo(path, is), isMade)
        : [`${path} is a link of ${is.owner.split(':')[0]} to ${is.content}; root writes nothing below it: remove it`];
    }
    if (is?.kind !== 'directory' || isMade) return [];
    const mode = Number.parseInt(is.mode, 8);
    const isSafe = isRoots(is) && (mode & 0o002) === 0 && ((mode & 0o020) === 0 || is.owner === 'root:root');
    return isSafe ? [] : [`${path} belongs to ${is.owner}, mode ${is.mode}; who can write there could exchange what `
      + `root writes below it: chown root ${shWord(path)} && chmod go-w ${shWord(path)}`];
  };
  return directoriesAbove(tree).flatMap(path => judge(path, declared.has(path)));
}
