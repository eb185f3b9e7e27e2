import { Type, type Static } from 'typebox';
import type { Volume } from '../../kit/datastore.ts';
import { entries, filled, map, object, orNull, port, ref, selector, word } from '../../schema/kinds.ts';

const database = object({
  password: ref('secrets', { description: 'Secret with the password of the owner.' }),
  owner: orNull<string>(word('database', {
    description: 'Role that owns the database and that apps log in as; default the name of the database.',
  })),
  extensions: filled(Type.Array(Type.String({
    pattern: '^[a-z][a-z0-9_-]{0,62}$', rule: 'the name of an extension such as citext',
    description: 'An extension; those beyond postgresql-contrib need a package.',
  }), { description: 'Extensions of the database.' }), []),
}, { description: 'A database and the role that owns it; both are created if absent, and never removed.' });

const server = object({
  hosts: selector({ description: 'The one host that runs this server.' }),
  version: filled(Type.Integer({
    minimum: 13, maximum: 18,
    description: 'Major version, as the host\'s package names it: 15 on Debian 12, 16 on Ubuntu 24.04.',
  }), 15),
  port: filled(port('TCP port.'), 5432),
  connections: filled(
    Type.Integer({ minimum: 10, maximum: 10000, description: 'Connections at once (max_connections).' }), 100,
  ),
  volume: orNull<Volume>(ref('volumes', {
    description: 'Volume of the data; default /var/lib/postgresql on the root file system.',
  })),
  databases: map(database, { description: 'Databases by name.' }, 'database'),
}, { description: 'A PostgreSQL server on one host, over TLS, tuned by the memory of the host.' });

export const schema = entries(server, { description: 'PostgreSQL servers by name; at most one runs on a host.' });
export type Postgres = Static<typeof schema>;
export type Database = Static<typeof database>;
