// What a live slot keeps until its switch, and what ends with an app that cannot be switched. Pure; the engine does
// what is foretold here (lib/install/hold.sh).
import { action, type Action, type Listed, type LiveApp, type Running, type Triggered } from './action.ts';

/** The data of an app on the host; null in a list that does not have the app, or whose files nobody can read. */
export function appIn(list: Listed, app: string): LiveApp | null {
  const text = list.text(`/opt/vgen/apps/${app}.sh`);
  const value = (name: string): string =>
    new RegExp(`^${name}=(.*)$`, 'm').exec(text ?? '')?.[1]?.replace("''", '') ?? '';
  return text === null || text === '' ? null : { dir: value('dir'), live: value('live') };
}

/** What ends for who uses an app: one that goes, or moves to where nothing is deployed; an address that it leaves. */
export function appEndings(tree: Listed, host: Running): Action[] {
  return [...host.apps].flatMap(([name, was]) => {
    const is = appIn(tree, name);
    if (is === null) return [action('end', name, ['it is no longer in the inventory'], 'the app')];
    if (is.dir !== was.dir) {
      return [action('end', name, [`it moves to ${is.dir}, where nothing is deployed yet`], 'the app')];
    }
    if (was.live === '' || is.live === was.live) return [];
    return [action('close', was.live, [is.live === '' ? `nginx does not serve ${name} there any more`
      : `${name} is served on ${is.live} from now on`], `who still asks for ${name} there`)];
  });
}

/** The app of an APP/SLOT. */
export const appOf = (slot: string): string => slot.slice(0, slot.indexOf('/'));

/** Whether a slot that is live and runs keeps its files: it can be switched to the other one. */
export const isHeld = (tree: Listed, host: Running, name: string): boolean =>
  host.slots.get(name)?.role === 'live' && isHeldIfLive(tree, host, name);

const isHeldIfLive = (tree: Listed, host: Running, name: string): boolean => {
  const slot = host.slots.get(name);
  return slot !== undefined && slot.role !== 'next' && slot.isRunning && tree.slots.includes(name)
    && appIn(tree, appOf(name))?.dir === host.apps.get(appOf(name))?.dir;
};

/** Apps whose live slot keeps what this change brings it until the switch. */
export const waitingApps = (tree: Listed, triggered: Triggered, host: Running): string[] => [...new Set([...host.slots]
  .filter(([name, { waiting }]) => isHeldIfLive(tree, host, name) && (triggered.has(`slot:${name}`) || waiting.length))
  .map(([name]) => appOf(name)))];

/** The port of a slot in a list whose files can be read. */
export function portIn(list: Listed, slot: string): number | null {
  const port = /^slot_port=(\d+)$/m.exec(list.text(`/opt/vgen/apps/${slot}.sh`) ?? '')?.[1];
  return port === undefined ? null : Number(port);
}

/** What a list says of a slot's release by giving the slot another runtime; nothing where it keeps it. */
export function formerRuntime(list: Listed, slot: string, runtime: string): string[] {
  const wanted = /^slot_runtime=(\S+)$/m.exec(list.text(`/opt/vgen/apps/${slot}.sh`) ?? '')?.[1] ?? runtime;
  return runtime === '' || wanted === runtime ? []
    : [`its release was deployed for ${runtime}, and is marked bad if it does not run under ${wanted}`];
}

/** A slot cannot get the port that a live one keeps until its switch (refuse_held_ports of lib/install/hold.sh). */
export function heldPorts(tree: Listed, host: Running): Action[] {
  const told = new Set<string>();
  return [...host.slots].filter(([name, { port }]) => port !== null && isHeldIfLive(tree, host, name))
    .flatMap(([name, { port, role }]) => tree.slots.filter(slot => slot !== name && portIn(tree, slot) === port)
      .flatMap(slot => {
        const wanted = portIn(tree, name);
        const isExchange = wanted !== null && wanted === host.slots.get(slot)?.port;
        if (isExchange && told.has(`${slot} ${name}`)) return [];
        told.add(`${name} ${slot}`);
        const remedy = isExchange
          ? `give ${name} a third port first, apply, switch; then ${slot} ${port}, apply, switch; `
            + `then ${name} ${wanted}`
          : `change ports in two steps: first ${name} alone, then switch, then ${slot}`;
        return action('refuse', slot, [`port ${port} is that of ${name}, which keeps it until its switch${
          role === 'live' ? '' : ' if it is live'}; ${remedy}`]);
      }));
}

/** Says of what is done because of a slot's files that it waits for the switch if that slot is the live one. */
export function withLater(one: Action, former: Listed, tree: Listed, host: Running): Action {
  if (!['reload', 'restart', 'stop', 'restart next'].includes(one.action)) return one;
  const slots = one.because.map(path => tree.slotOf.get(path) ?? former.slotOf.get(path) ?? '');
  const [first = '', ...others] = new Set(slots.filter(name =>
    host.slots.get(name)?.role === 'either' && isHeldIfLive(tree, host, name)));
  if (first === '') return one;
  return { ...one, later: others.length ? 'for the live slot at the switch'
    : slots.every(name => name === first) ? `at the switch if ${first} is live`
      : `for ${first} at the switch if it is live` };
}
