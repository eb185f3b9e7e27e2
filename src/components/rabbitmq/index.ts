// RabbitMQ on one host: AMQP over TLS alone, Erlang's ports on loopback, a vhost and a user for each app that uses it.
import { addressOf } from '../../kit/address.ts';
import { certificateFiles } from '../../kit/certificate-files.ts';
import { component, type FileSpec, type Offer } from '../../contract/component.ts';
import {
  clientsOf, directoryOf, namesOn, partOf, placeOf, portsOf, proofsOf, reachedFrom, storeOn, variablesOf,
} from '../../kit/datastore.ts';
import { notExposed, onOneHost, onePerHost, partForEachApp } from '../../kit/datastore-checks.ts';
import { directory, filesOf, restart, type FileDetails } from '../../kit/files.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import { onlyHosts } from '../../contract/host.ts';
import type { App, Host, Model, Value } from '../../contract/model.ts';
import type { Rabbitmq } from './schema.ts';

type Broker = Rabbitmq[string];

const { script, template } = filesOf('rabbitmq');
const UNIT = 'rabbitmq-server.service';
const EPMD = 'epmd.socket';
const DEFINITIONS = 'vgen-rabbitmq.service';
const SCRIPT = '/opt/vgen/rabbitmq/definitions.sh';
/** Erlang's ports on loopback, and the web interface's. */
const INTERNAL_PORTS = [[4369, 'epmd of Erlang'], [25672, 'Erlang distribution']] as const;


function check(section: Rabbitmq, model: Model): Diagnostic[] {
  const brokers = Object.values(section);
  return brokers.flatMap((broker, i) => [
    ...onOneHost('rabbitmq/one-host', broker, 'queues', 'select one host: vgen does not set up a cluster of RabbitMQ'),
    ...broker.hosts.size === 1 ? onePerHost('rabbitmq/two-on-host', broker, brokers.slice(0, i), 'RabbitMQ brokers',
      'run one broker per host: it can hold many vhosts') : [],
    ...(Object.hasOwn(broker.vhosts, 'guest') ? [error(
      'rabbitmq/guest', [...broker.at, 'vhosts', 'guest'],
      'name "guest" is reserved for RabbitMQ\'s default user, which vgen removes',
      { onKey: true, hint: 'choose another name' },
    )] : []),
    ...partForEachApp('rabbitmq/which-vhost', broker, model, 'vhosts', 'vhost', broker.vhosts),
    ...clientsOf(broker, model).length ? notExposed('rabbitmq/exposed', broker, 'the apps\' hosts') : [],
  ]);
}

function files(broker: Broker, host: Host, model: Model): FileSpec[] {
  const onChange = [restart(UNIT)];
  const file = (path: string, view: object, details: FileDetails): FileSpec =>
    template(path, broker.at, { name: broker.name, ...view }, details);
  const vhosts = Object.entries(broker.vhosts).map(([name, { password }]) => ({
    at: [...broker.at, 'vhosts', name], name, password: { sealed: [{ secret: password.name }] }, secret: password.name,
  }));
  return [
    directory('/etc/rabbitmq', broker.at),
    file('/etc/rabbitmq/rabbitmq.conf', {
      port: broker.port, address: clientsOf(broker, model).length ? addressOf(host) : null,
      management: broker.management, ...certificateFiles('rabbitmq'),
    }, { onChange }),
    file('/etc/rabbitmq/rabbitmq-env.conf', { directory: directoryOf(broker) }, { onChange }),
    file('/etc/rabbitmq/enabled_plugins', { management: broker.management }, { onChange }),
    file('/etc/rabbitmq/definitions.json', { vhosts }, {
      mode: '0640', owner: 'root:rabbitmq', secrets: [...new Set(vhosts.map(({ secret }) => secret))].sort(),
      onChange: [restart(DEFINITIONS)],
    }),
    file(`/etc/systemd/system/${UNIT}.d/vgen.conf`, {
      place: placeOf(broker, 'rabbitmq:rabbitmq', '/var/lib/rabbitmq/mnesia/*'),
    }, {
      check: 'systemd', onChange: broker.volume === null ? [] : onChange,
    }),
    // a socket unit that changes while it is active serves no more until it is restarted, and the
    // broker has to register there again
    file(`/etc/systemd/system/${EPMD}.d/vgen.conf`, {}, { check: 'systemd', onChange: [restart(EPMD), restart(UNIT)] }),
    file(`/etc/systemd/system/${DEFINITIONS}`, {}, { check: 'systemd', onChange: [restart(DEFINITIONS)] }),
    script(SCRIPT, broker.at),
  ];
}

function urlOf(broker: Broker, host: Host, app: App): Value {
  const found = partOf(broker.vhosts, app);
  if (found === null) return '';
  const [name, { password }] = found;
  return { sealed: [
    `amqps://${name}:`, { secret: password.name, url: true }, `@${reachedFrom(broker, host)}:${broker.port}/${name}`,
  ] };
}

function offers(broker: Broker, host: Host, model: Model): Offer[] {
  const said = { why: `rabbitmq "${broker.name}"`, at: broker.at };
  const clients = clientsOf(broker, model);
  const local = [...INTERNAL_PORTS, ...broker.management ? [[15672, 'management'] as const] : []];
  return [
    { kind: 'package', name: 'rabbitmq-server', ...said },
    { kind: 'unit', name: UNIT, downtime: 'every client of RabbitMQ on the host, for about 15 seconds', ...said },
    { kind: 'unit', name: EPMD, downtime: null, ...said },
    { kind: 'unit', name: DEFINITIONS, downtime: null, ...said },
    // Erlang keeps the contents of certificate files for two minutes: ssl(3erl), ssl_pem_cache_clean
    {
      kind: 'certificate', name: 'rabbitmq', names: namesOn(host), group: 'rabbitmq',
      then: { do: 'run', command: ['rabbitmqctl', '--quiet', 'eval', 'ssl:clear_pem_cache().'] }, ...said,
    },
    ...portsOf(broker, host, clients.length ? clients : null, said.why),
    ...local.map(([number, what]): Offer => ({
      kind: 'port', port: number, address: '127.0.0.1', from: onlyHosts([]), why: `${what}, for ${said.why}`,
      at: broker.at,
    })),
    {
      kind: 'dataset', name: broker.name, paths: [], user: 'root', dump: [SCRIPT, 'dump'], restore: [SCRIPT, 'restore'],
      ...said,
    },
  ];
}

export const rabbitmq = component<Rabbitmq | null>({
  name: 'rabbitmq',
  summary: 'RabbitMQ with its vhosts and users, over TLS.',
  key: 'rabbitmq',
  schema: () => import('./schema.ts'),
  datastore: true,
  check: ({ section, model }) => (section ? check(section, model) : []),
  offer: ({ host, apps, section, model }) => {
    const broker = storeOn(section, host);
    return [
      ...Object.values(section ?? {})
        .flatMap(one => variablesOf(one, 'rabbitmq', apps, app => urlOf(one, host, app), true)),
      ...(broker ? offers(broker, host, model) : []),
    ];
  },
  plan: ({ host, section, model }) => {
    const broker = storeOn(section, host);
    return { files: broker ? files(broker, host, model) : [] };
  },
  prove: ({ section, model }) => Object.values(section ?? {}).flatMap(broker => proofsOf(broker, model, {
    packages: ['python3-pika'], ca: true, ask: { script: 'src/components/rabbitmq/prove.sh', words: [] },
  })),
});
