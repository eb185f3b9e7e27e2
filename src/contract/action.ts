// The nouns of an impact: what a list of a host says, what runs there, and what is done. Pure.
import type { ListedAnswer, ListedVariable } from './manifest.ts';

export interface Action {
  readonly action:
    | 'install' | 'finish' | 'stop' | 'reload' | 'restart' | 'wait for a restart' | 'update' | 'enable' | 'start'
    | 'restart next' | 'wait for the switch' | 'end' | 'route' | 'refuse' | 'confirm' | 'open' | 'close'
    | 'leave running';
  /** A unit, an app, a slot as app/slot, a program beside slots, a package, an address, a port and who reaches it. */
  readonly what: string;
  /** Why: paths on the host, or a sentence. */
  readonly because: readonly string[];
  /** What is interrupted; null if nobody notices. */
  readonly downtime: string | null;
  /** Where nobody looked which slot is live: what of it is done at the switch. */
  readonly later?: string;
}

/** A path that comes, goes or gets another content, mode, owner or target. */
export interface ChangedPath { readonly path: string; readonly what: 'add' | 'change' | 'remove' }

/**
 * What a list of a host says that a change can act on. Triggers are `reload:UNIT`,
 * `restart:UNIT`, `slot:APP/SLOT`, `confirm`.
 */
export interface Listed {
  /** Unit → what a restart interrupts, null if nobody notices; in the order of the list. */
  readonly units: ReadonlyMap<string, string | null>;
  /** Path → its triggers. */
  readonly triggers: ReadonlyMap<string, readonly string[]>;
  /** As APP/SLOT. */
  readonly slots: readonly string[];
  /** Path → the APP/SLOT to whose running configuration it belongs. */
  readonly slotOf: ReadonlyMap<string, string>;
  readonly answers: readonly ListedAnswer[];
  readonly variables: readonly ListedVariable[];
  /** The text of a file; null where it is not known. */
  readonly text: (path: string) => string | null;
  /** The programs beside slots that run because of this file. */
  readonly programs: (path: string) => readonly string[];
}

/** A unit as it is on the host. `isEnabled` is null where that does not apply. */
export interface RunningUnit {
  readonly isKnown: boolean;
  /** A reload or restart reaches it. */
  readonly isUp: boolean;
  /** It runs, and needs no start. */
  readonly isGood: boolean;
  readonly isEnabled: boolean | null;
  /** Its state in one word. */
  readonly state: string;
}

/** A slot that has a release. */
export interface RunningSlot {
  /** `either` where nobody looked. */
  readonly role: 'live' | 'next' | 'either';
  /** On which it listens; null where that is not known. */
  readonly port: number | null;
  readonly isRunning: boolean;
  readonly runtime: string;
  /** Its release is known to be bad: it is not started for nothing. */
  readonly isBad: boolean;
  /** Paths that its process has not taken up since an earlier change. */
  readonly stale: readonly string[];
  /** Paths of it that this change would change were it not live; they wait for the switch, and are no changed paths. */
  readonly waiting: readonly string[];
}

/** An app of which something is live: its directory, and the address on which nginx serves it, "" if there is none. */
export interface LiveApp { readonly dir: string; readonly live: string }

/** What runs on the host, as it was seen there or as the former list lets assume. */
export interface Running {
  readonly unit: (name: string) => RunningUnit;
  readonly slots: ReadonlyMap<string, RunningSlot>;
  readonly apps: ReadonlyMap<string, LiveApp>;
  /** Programs of the new list that are not there: what needs them is not started. */
  readonly absent: readonly string[];
  /** An install was cut short. */
  readonly isUnfinished: boolean;
}

/** Trigger → the paths that call for it. */
export type Triggered = ReadonlyMap<string, readonly string[]>;

/** Something that is done; nobody notices unless a downtime is given. */
export const action =
  (what: Action['action'], name: string, because: readonly string[], downtime: string | null = null): Action =>
    ({ action: what, what: name, because, downtime });
