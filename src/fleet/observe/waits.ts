// Files of a live slot that wait for its switch: the rule of the engine (lib/install/hold.sh). Pure.
import { keepers } from '../../components/index.ts';
import type { Running } from '../../contract/action.ts';
import { groupBy } from '../../contract/group.ts';
import { octal, staysAdopted } from './edits.ts';
import type { HostState, RecordedPath } from './state.ts';
import type { BuiltTree, TreeFile } from './tree.ts';

/**
 * Path → the live slot whose file it is, of those that the tree changes, brings or drops and that wait for the
 * switch: the rule of the engine (waits_for_switch of lib/install/hold.sh).
 */
export function waitingFor(tree: BuiltTree, state: HostState, held: (slot: string) => boolean): Map<string, string> {
  const [{ paths }, holders] = [state.recorded, tree.slots.filter(held).sort()];
  const wanted = new Map(tree.files.map(file => [file.path, file]));
  const isSame = ({ path, sha256 }: TreeFile): boolean => paths.get(path)?.source === sha256;
  const differs = (file: TreeFile, slot: string): boolean => {
    const was = paths.get(file.path);
    if (!was) {
      const data = wanted.get(`/opt/vgen/apps/${slot}.sh`);
      return file.triggers.includes(`slot:${slot}`) || data === undefined || !isSame(data);
    }
    const is = state.paths.get(file.path);
    if (staysAdopted(file.path, file.sha256, state)) return false;
    const { mode, owner } = was.metadata ?? file;       // earlier records have neither
    return !isSame(file) || octal(mode) !== octal(file.mode) || owner !== file.owner
      || (file.secrets.length > 0 && is?.content === 'different' && is.edited !== 'content');
  };
  return new Map([
    ...tree.files.flatMap(file => (file.slot !== null && held(file.slot) && differs(file, file.slot)
      ? [[file.path, file.slot] as const] : [])),
    ...[...paths].filter(([path]) => !wanted.has(path) && state.paths.has(path))
      .flatMap(([path, was]) => holderOf(path, was, state, holders).map(slot => [path, slot] as const)),
  ]);
}

/** The held slot that needs a path of the record: its own, or of the unit that runs it (slot_that_needs of hold.sh). */
function holderOf(path: string, is: RecordedPath, { slots }: HostState, held: readonly string[]): string[] {
  if (is.slot !== null && held.includes(is.slot)) return [is.slot];
  const keeper = keepers.find(({ unit }) =>
    path.startsWith(`/etc/systemd/system/${unit}.d/`) || is.triggers.includes(`restart:${unit}`));
  return held.filter(one => slots.get(one)?.runtime === keeper?.runtime).slice(0, 1);
}

/** Slots with what waits for them, but for what waits already since this tree was installed. */
export function withWaiting(
  host: Running, waits: ReadonlyMap<string, string>, tree: BuiltTree, state: HostState,
): Running['slots'] {
  const isNew = (path: string): boolean => state.tree !== tree.id || !state.waiting.has(path);
  const added = groupBy([...waits.keys()].filter(isNew), path => waits.get(path));
  return new Map([...host.slots].map(([name, slot]) => [name, { ...slot, waiting: added.get(name) ?? [] }]));
}
