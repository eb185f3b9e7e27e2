import { Type, type Static } from 'typebox';
import type { Volume } from '../../kit/datastore.ts';
import { entries, filled, map, object, orNull, port, ref, selector } from '../../schema/kinds.ts';

const database = object({
  password: ref('secrets', {
    description: 'Secret with the password of the user, which has the name of the database and reads and writes it.',
  }),
}, { description: 'A database and its user; the user is created if absent, and never removed.' });

const server = object({
  hosts: selector({ description: 'Hosts that run it, members of one replica set: one, or an odd number.' }),
  port: filled(port('TCP port, TLS alone.'), 27017),
  keyFile: ref('secrets', {
    description: 'Secret that members know one another by: 6 to 1024 characters of base64, as "openssl rand -base64 '
      + '756" prints.',
  }),
  admin: ref('secrets', { description: 'Secret with the password of the user "admin".' }),
  binary: filled(Type.String({
    pattern: '^/[A-Za-z0-9_./-]+$', rule: 'an absolute path',
    description: 'mongod on the host; Debian does not package it.',
  }), '/usr/bin/mongod'),
  shell: filled(Type.String({
    pattern: '^/[A-Za-z0-9_./-]+$', rule: 'an absolute path',
    description: 'Path of mongosh on the host, which creates the users.',
  }), '/usr/bin/mongosh'),
  volume: orNull<Volume>(ref('volumes', {
    description: 'Volume of the data; default /var/lib/mongodb on the root file system.',
  })),
  databases: map(database, { description: 'Databases by name.' }, 'database'),
}, { description: 'A MongoDB (5 or later) that its vendor\'s packages bring, over TLS; a replica set of its hosts.' });

export const schema = entries(server, { description: 'MongoDB replica sets by name; at most one runs on a host.' });
export type Mongodb = Static<typeof schema>;
