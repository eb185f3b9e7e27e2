// The environment of a slot on a host: what its app says, and what others offer it, such as the address of a datastore.
import type { Offers } from '../contract/component.ts';
import type { Path } from '../contract/diagnostic.ts';
import { expand } from './expand.ts';
import type { Host, Slot, Value } from '../contract/model.ts';

export interface Variable {
  readonly name: string;
  readonly value: Value;
  readonly at: Path;
}

/** All variables in the order of their names; those of the app override offered ones. */
export function environmentOf(slot: Slot, host: Host, offers: Offers): Variable[] {
  const written = slot.env.map(({ name, value, at }) => ({ name, value: expand(value, { host, slot }), at }));
  const names = new Set(written.map(({ name }) => name));
  const offered = offers.on(host, 'variable').filter(one => one.app === slot.app && !names.has(one.name));
  const first = new Map(offered.map(({ name, value, at }) => [name, { name, value, at }]));
  return [...written, ...first.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}
