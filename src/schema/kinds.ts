// All kinds of values that an inventory is made of: those of values.ts, and those that mean hosts. A separate file,
// because what a host is follows from the schema of hosts, which is made of values.
import { Type } from 'typebox';
import type { Host, Hosts, Peers } from '../contract/host.ts';
import type { Says } from './values.ts';

export * from './values.ts';

/** Hosts: `all`, a name, `tag:edge`, `region:eu`, or a list of these. */
export const selector = (says: Says & { default?: unknown }): ReturnType<typeof Type.Unsafe<Hosts>> =>
  Type.Unsafe({
    type: ['string', 'array'], items: { type: 'string', minLength: 1 }, minItems: 1, selector: true, ...says,
  });

/** Who may connect: `anyone`, or a list of selectors of hosts and of networks such as 192.0.2.0/24. */
export const peers = (says: Says): ReturnType<typeof Type.Unsafe<Peers>> =>
  Type.Unsafe({
    type: ['string', 'array'], items: { type: 'string', minLength: 1 }, minItems: 1, minLength: 1, peers: true, ...says,
  });

/** The name of a host. */
export const hostRef = (says: Says): ReturnType<typeof Type.Unsafe<Host>> =>
  Type.Unsafe({ type: 'string', ref: 'hosts', ...says });
