// Redis, alone or replicated across hosts: on loopback, and on the private address where replicas or peers connect.
import { addressOf } from '../../kit/address.ts';
import { certificateFiles } from '../../kit/certificate-files.ts';
import { component, type FileSpec } from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import {
  directoryOf, hostsUsing, namesOn, placeOf, portsOf, proofsOf, reachedFrom, storeOn, variablesOf,
} from '../../kit/datastore.ts';
import { notExposed, onePerHost } from '../../kit/datastore-checks.ts';
import { directory, filesOf, restart, type FileDetails } from '../../kit/files.ts';
import type { Host, Model, Value } from '../../contract/model.ts';
import type { Redis } from './schema.ts';

type Instance = Redis[string];

const { template } = filesOf('redis');
const UNIT = 'redis-server.service';
/** Dumps and restores, and makes a running Redis read its certificate anew. */
const SCRIPT = '/opt/vgen/redis/redis.sh';

const replicasOf = (section: Redis, instance: Instance): Instance[] =>
  Object.values(section).filter(one => one.replicaOf?.name === instance.name);
/** Hosts that connect from elsewhere: where its users run, and what it is told of. */
const peersOf = (section: Redis, instance: Instance, model: Model): Host[] => [...new Set([
  ...instance.peers ?? [], ...replicasOf(section, instance).flatMap(one => [...one.hosts]),
  ...hostsUsing(model, instance),
])].filter(host => !instance.hosts.has(host));
const isRemote = (section: Redis, instance: Instance, model: Model): boolean =>
  instance.peers !== null || peersOf(section, instance, model).length > 0;
const dirOf = (instance: Instance): string => directoryOf(instance) ?? '/var/lib/redis';
const tlsOf = ({ tls, at }: Instance): object | null => (tls ? { at, ...certificateFiles('redis') } : null);
/** A cache and a copy are not backed up. */
const hasData = ({ persistence, replicaOf }: Instance): boolean => persistence !== 'none' && replicaOf === null;
/** A replica speaks the password of what it copies unless it has one. */
const passwordOf = (instance: Instance): string | null =>
  (instance.password ?? instance.replicaOf?.password)?.name ?? null;

function check(section: Redis, model: Model): Diagnostic[] {
  const instances = Object.values(section);
  return instances.flatMap((instance, i) => [
    ...onePerHost(
      'redis/two-on-host', instance, instances.slice(0, i), 'Redis servers',
      'run one Redis per host: choose other hosts',
    ),
    ...replication(instance), ...exposure(section, instance, model),
  ]);
}

function replication(instance: Instance): Diagnostic[] {
  const source = instance.replicaOf;
  const at = [...instance.at, 'replicaOf'];
  if (source === null) return [];
  if (source.name === instance.name) {
    return [error(
      'redis/replica-of-itself', at, `redis "${instance.name}" cannot be a replica of itself`,
      { hint: 'name its primary' },
    )];
  }
  if (source.replicaOf !== null) {
    return [error('redis/replica-of-replica', at, `redis "${source.name}" is itself a replica`, {
      hint: `name its primary, "${source.replicaOf.name}"`,
      see: { message: `"${source.name}" is a replica`, at: [...source.at, 'replicaOf'] },
    })];
  }
  if (source.tls !== instance.tls) {
    const message = `"tls" differs between redis "${source.name}" and its replica "${instance.name}"`;
    return [error('redis/replica-tls', [...instance.at, 'tls'], message, {
      hint: `set "tls: ${source.tls}"`, see: { message: `"${source.name}"`, at: source.at },
    })];
  }
  if (source.hosts.size === 1) return [];
  const message = `redis "${source.name}" runs on ${source.hosts.size} hosts; the primary of a replica runs on one`;
  return [error('redis/many-sources', at, message, {
    hint: 'declare the primary as a separate instance on one host',
    see: { message: `hosts of "${source.name}"`, at: [...source.at, 'hosts'] },
  })];
}

function exposure(section: Redis, instance: Instance, model: Model): Diagnostic[] {
  if (!isRemote(section, instance, model)) return [];
  const found = notExposed('redis/exposed', instance, 'the peers');
  if (passwordOf(instance) === null) {
    found.push(error(
      'redis/no-password', instance.at, `redis "${instance.name}" is reachable over the network without a password`, {
        onKey: true, hint: 'set "password" to the name of a secret',
      },
    ));
  }
  return found;
}

