// Entries of the inventory's sections.
import type { Path } from './diagnostic.ts';

/** What every entry of a section carries: its name and where it was written. */
export interface Named {
  readonly name: string;
  readonly at: Path;
}

export type Item<T> = T & Named;
export type Section<T> = Readonly<Record<string, Item<T>>>;
