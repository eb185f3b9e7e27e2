// The nouns between the stages. What was written is an Inventory and is seen by `resolve` alone; what is meant is a
// Model, frozen, made of objects, not names; every value in it is complete, an absent one is null.
import type { Path } from './diagnostic.ts';
import type { AppWritten } from '../schema/apps.ts';
import type { Host } from './host.ts';
import type { Item, Named } from './named.ts';
import type { Text } from './text.ts';

export type { Host, Hosts, Peers } from './host.ts';
export type { Item, Named, Section } from './named.ts';
export type { Interpolation, Pattern, Sealed, SealedPart, Text, Value } from './text.ts';

/** One of the two places a release runs in. `dir`, `release` and `socket` are paths on the host. */
export interface Slot extends Named {
  readonly name: 'blue' | 'green';
  readonly app: App;
  readonly unit: string;
  readonly port: number;
  readonly ports: Readonly<Record<string, number>>;
  /** The app's environment, overridden by the slot's, in the order of names. */
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
