// What runs and hears of a change: units and slots. The rules are those of units.sh and slots.sh on the host.
import type { Action } from './compare.ts';
import type { HostState } from './live.ts';
import { readBytes, type Tree } from './tree.ts';

/** `reload:UNIT`, `restart:UNIT`, `slot:APP/SLOT` or `confirm` → the paths that call for it. */
export type Calls = Map<string, readonly string[]>;

const UP = ['active', 'reloading', 'refreshing'];
const SUPERVISOR = 'supervisor.service';

/** Reloads before restarts, each unit once; then what is down and shall run. `stopped`: units whose file goes. */
export function unitActions(tree: Tree, state: HostState, calls: Calls, stopped: readonly string[]): Action[] {
  const actions: Action[] = [];
  const isUp = (unit: string): boolean => UP.includes(state.units.get(unit)?.active ?? '');
  const sorted = [...calls].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [text, because] of sorted) {
    const [what = '', unit = ''] = text.split(/:(.*)/);
    if ((what !== 'reload' && what !== 'restart') || !isUp(unit) || stopped.includes(unit)) continue;
    if (what === 'reload' && (calls.has(`restart:${unit}`) || unit === SUPERVISOR)) continue;
    const waits = unit === SUPERVISOR && [...state.slots.values()].some(slot => slot.runtime === 'supervisor' && slot.role === 'live' && slot.process === 'running');
    actions.push(waits ? { action: 'wait for a restart', what: unit, because, downtime: null }
      : { action: what, what: unit, because, downtime: what === 'restart' ? tree.units.get(unit) ?? null : null });
  }
  for (const unit of stopped) if (isUp(unit)) actions.push({ action: 'stop', what: unit, because: ['no longer in the tree'], downtime: unit });
  for (const unit of tree.units.keys()) {
    if (lacksProgram(tree, state, unit)) continue;
    const is = state.units.get(unit);
    if (is?.enabled === 'disabled') actions.push({ action: 'enable', what: unit, because: ['it is disabled'], downtime: null });
    if (is?.active !== 'active' || is.sub === 'auto-restart') actions.push({ action: 'start', what: unit, because: [is && is.load !== 'not-found' ? `it is ${is.active}` : 'new'], downtime: null });
  }
  return actions;
}

/** The unit's file runs a program that is not on the host yet. */
function lacksProgram(tree: Tree, state: HostState, unit: string): boolean {
  const path = `/etc/systemd/system/${unit}`;
  const absent = tree.programs.filter(program => !state.programs.has(program));
  if (absent.length === 0 || !tree.files.some(file => file.path === path)) return false;
  const text = readBytes(tree.dir, path).toString('utf8');
  return absent.some(program => text.includes(`${program} `) || text.includes(`${program}\n`));
}

/** A slot without a release has nothing to take up; a live one that runs is never stopped. */
export function slotAction(what: string, because: readonly string[], state: HostState): Action | null {
  const slot = state.slots.get(what);
  if (!slot) return null;
  return { action: slot.role === 'live' && slot.process === 'running' ? 'wait for the switch' : 'restart next', what, because, downtime: null };
}
