// Links in the place of directories on a host, followed as the engine does (require_roots of lib/install/parents.sh):
// one at a time, and only where root made them. Pure.
import type { HostState, PathState } from './state.ts';

type Paths = HostState['paths'];

/** Linux follows no more (path_resolution(7)). */
const LIMIT = 40;

export const isRoots = ({ owner }: PathState): boolean => owner.startsWith('root:');

/** The path that a link leads to. */
export const leadsTo = (path: string, { content }: PathState): string =>
  (content.startsWith('/') ? content : `${path.slice(0, path.lastIndexOf('/'))}/${content}`).replace(/\/$/, '');

/** What lies at a path, behind links of root's. */
export function behindLinks(paths: Paths, path: string): PathState | undefined {
  let [at, is] = [path, paths.get(path)];
  for (let count = 0; count < LIMIT && is?.kind === 'link' && isRoots(is); count++) {
    at = leadsTo(at, is);
    is = paths.get(at);
  }
  return is;
}
