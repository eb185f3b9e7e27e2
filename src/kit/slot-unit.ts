// A slot as a systemd unit, hardened, with its environment in a file that root alone reads: for
// every runtime whose process is a unit's.
import type { FileSpec, Offer, Offers } from '../contract/component.ts';
import { environmentOf } from './environment.ts';
import { secretsIn } from './expand.ts';
import { filesOf, ofSlot } from './files.ts';
import type { App, Host, Slot } from '../contract/model.ts';

const { template } = filesOf('kit');

/** What an app can be allowed that its unit denies; systemd.exec(5). */
export const RELAXATIONS = ['devices', 'home', 'jit', 'namespaces', 'proc', 'syscalls'] as const;
export type Relaxation = typeof RELAXATIONS[number];

export interface SlotUnit {
  readonly program: object;
  readonly words: readonly object[];
  /** Seconds between TERM and KILL. */
  readonly stop: number;
  readonly settings: readonly (string | number)[];
  readonly relax: readonly Relaxation[];
  /** A variable that names a directory in /run which is there while the unit runs; null if none is wanted. */
  readonly home: string | null;
}

/** The unit of a slot and its environment; a change of either is taken up by the slot alone. */
export function slotUnit(
  slot: Slot, host: Host, offers: Offers, { program, words, stop, settings, relax, home }: SlotUnit,
): FileSpec[] {
  const env = environmentOf(slot, host, offers);
  const common = { app: slot.app.name, name: slot.name, unit: slot.unit };
  return [
    template(`/etc/systemd/system/${slot.unit}.service`, slot.at, {
      ...common, user: slot.app.user, release: slot.release, settings: { at: settings, stop }, program, words, home,
      allow: Object.fromEntries(RELAXATIONS.map(one => [one, relax.includes(one)])),
    }, { as: '/etc/systemd/system/{unit}.service', check: 'systemd', ...ofSlot(slot) }),
    template(`/etc/vgen/env/${slot.unit}.env`, slot.at, { ...common, env }, {
      as: '/etc/vgen/env/{unit}.env', mode: '0600', secrets: secretsIn(env.map(({ value }) => value)),
      ...ofSlot(slot),
    }),
  ];
}

/** The log directory of the unit is for the app to write to; what it prints is the journal's, which limits itself. */
export const slotLog = (app: App): Offer => ({
  kind: 'log', path: `/var/log/${app.name}/*.log`, owner: `${app.user}:${app.user}`, then: null,
  why: `what app "${app.name}" writes itself`, at: app.at,
});

/** A program of a command as an absolute path: "./x" is in the release. */
export const programPath = (program: string, slot: Slot): string =>
  (program.startsWith('./') ? `${slot.release}/${program.slice(2)}` : program);
