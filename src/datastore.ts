// What every datastore does for the apps that name it in `uses`: who they are, and what their variables are called.
import type { App, Host, Model, Named } from './model.ts';

/** The apps that connect to a datastore, in the order of the inventory. */
export const usersOf = (model: Model, store: Named): App[] => model.apps.filter(app => app.uses.some(one => one === store));

/** The hosts that connect to a datastore because an app of theirs uses it, in the order of their names. */
export const hostsUsing = (model: Model, store: Named): Host[] =>
  [...new Set(usersOf(model, store).flatMap(app => [...app.hosts]))].sort((a, b) => (a.name < b.name ? -1 : 1));

/** The variable with a datastore's address: DB_URL for "db", MAIN_DB_URL for "main-db". */
export const urlVariable = (store: Named): string => `${store.name.replaceAll('-', '_').toUpperCase()}_URL`;
