// What a change means for what runs: the one rule of it, for diff, plan and the limits of an apply. Pure. The engine on
// the host (templates/host) does what is foretold here, in this order;
// test/fleet/foretold.test.ts holds the two together.
import type { Keeper } from './component.ts';
import {
  action, type Action, type ChangedPath, type Listed, type Running, type RunningSlot, type Triggered,
} from './action.ts';
import { answerEndings, connectionEndings } from './ending.ts';
import { appEndings, appOf, formerRuntime, heldPorts, waitingApps, withLater } from './held.ts';
import type { Manifest } from './manifest.ts';

/** What a manifest says, with the files that lie beside it. */
export const listed = (
  { units, files, slots, answers, variables }: Pick<Manifest, 'units' | 'files' | 'slots' | 'answers' | 'variables'>,
  text: Listed['text'], keepers: readonly Keeper[],
): Listed => ({
  units, triggers: new Map(files.map(({ path, triggers }) => [path, triggers])), slots, answers, variables, text,
  slotOf: new Map(files.flatMap(({ path, slot }) => (slot === null ? [] : [[path, slot]]))),
  programs: path => keeperOf(keepers, path)?.programsIn(text(path) ?? '') ?? [],
});

const UNIT_FILE = /^\/etc\/systemd\/system\/([^/]+\.(?:service|timer|socket|path|mount))$/;

/** Whether something runs because of this file, and has to stop before it goes. */
export const isRunFrom = (path: string, keepers: readonly Keeper[]): boolean =>
  UNIT_FILE.test(path) || keeperOf(keepers, path) !== undefined;

const keeperOf = (keepers: readonly Keeper[], path: string): Keeper | undefined =>
  keepers.find(({ programFile }) => programFile.test(path));

