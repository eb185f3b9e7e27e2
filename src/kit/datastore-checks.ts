// What is wrong with a datastore of any kind. The code of a diagnostic begins with the kind: "postgres/exposed".
import { addressOf } from './address.ts';
import { exposedOn, partOf, usersOf } from './datastore.ts';
import { error, type Diagnostic } from '../contract/diagnostic.ts';
import type { Hosts, Model, Named } from '../contract/model.ts';

type Store = Named & { readonly hosts: Hosts };

const called = (code: string, store: Named): string => `${code.slice(0, code.indexOf('/'))} "${store.name}"`;

/** A datastore that does not replicate is on one host. `contents`: what would differ between hosts. */
export const onOneHost = (code: string, store: Store, contents: string, hint: string): Diagnostic[] =>
  (store.hosts.size === 1 ? []
    : [error(
      code, [...store.at, 'hosts'],
      `${called(code, store)} selects ${store.hosts.size} hosts, whose ${contents} would diverge`, { hint },
    )]);

/**
 * A host runs one of a kind. `before`: those that are declared before it; `plural`: what two of the kind are called.
 */
export function onePerHost(
  code: string, store: Store, before: readonly Store[], plural: string, hint: string,
): Diagnostic[] {
  for (const other of before) {
    const host = [...store.hosts].find(one => other.hosts.has(one));
    if (!host) continue;
    return [error(
      code, [...store.at, 'hosts'], `host "${host.name}" would run two ${plural}: "${other.name}" and "${store.name}"`,
      {
        hint, see: { message: called(code, other), at: other.at },
      },
    )];
  }
  return [];
}

/** Each app that uses a datastore has a part of it. `key`: where parts are declared; `part`: what one is called. */
export const partForEachApp = (
  code: string, store: Store, model: Model, key: string, part: string, parts: Readonly<Record<string, unknown>>,
): Diagnostic[] => usersOf(model, store).filter(app => partOf(parts, app) === null).map(app => error(
  code, [...app.at, 'uses', app.uses.findIndex(one => one === store)],
  `${called(code, store)} has no ${part} for app "${app.name}"`,
  {
    hint: `name a ${part} "${app.name}", or declare only one`,
    see: { message: `${key} of "${store.name}"`, at: [...store.at, key] },
  },
));

/** A datastore that others reach does not listen on a public address. `peers`: who has to share a network with it. */
export const notExposed = (
  code: string, store: Store, peers: string,
): Diagnostic[] => exposedOn(store).map(host => error(
  code, store.at,
  `${called(code, store)} would listen on the public address "${addressOf(host)}" of host "${host.name}"`, {
    onKey: true, hint: `set "private" of the host to an address in a network that ${peers} share`,
    see: { message: `host "${host.name}"`, at: host.at },
  },
));
