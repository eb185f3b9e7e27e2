// The nouns between the stages. What was written is an Inventory and is seen by `resolve` alone; what is meant is a
// Model, frozen, made of objects, not names; every value in it is complete, an absent one is null.
import type { Path } from './diagnostic.ts';
import type { AppWritten } from '../schema/apps.ts';
import type { HostWritten } from '../schema/hosts.ts';

/** What every entry of a section carries: its name and where it was written. */
export interface Named {
  readonly name: string;
  readonly at: Path;
}

export type Item<T> = T & Named;
export type Section<T> = Readonly<Record<string, Item<T>>>;
export type Host = Readonly<Item<HostWritten>>;
export type Hosts = ReadonlySet<Host>;

/** Who may connect to something: everybody, or hosts of the fleet and networks outside of it. */
export interface Peers {
  readonly anyone: boolean;
  readonly hosts: Hosts;
  readonly networks: readonly string[];
}

/** One of the two places a release runs in. `dir`, `release` and `socket` are paths on the host. */
export interface Slot extends Named {
  readonly name: 'blue' | 'green';
  readonly app: App;
  readonly unit: string;
  readonly port: number;
  readonly ports: Readonly<Record<string, number>>;
  /** The app's environment with the slot's own over it, in the order of names. */
  readonly env: readonly { readonly name: string; readonly value: Text; readonly at: Path }[];
  readonly dir: string;
  readonly release: string;
  readonly socket: string;
}

/** An app as written, with its derived names and both slots. */
export type App = Readonly<Item<Omit<AppWritten, 'slots' | 'env' | 'dir' | 'unit' | 'user'>>> & {
  readonly dir: string;
  readonly unit: string;
  readonly user: string;
  readonly slots: readonly [Slot, Slot];
};

/** A place in a text that is filled per host or per slot, or a secret that only the host knows. */
export type Hole =
  | { readonly kind: 'host'; readonly name: string }
  | { readonly kind: 'slot'; readonly name: string }
  | { readonly kind: 'app'; readonly name: string }
  | { readonly kind: 'secret'; readonly secret: string };

/** A text with holes; one without is a plain string. */
export interface Pattern {
  readonly at: Path;
  readonly parts: readonly (string | Hole)[];
}
export type Text = string | Pattern;

/** Literal text, or the name of a secret whose value stands here on the host; `url`: percent-encoded (RFC 3986, 2.1). */
export type SealedPart = string | { readonly secret: string; readonly url?: true };

/** A value whose secret parts are put in on the host. */
export interface Sealed {
  readonly sealed: readonly SealedPart[];
}
export type Value = string | Sealed;

/** A check that an object of the inventory is excused from, with the reason. */
export interface Allowance {
  readonly code: string;
  readonly reason: string;
  readonly at: Path;
}

export interface Model {
  readonly hosts: readonly Host[];
  readonly apps: readonly App[];
  /** Every section of the inventory by its key, resolved. */
  readonly sections: Readonly<Record<string, unknown>>;
  /** Names of the secrets that something refers to. */
  readonly usedSecrets: ReadonlySet<string>;
  readonly allowances: readonly Allowance[];
}
