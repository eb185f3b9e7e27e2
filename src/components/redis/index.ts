// Redis, alone or replicated across hosts: on loopback, and on the private address where replicas or peers connect.
import { isPrivate } from '../../address.ts';
import { component, type FileSpec, type Offer } from '../../component.ts';
import { error, type Diagnostic } from '../../diagnostic.ts';
import { hostsUsing, urlVariable } from '../../datastore.ts';
import type { App, Host, Model } from '../../model.ts';
import type { Redis } from './schema.ts';

type Instance = Redis[string];

const UNIT = 'redis-server.service';

const on = (section: Redis | null, host: Host): Instance | undefined => Object.values(section ?? {}).find(one => one.hosts.has(host));
const replicasOf = (section: Redis, instance: Instance): Instance[] => Object.values(section).filter(one => one.replicaOf?.name === instance.name);
/** Hosts that connect from elsewhere: where its users run, and what it is told of. */
const clientsOf = (section: Redis, instance: Instance, model: Model): Host[] => [...new Set([
  ...instance.peers ?? [], ...replicasOf(section, instance).flatMap(one => [...one.hosts]), ...hostsUsing(model, instance),
])].filter(host => !instance.hosts.has(host));
const isRemote = (section: Redis, instance: Instance, model: Model): boolean =>
  instance.peers !== null || clientsOf(section, instance, model).length > 0;
/** Where others reach this Redis: never a public address, unless the inventory allows `redis/exposed`. */
const addressOf = (host: Host): string => host.private ?? host.address;
/** A replica speaks the password of what it copies unless it has its own. */
const passwordOf = (instance: Instance): string | null => (instance.password ?? instance.replicaOf?.password)?.name ?? null;

function check(section: Redis, model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  const instances = Object.values(section);
  for (const [i, instance] of instances.entries()) {
    for (const other of instances.slice(0, i)) {
      const host = [...instance.hosts].find(one => other.hosts.has(one));
      if (host) {
        found.push(error('redis/two-on-host', [...instance.at, 'hosts'], `host "${host.name}" would run two: "${other.name}" and "${instance.name}"`, {
          hint: 'one Redis a host; choose other hosts', see: { message: `redis "${other.name}"`, at: other.at },
        }));
      }
    }
    found.push(...replication(instance), ...exposure(section, instance, model));
  }
  return found;
}

function replication(instance: Instance): Diagnostic[] {
  const source = instance.replicaOf;
  const at = [...instance.at, 'replicaOf'];
  if (source === null) return [];
  if (source.name === instance.name) return [error('redis/replica-of-itself', at, `"${instance.name}" cannot be a replica of itself`, { hint: 'name the Redis whose data it copies' })];
  if (source.replicaOf !== null) {
    return [error('redis/replica-of-replica', at, `"${source.name}" is a replica itself`, {
      hint: `copy "${source.replicaOf.name}"`, see: { message: `"${source.name}" is a replica`, at: [...source.at, 'replicaOf'] },
    })];
  }
  return source.hosts.size === 1 ? [] : [error('redis/many-sources', at, `"${source.name}" runs on ${source.hosts.size} hosts; a replica copies one`, {
    hint: 'give the primary an instance of its own, on one host', see: { message: `hosts of "${source.name}"`, at: [...source.at, 'hosts'] },
  })];
}

function exposure(section: Redis, instance: Instance, model: Model): Diagnostic[] {
  if (!isRemote(section, instance, model)) return [];
  const found: Diagnostic[] = [];
  for (const host of instance.hosts) {
    if (isPrivate(addressOf(host))) continue;
    found.push(error('redis/exposed', instance.at, `redis "${instance.name}" would listen on the public address "${addressOf(host)}" of host "${host.name}", beyond its peers`, {
      onKey: true, hint: `give the host a "private" address that the peers share`, see: { message: `host "${host.name}"`, at: host.at },
    }));
  }
  if (passwordOf(instance) === null) {
    found.push(error('redis/no-password', instance.at, `redis "${instance.name}" is reached over the network without a password`, {
      onKey: true, hint: 'set "password" to the name of a secret',
    }));
  }
  return found;
}