function files(section: Redis, instance: Instance, host: Host, model: Model): FileSpec[] {
  const password = passwordOf(instance);
  const users = Object.entries(instance.users).map(([name, user]) => ({
    name, at: [...instance.at, 'users', name], password: { sealed: [{ secret: user.password.name }] },
    keys: user.keys.map(key => `~${key}`), commands: user.commands.split(' ').filter(Boolean),
    secret: user.password.name,
  }));
  const source = instance.replicaOf
    && { host: addressOf([...instance.replicaOf.hosts][0] ?? host), port: instance.replicaOf.port };
  const secrets = [...new Set([...password ? [password] : [], ...users.map(({ secret }) => secret)])].sort();
  const onChange = [restart(UNIT)];
  const file = (path: string, view: object, details: FileDetails): FileSpec =>
    template(path, instance.at, { name: instance.name, ...view }, details);
  const place = placeOf(instance, 'redis:redis', '/var/lib/redis/*');
  const settings = { port: instance.port, tls: tlsOf(instance), dir: dirOf(instance) };
  return [
    // the package's belongs to redis, who could exchange what root writes there
    directory('/etc/redis', instance.at, { mode: '0750', owner: 'root:redis' }),
    file('/etc/redis/redis.conf', {
      ...settings, address: isRemote(section, instance, model) ? addressOf(host) : null, source,
      maxMemory: instance.maxMemory === null ? null : instance.maxMemory.replace(/([kmg])$/, '$1b'),
      eviction: instance.eviction,
      persistence: instance.persistence, secrets: secrets.length > 0,
    }, { onChange, check: 'redis' }),
    ...place === null ? [] : [
      template(
        `/etc/systemd/system/${UNIT}.d/vgen.conf`, [...instance.at, 'volume'], place, { onChange, check: 'systemd' },
      ),
    ],
    ...instance.tls || hasData(instance) ? [
      file(SCRIPT, {
        ...settings, password: password ?? '', append: instance.persistence === 'aof' ? 'yes' : 'no',
      }, { mode: '0755', check: 'bash' }),
    ] : [],
    ...secrets.length === 0 ? [] : [
      file('/etc/redis/secrets.conf', {
        password: password === null ? null : { sealed: [{ secret: password }] }, users,
      },
        { mode: '0640', owner: 'root:redis', secrets, onChange, check: 'redis' }),
    ],
  ];
}

/** What the apps of a host are told that use an instance. */
function urlOf(instance: Instance, host: Host): Value {
  const [scheme, place, password] = [
    instance.tls ? 'rediss' : 'redis', `${reachedFrom(instance, host)}:${instance.port}`, passwordOf(instance),
  ];
  return password === null ? `${scheme}://${place}`
    : { sealed: [`${scheme}://:`, { secret: password, url: true }, `@${place}`] };
}

export const redis = component<Redis | null>({
  name: 'redis',
  summary: 'Redis, alone or replicated across hosts.',
  key: 'redis',
  schema: () => import('./schema.ts'),
  check: ({ section, model }) => (section ? check(section, model) : []),
  datastore: true,
  offer: ({ host, apps, section, model }) => {
    const instance = storeOn(section, host);
    const variables = Object.values(section ?? {})
      .flatMap(one => variablesOf(one, 'redis', apps, () => urlOf(one, host), one.tls));
    if (!section || !instance) return variables;
    const why = `redis "${instance.name}"`;
    return [
      ...variables,
      ...(instance.tls ? [{
        kind: 'certificate', name: 'redis', names: namesOn(host), group: 'redis',
        then: { do: 'run', command: [SCRIPT, 'take-up'] }, why, at: [...instance.at, 'tls'],
      } as const] : []),
      ...(hasData(instance) ? [{
        kind: 'dataset', name: instance.name, paths: [dirOf(instance)], user: 'root', dump: [SCRIPT, 'dump'],
        restore: [SCRIPT, 'restore'], why, at: instance.at,
      } as const] : []),
      { kind: 'package', name: 'redis-server', why, at: instance.at },
      {
        kind: 'unit', name: UNIT, downtime: 'every client of Redis on the host, until its data is loaded again', why,
        at: instance.at,
      },
      ...portsOf(instance, host, isRemote(section, instance, model) ? peersOf(section, instance, model) : null, why),
    ];
  },
  plan: ({ host, section, model }) => {
    const instance = storeOn(section, host);
    return { files: section && instance ? files(section, instance, host, model) : [] };
  },
  prove: ({ section, model }) => Object.values(section ?? {}).flatMap(instance => proofsOf(instance, model, {
    packages: ['redis-tools'], ca: instance.tls,
    ask: instance.replicaOf === null ? { script: 'src/components/redis/prove.sh', words: [] }
      : { lack: 'a replica takes no writes' },
  })),
});
