// What every datastore does for the apps that name it in `uses`: who they are, what their variables are called, where
// they reach it; and where its data and certificates lie.
import { addressOf, isPrivate } from './address.ts';
import { CA } from './certificate-files.ts';
import { entriesOn, type Offer } from '../contract/component.ts';
import { onlyHosts } from '../contract/host.ts';
import type { Proof } from '../contract/proof.ts';
import type { App, Host, Hosts, Model, Named, Value } from '../contract/model.ts';

/** The apps that connect to a datastore, in the order of the inventory. */
export const usersOf = (model: Model, store: Named): App[] =>
  model.apps.filter(app => app.uses.some(one => one === store));

/** The hosts that connect to a datastore because an app of theirs uses it, in the order of their names. */
export const hostsUsing = (model: Model, store: Named): Host[] =>
  [...new Set(usersOf(model, store).flatMap(app => [...app.hosts]))].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The hosts that connect to a datastore from elsewhere because an app of theirs uses it. */
export const clientsOf = (store: Named & { readonly hosts: Hosts }, model: Model): Host[] =>
  hostsUsing(model, store).filter(host => !store.hosts.has(host));

/** The one of a kind that is on a host. */
export const storeOn =
  <T extends { readonly hosts: Hosts }>(section: Readonly<Record<string, T>> | null, host: Host): T | undefined =>
    entriesOn(section, host)[0];

/**
 * Where a datastore listens: on loopback, and where others connect from (null: from nowhere) at the host's address too.
 */
export function portsOf(
  store: Named & { readonly port: number }, host: Host, clients: readonly Host[] | null, why: string,
): Offer[] {
  const port = { kind: 'port', port: store.port, why, at: [...store.at, 'port'] } as const;
  return [
    { ...port, address: '127.0.0.1', from: onlyHosts([]) },
    ...clients === null ? [] : [{ ...port, address: addressOf(host), from: onlyHosts(clients) }],
  ];
}

/** The variable with a datastore's address: DB_URL for "db", MAIN_DB_URL for "main-db". */
export const urlVariable = (store: Named): string => `${store.name.replaceAll('-', '_').toUpperCase()}_URL`;

/** The variable with the CA that its certificate is verified by: DB_CA for "db". */
const caVariable = (store: Named): string => urlVariable(store).replace(/URL$/, 'CA');

/** A volume as those see it whose data is on it. */
export interface Volume extends Named {
  readonly hosts: Hosts;
  readonly path: string;
}

/** An entry of any section that keeps its data on a volume. */
export interface OnVolume extends Named {
  readonly hosts: Hosts;
  readonly volume: Volume;
}

/** The mount unit of a volume: systemd-escape(1) makes "-" of "/"; a path with more to escape is refused. */
export const mountUnit = (volume: { readonly path: string }): string =>
  `${volume.path.slice(1).replaceAll('/', '-')}.mount`;

/** The directory of a datastore's data; null if it is not on a volume. */
export const directoryOf = ({ volume, name }: Named & { readonly volume: Volume | null }): string | null =>
  (volume === null ? null : `${volume.path}/${name}`);

/**
 * What a datastore's drop-in says of its data; null if it is not on a volume. `former`: a glob that finds something if
 * there is data at the place that the datastore has without a volume.
 */
export const placeOf =
  (store: Named & { readonly volume: Volume | null }, owner: string, former: string): object | null =>
    (store.volume === null ? null : {
      at: store.at, volume: store.volume.path, directory: directoryOf(store), owner, former,
    });

/** The names under which apps here and elsewhere reach a datastore on a host. */
export const namesOn = (host: Host): string[] => [...new Set([host.name, addressOf(host), 'localhost', '127.0.0.1'])];

/** The host that an app's URL leads to: the app's host where it runs the datastore, else the first one. */
export const reachedFrom = (store: { readonly hosts: Hosts }, host: Host): string =>
  (store.hosts.has(host) ? '127.0.0.1' : addressOf([...store.hosts][0] ?? host));

/** Variables of the apps of a host that use a datastore: its URL, and whom its certificate is to be verified by. */
export function variablesOf(
  store: Named, what: string, apps: readonly App[], url: (app: App) => Value, ca: boolean,
): Offer[] {
  return apps.filter(app => app.uses.some(one => one === store)).flatMap(app => {
    const more = {
      kind: 'variable', app, why: `app "${app.name}" uses ${what} "${store.name}"`, at: store.at,
    } as const;
    return [
      { ...more, name: urlVariable(store), value: url(app) },
      ...ca ? [{ ...more, name: caVariable(store), value: CA }] : [],
    ];
  });
}

/**
 * The part of a datastore that is an app's (a database, a vhost): the one of its name, else
 * the only one; null if it cannot be told.
 */
export function partOf<T>(parts: Readonly<Record<string, T>>, app: App): [string, T] | null {
  const all = Object.entries(parts);
  return all.find(([name]) => name === app.name) ?? (all.length === 1 ? all[0] ?? null : null);
}

/** Hosts of a datastore whose address is public although others connect to it. */
export const exposedOn = (store: { readonly hosts: Hosts }): Host[] => [...store.hosts]
  .filter(host => !isPrivate(addressOf(host)));

/**
 * What a rehearsal asks of a datastore: each of its apps keeps there, by its variables, what it wrote before a switch.
 * The script is given one word, `before` (write) or `after` (read), and `URL` and, with a CA, `CA`.
 */
export const proofsOf = (
  store: Named & { readonly hosts: Hosts }, model: Model,
  { ca = false, ...details }: Pick<Proof, 'ask' | 'packages' | 'programs'> & { readonly ca?: boolean },
): Proof[] => usersOf(model, store).flatMap(app => [...app.hosts].map((host): Proof => ({
  ...details, step: `data ${store.name}`, host, from: [host], needs: [...store.hosts], when: 'switched', app,
  variables: { URL: urlVariable(store), ...ca ? { CA: caVariable(store) } : {} },
})));
