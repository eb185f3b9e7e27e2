import { Type, type Static } from 'typebox';
import type { Volume } from '../../kit/datastore.ts';
import { entries, filled, map, object, orNull, port, ref, selector } from '../../schema/kinds.ts';

const vhost = object({
  password: ref('secrets', {
    description: 'Secret with the password of the user that has the name of the vhost and may do all in it.',
  }),
}, { description: 'A virtual host and its user; both are made if absent, and never removed.' });

const broker = object({
  hosts: selector({ description: 'The host that runs this RabbitMQ, one.' }),
  port: filled(port('TCP port for AMQP over TLS; there is none without.'), 5671),
  management: filled(Type.Boolean({ description: 'The web interface, on port 15672 of loopback alone.' }), false),
  volume: orNull<Volume>(ref('volumes', {
    description: 'Volume that the data is on; else it is in /var/lib/rabbitmq.',
  })),
  vhosts: map(vhost, { description: 'Virtual hosts by name.' }, 'database'),
}, { description: 'A RabbitMQ on one host, over TLS.' });

export const schema = entries(broker, { description: 'RabbitMQ brokers by name; at most one runs on a host.' });
export type Rabbitmq = Static<typeof schema>;