function plan(section: Redis, instance: Instance, host: Host, model: Model): FileSpec[] {
  const password = passwordOf(instance);
  const users = Object.entries(instance.users).map(([name, user]) => ({
    name, at: [...instance.at, 'users', name], password: { sealed: [{ secret: user.password.name }] },
    keys: user.keys.map(key => `~${key}`), commands: user.commands.split(' ').filter(Boolean), secret: user.password.name,
  }));
  const source = instance.replicaOf && { host: addressOf([...instance.replicaOf.hosts][0] ?? host), port: instance.replicaOf.port };
  const secrets = [...new Set([...password ? [password] : [], ...users.map(({ secret }) => secret)])].sort();
  const onChange = [{ do: 'restart', unit: UNIT }] as const;
  const files: FileSpec[] = [{
    kind: 'file', path: '/etc/redis/redis.conf', mode: '0644', owner: 'root:root', at: instance.at, secrets: [], onChange, check: 'redis',
    from: {
      template: 'redis/etc/redis/redis.conf.njk',
      view: {
        at: instance.at, name: instance.name, port: instance.port, address: isRemote(section, instance, model) ? addressOf(host) : null, source,
        maxMemory: instance.maxMemory === null ? null : instance.maxMemory.replace(/([kmg])$/, '$1b'), eviction: instance.eviction,
        persistence: instance.persistence, secrets: secrets.length > 0,
      },
    },
  }];
  if (secrets.length) {
    files.push({
      kind: 'file', path: '/etc/redis/secrets.conf', mode: '0640', owner: 'root:redis', at: instance.at, secrets, onChange, check: 'redis',
      from: {
        template: 'redis/etc/redis/secrets.conf.njk',
        view: { at: instance.at, name: instance.name, password: password === null ? null : { sealed: [{ secret: password }] }, users },
      },
    });
  }
  return files;
}

/** What the apps of a host that use an instance are told: its own one where the host runs it, else the first. */
function variablesOf(instance: Instance, host: Host, apps: readonly App[]): Offer[] {
  const place = instance.hosts.has(host) ? '127.0.0.1' : addressOf([...instance.hosts][0] ?? host);
  const password = passwordOf(instance);
  const value = password === null ? `redis://${place}:${instance.port}`
    : { sealed: ['redis://:', { secret: password, url: true as const }, `@${place}:${instance.port}`] };
  return apps.filter(app => app.uses.some(one => one === instance)).map(app => (
    { kind: 'variable', app, name: urlVariable(instance), value, why: `app "${app.name}" uses redis "${instance.name}"`, at: instance.at }));
}

// a constant of its own: tsc does not rewrite an import() inside "export default"
const schema = () => import('./schema.ts');

export default component<Redis | null>({
  name: 'redis',
  summary: 'Redis, alone or replicated across hosts.',
  key: 'redis',
  schema,
  check: ({ section, model }) => (section ? check(section, model) : []),
  datastore: true,
  offer: ({ host, apps, section, model }) => {
    const instance = on(section, host);
    const variables = Object.values(section ?? {}).flatMap(one => variablesOf(one, host, apps));
    if (!section || !instance) return variables;
    const why = `redis "${instance.name}"`;
    const port = { kind: 'port', port: instance.port, why, at: [...instance.at, 'port'] } as const;
    return [
      ...variables,
      { kind: 'package', name: 'redis-server', why, at: instance.at },
      { kind: 'unit', name: UNIT, downtime: 'every client of Redis on the host, until its data is loaded again', why, at: instance.at },
      { ...port, address: '127.0.0.1', from: [] },
      ...(isRemote(section, instance, model) ? [{ ...port, address: addressOf(host), from: clientsOf(section, instance, model) }] : []),
    ];
  },
  plan: ({ host, section, model }) => {
    const instance = on(section, host);
    return section && instance ? plan(section, instance, host, model) : [];
  },
});