/** What the changes make happen on the host, in the order in which it happens. */
export function impact(
  former: Listed, tree: Listed, changed: readonly ChangedPath[], host: Running, keepers: readonly Keeper[],
): Action[] {
  const triggered = triggeredBy(former, tree, changed);
  const stops = changed.filter(({ what }) => what === 'remove').map(({ path }) => path).sort(byText).reverse()
    .flatMap(path => stop(path, former, tree, host));
  const stopped = new Set(stops.map(({ what }) => what));
  const acted = units(tree, triggered, host, stopped, keepers);
  const done = [
    ...stops, ...acted, ...updates(tree, changed, acted, host, keepers), ...starts(tree, host),
    ...slots(tree, triggered, host, keepers), ...confirmation(triggered), ...left(former, tree, stopped, host),
  ];
  return [
    ...heldPorts(tree, host),
    ...host.isUnfinished ? [action('finish', 'an install that was cut short', ['its journal is still on the host'])]
      : [],
    ...appEndings(tree, host), ...answerEndings(former.answers, tree.answers, name => host.apps.has(name)),
    ...connectionEndings(former.variables, tree.variables, waitingApps(tree, triggered, host)),
    ...done.map(one => withLater(one, former, tree, host)),
  ];
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const nameIn = (trigger: string): string => trigger.slice(trigger.indexOf(':') + 1);

/** The triggers of what changes; of what goes, those for units and slots that the new list still has. */
function triggeredBy(former: Listed, tree: Listed, changed: readonly ChangedPath[]): Triggered {
  const isWanted = (trigger: string): boolean => (trigger.startsWith('slot:') ? tree.slots.includes(nameIn(trigger))
    : trigger === 'confirm' || !former.units.has(nameIn(trigger)) || tree.units.has(nameIn(trigger)));
  const found = new Map<string, string[]>();
  for (const { path, what } of changed) {
    const triggers = what === 'remove' ? (former.triggers.get(path) ?? []).filter(isWanted)
      : tree.triggers.get(path) ?? [];
    for (const trigger of triggers) found.set(trigger, [...found.get(trigger) ?? [], path]);
  }
  return found;
}

/** What runs because of a file ends before the file goes. */
function stop(path: string, former: Listed, tree: Listed, host: Running): Action[] {
  const unit = UNIT_FILE.exec(path)?.[1];
  const slot = former.triggers.get(path)?.find(trigger => trigger.startsWith('slot:'));
  const end = (name: string, downtime: string | null): Action =>
    action('stop', name, [path], slot === undefined ? downtime
      // a live one keeps it until the switch
      : tree.slots.includes(nameIn(slot)) ? null : downtimeOf(host.slots.get(nameIn(slot))));
  if (unit !== undefined) return unit.includes('@.') ? []
    : [end(unit, host.unit(unit).isUp ? former.units.get(unit) ?? unit : null)];
  return former.programs(path).map(name => end(name, name));
}

const downtimeOf = (slot: RunningSlot | undefined): string | null =>
  (!slot?.isRunning || slot.role === 'next' ? null : slot.role === 'live' ? 'the app' : 'the app, if the slot is live');

/**
 * Reloads, then restarts, each unit once; one that is down is started later, not touched here. A keeper is not
 * reloaded: it takes up its programs one by one.
 */
function units(
  tree: Listed, triggered: Triggered, host: Running, stopped: ReadonlySet<string>, keepers: readonly Keeper[],
): Action[] {
  const of = (what: 'reload' | 'restart'): Action[] => [...triggered]
    .sort(([a], [b]) => byText(a, b)).flatMap(([trigger, because]) => {
    const unit = nameIn(trigger);
    if (!trigger.startsWith(`${what}:`) || stopped.has(unit) || !host.unit(unit).isUp) return [];
    const keeper = keepers.find(one => one.unit === unit);
    if (what === 'reload') return triggered.has(`restart:${unit}`) || keeper ? [] : [action(what, unit, because)];
    return [keeper && keepsLive(keeper, host) ? action('wait for a restart', unit, because)
      : action(what, unit, because, tree.units.get(unit) ?? null)];
  });
  return [...of('reload'), ...of('restart')];
}

/** A live slot runs under it, so ending it would end what users see. */
const keepsLive = (keeper: Keeper, host: Running): boolean =>
  [...host.slots.values()]
    .some(({ runtime, role, isRunning }) => runtime === keeper.runtime && role === 'live' && isRunning);

/** Programs beside slots take up their files, unless their keeper itself has just done so. */
function updates(
  tree: Listed, changed: readonly ChangedPath[], acted: readonly Action[], host: Running, keepers: readonly Keeper[],
): Action[] {
  return keepers.filter(({ unit }) => host.unit(unit).isUp
    && !acted.some(one => one.action === 'restart' && one.what === unit))
    .flatMap(({ programFile }) => changed.filter(({ path, what }) => what !== 'remove' && programFile.test(path)
      && !tree.triggers.get(path)?.some(trigger => trigger.startsWith('slot:'))))
    .flatMap(({ path }) => tree.programs(path).map(name => action('update', name, [path], name)));
}

/** All that shall run is enabled and runs. */
function starts(tree: Listed, host: Running): Action[] {
  return [...tree.units.keys()].filter(unit => !lacksProgram(tree, host, unit)).flatMap(unit => {
    const is = host.unit(unit);
    const why = is.isKnown ? `it is ${is.state}` : 'new';
    const file = is.isKnown ? null : tree.text(`/etc/systemd/system/${unit}`);
    return [
      ...is.isEnabled === false ? [action('enable', unit, ['it is disabled'])]
        : /^\[Install\]/m.test(file ?? '') ? [action('enable', unit, [why])] : [],
      ...is.isGood ? [] : [action('start', unit, [why])],
    ];
  });
}

/** The unit's file runs a program that is not on the host yet. */
function lacksProgram(tree: Listed, host: Running, unit: string): boolean {
  if (host.absent.length === 0) return false;
  const text = tree.text(`/etc/systemd/system/${unit}`) ?? '';
  return host.absent.some(program => text.includes(`${program} `) || text.includes(`${program}\n`));
}

/**
 * Slots with a release, app by app, next before live. A live one that runs is never stopped: it waits for the switch.
 */
function slots(tree: Listed, triggered: Triggered, host: Running, keepers: readonly Keeper[]): Action[] {
  const found = [...host.slots].filter(([name]) => tree.slots.includes(name))
    .sort(([a, one], [b, two]) =>
      byText(appOf(a), appOf(b)) || (one.role === two.role ? byText(a, b) : one.role === 'live' ? 1 : -1));
  return found.flatMap(([name, slot]) => {
    const now = triggered.get(`slot:${name}`) ?? [];
    const because = [...new Set([...now, ...slot.stale])];
    if (slot.role === 'live' && slot.isRunning) {
      const later = [...now, ...slot.waiting];
      return later.length ? [action('wait for the switch', name, later)] : [];
    }
    if (because.length) return [action(slot.role === 'live' ? 'restart' : 'restart next', name,
      [...slot.role === 'next' ? formerRuntime(tree, name, slot.runtime) : [], ...because])];
    // a keeper that starts brings its slots along
    if (keepers.some(({ runtime, unit }) => runtime === slot.runtime && !host.unit(unit).isUp)) return [];
    return slot.isRunning || slot.isBad ? [] : [action('start', name, ['it does not run'])];
  });
}

/** A change of management access is put back by the host unless somebody comes in anew. */
const confirmation = (triggered: Triggered): Action[] => {
  const because = triggered.get('confirm');
  return because ? [action('confirm', 'over a new connection, or all is put back', because)] : [];
};

/** Units that are no longer listed, and whose file is not vgen's to remove. */
const left = (former: Listed, tree: Listed, stopped: ReadonlySet<string>, host: Running): Action[] =>
  [...former.units.keys()]
    .filter(unit => !tree.units.has(unit) && !stopped.has(unit) && host.unit(unit).isUp)
    .map(unit =>
      action('leave running', unit, [`no longer in the inventory; to end it: systemctl disable --now ${unit}`]));

/** Ports that open or close, and to whom: the lines of the exposure report that come and go. */
export function exposure(before: string, after: string): Action[] {
  const lines = (text: string): string[] => text.split('\n').filter(line => line && !line.startsWith('#'));
  const [was, is] = [lines(before), lines(after)];
  const say = (what: 'open' | 'close', line: string): Action => {
    const [port = '', protocol = '', address = '', who = '', why = ''] = line.split('\t');
    return action(what, `port ${port}/${protocol}${address === 'all' ? '' : ` at ${address}`} to ${who}`, [why],
      what === 'close' ? 'who still connects there' : null);
  };
  // who listens there may change, without anything for who connects
  const place = (line: string): string => line.split('\t').slice(0, 4).join('\t');
  const beside = (lines: readonly string[], others: readonly string[]): string[] =>
    lines.filter(line => !others.some(other => place(other) === place(line)));
  return [
    ...beside(was, is).map(line => say('close', line)), ...beside(is, was).map(line => say('open', line)),
  ];
}

/** Where the report of open ports stands on a host. */
export const EXPOSURE = '/etc/vgen/exposure.txt';
