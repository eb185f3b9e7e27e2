import { Type, type Static } from 'typebox';
import type { Hosts, Named } from '../../contract/model.ts';
import type { Volume } from '../../kit/datastore.ts';
import { entries, filled, map, object, orNull, port, ref, selector, word } from '../../schema/kinds.ts';

const user = object({
  password: ref('secrets', { description: 'Secret with the password; the host keeps its SHA-256 only.' }),
  keys: filled(Type.Array(Type.String({
    minLength: 1, pattern: '^[^\\s"]+$', rule: 'a key pattern without blanks', description: 'A pattern such as app:*.',
  }), {
    description: 'Key patterns that the user may use.',
  }), ['*']),
  commands: filled(Type.String({
    pattern: '^[+-][a-z@|+ -]+$', rule: 'rules such as "+@all -@dangerous"',
    description: 'Command rules, as ACL SETUSER takes them.',
  }), '+@all -@dangerous'),
}, { description: 'A user beside the default one.' });

const instance = object({
  hosts: filled(selector({ description: 'Hosts that run this Redis; one Redis per host.' }), 'all'),
  replicaOf: orNull<Named & { readonly hosts: Hosts; readonly port: number; readonly password: Named
    | null; readonly tls: boolean; readonly replicaOf: Named | null }>(
    ref('redis', { description: 'Primary that this Redis replicates; it runs on one host.' })),
  port: filled(port('TCP port.'), 6379),
  peers: orNull<Hosts>(selector({
    description: 'Hosts whose apps connect over the private network; without peers and replicas Redis listens only '
      + 'on loopback.',
  })),
  password: orNull<Named>(ref('secrets', {
    description: 'Secret with the password of the default user and of replication.',
  })),
  tls: filled(Type.Boolean({
    description: 'TLS only, for clients and replicas, on the same port; Redis supports it since version 6 (Debian '
      + '11, Ubuntu 22.04).',
  }), false),
  volume: orNull<Volume>(ref('volumes', {
    description: 'Volume of the data; default /var/lib/redis on the root file system.',
  })),
  users: filled(map(user, { description: 'Users (ACL) by name.' }, 'name'), {}),
  maxMemory: orNull<string>(word('size', {
    description: 'Largest memory of the data, such as 512m; default no limit.',
  })),
  eviction: filled(Type.String({
    enum: [
      'noeviction', 'allkeys-lru', 'allkeys-lfu', 'allkeys-random', 'volatile-lru', 'volatile-lfu', 'volatile-random',
      'volatile-ttl',
    ],
    description: 'Eviction policy when maxMemory is reached.',
  }), 'noeviction'),
  persistence: filled(Type.String({
    enum: ['aof', 'rdb', 'none'],
    description: 'Persistence: aof logs each write and loses at most a second, rdb takes snapshots, none suits a '
      + 'cache.',
  }), 'aof'),
}, { description: 'A Redis, alone or with replicas.' });

export const schema = entries(instance, { description: 'Redis instances by name; at most one runs on a host.' });
export type Redis = Static<typeof schema>;
