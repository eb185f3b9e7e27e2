import { Type, type Static } from 'typebox';
import type { Volume } from '../../kit/datastore.ts';
import { entries, filled, map, object, orNull, port, ref, selector } from '../../schema/kinds.ts';

const vhost = object({
  password: ref('secrets', {
    description: 'Secret with the password of the user, which has the name of the vhost and full permissions on it.',
  }),
}, { description: 'A virtual host and its user; both are created if absent, and never removed.' });

const broker = object({
  hosts: selector({ description: 'The one host that runs this RabbitMQ.' }),
  port: filled(port('TCP port for AMQP over TLS; AMQP without TLS is not served.'), 5671),
  management: filled(Type.Boolean({ description: 'Web interface on port 15672 of loopback.' }), false),
  volume: orNull<Volume>(ref('volumes', {
    description: 'Volume of the data; default /var/lib/rabbitmq on the root file system.',
  })),
  vhosts: map(vhost, { description: 'Virtual hosts by name.' }, 'database'),
}, { description: 'A RabbitMQ on one host, over TLS.' });

export const schema = entries(broker, { description: 'RabbitMQ brokers by name; at most one runs on a host.' });
export type Rabbitmq = Static<typeof schema>;
