// Local edits of a host, as the engine judges them (lib/install/local-edits.sh, lib/state/record.sh). Pure.
import type { HostState } from './state.ts';

/** Local edits that an apply was told to keep (adopted): until the tree changes the file, or somebody does again. */
export function staysAdopted(path: string, source: string, { recorded, paths }: HostState): boolean {
  const record = recorded.paths.get(path);
  return record?.adopted === true && record.source === source && paths.get(path)?.left === true;
}

/**
 * Content that is not as vgen left it; what was adopted is a local edit too. Another mode or owner alone is nobody's
 * work to lose: the engine sets it right without asking (has_content_as_left in record.sh).
 */
export const isByHand = (path: string, { recorded, paths }: HostState): boolean =>
  paths.get(path)?.edited === 'content' || (paths.has(path) && recorded.paths.get(path)?.adopted === true);

/** The number of a mode, however many zeros it is written with. */
export const octal = (mode: string): number => Number.parseInt(mode, 8);
