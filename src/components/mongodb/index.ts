// MongoDB from its vendor's packages: a replica set with a key file, users and TLS. Debian has no package of it, so
// that the programs are offered as foreign ones, and nothing is started until they are there.
import { addressOf } from '../../kit/address.ts';
import { certificateFiles } from '../../kit/certificate-files.ts';
import { component, type FileSpec, type Offer } from '../../contract/component.ts';
import {
  clientsOf, directoryOf, hostsUsing, namesOn, partOf, placeOf, portsOf, proofsOf, storeOn, variablesOf,
} from '../../kit/datastore.ts';
import { notExposed, onePerHost, partForEachApp } from '../../kit/datastore-checks.ts';
import { filesOf, restart, type FileDetails } from '../../kit/files.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import type { App, Host, Model, Value } from '../../contract/model.ts';
import type { Mongodb } from './schema.ts';

type Server = Mongodb[string];

const { template } = filesOf('mongodb');
const UNIT = 'mongod.service';
const USERS = 'vgen-mongodb.service';
const URL = 'https://www.mongodb.com/docs/manual/administration/install-on-linux/';
/** MongoDB's internal databases (manual, "System Collections"). */
const RESERVED = ['admin', 'config', 'local'];

const byName = (a: Host, b: Host): number => (a.name < b.name ? -1 : 1);
/** Who connects to a member from elsewhere: the other members and the hosts of apps. */
const peersOf = (server: Server, host: Host, model: Model): Host[] =>
  [...new Set([...server.hosts, ...hostsUsing(model, server)])].filter(one => one !== host).sort(byName);
const isRemote = (server: Server, model: Model): boolean =>
  server.hosts.size > 1 || clientsOf(server, model).length > 0;
/** Members as the replica set names them and its clients find them. */
const members = (server: Server, model: Model): string[] =>
  [...server.hosts].sort(byName)
    .map(host => `${isRemote(server, model) ? addressOf(host) : '127.0.0.1'}:${server.port}`);

function check(section: Mongodb, model: Model): Diagnostic[] {
  const servers = Object.values(section);
  return servers.flatMap((server, i) => [
    ...(server.hosts.size % 2 === 1 ? [] : [error(
      'mongodb/members', [...server.at, 'hosts'],
      `replica set "${server.name}" has an even number of members: ${server.hosts.size}`,
      { hint: 'select an odd number of hosts: one more than an odd number tolerates no further failure' },
    )]),
    ...onePerHost(
      'mongodb/two-on-host', server, servers.slice(0, i), 'MongoDB servers',
      'run one server per host: it can hold many databases',
    ),
    ...Object.keys(server.databases).filter(name => RESERVED.includes(name)).map(name => error(
      'mongodb/reserved', [...server.at, 'databases', name], `name "${name}" is reserved by MongoDB`,
      { onKey: true, hint: 'choose another name' },
    )),
    ...partForEachApp('mongodb/which-database', server, model, 'databases', 'database', server.databases),
    ...isRemote(server, model) ? notExposed('mongodb/exposed', server, 'the members and the apps\' hosts') : [],
  ]);
}

function files(server: Server, host: Host, model: Model): FileSpec[] {
  const onChange = [restart(UNIT)];
  const file = (path: string, view: object, details: FileDetails): FileSpec => template(path, server.at,
    { name: server.name, port: server.port, ...certificateFiles('mongodb'), ...view }, details);
  const users = Object.entries(server.databases).map(([name, { password }]) => ({
    at: [...server.at, 'databases', name], name, password: { sealed: [{ secret: password.name }] },
    secret: password.name,
  }));
  const place = placeOf(server, 'mongodb:mongodb', '/var/lib/mongodb/WiredTiger');
  return [
    file('/etc/mongod.conf', {
      address: isRemote(server, model) ? addressOf(host) : null, directory: directoryOf(server) ?? '/var/lib/mongodb',
    }, { onChange }),
    file('/etc/vgen/mongodb/keyfile', { key: { sealed: [{ secret: server.keyFile.name }] } }, {
      mode: '0400', owner: 'mongodb:mongodb', secrets: [server.keyFile.name], onChange,
    }),
    file('/etc/vgen/mongodb/users.js', {
      members: members(server, model), admin: { sealed: [{ secret: server.admin.name }] }, users,
      begins: [...server.hosts].sort(byName)[0] === host ? 'yes' : 'no',
    }, {
      mode: '0400', owner: 'mongodb:mongodb', onChange: [restart(USERS)],
      secrets: [...new Set([server.admin.name, ...users.map(({ secret }) => secret)])].sort(),
    }),
    file(`/etc/systemd/system/${UNIT}`, { binary: server.binary, place }, { check: 'systemd', onChange }),
    file(`/etc/systemd/system/${USERS}`, { shell: server.shell }, { check: 'systemd', onChange: [restart(USERS)] }),
  ];
}

function urlOf(server: Server, app: App, model: Model): Value {
  const found = partOf(server.databases, app);
  return found === null ? '' : { sealed: [
    `mongodb://${found[0]}:`, { secret: found[1].password.name, url: true },
    `@${members(server, model)
      .join(',')}/${found[0]}?replicaSet=${server.name}&tls=true&tlsCAFile=${certificateFiles('mongodb').ca}`,
  ] };
}

function offers(server: Server, host: Host, model: Model): Offer[] {
  const said = { why: `mongodb "${server.name}"`, at: server.at };
  return [
    { kind: 'program', path: server.binary, url: URL, ...said },
    { kind: 'program', path: server.shell, url: URL, ...said },
    { kind: 'user', name: 'mongodb', home: '/var/lib/mongodb', shell: '/usr/sbin/nologin', groups: [], ...said },
    {
      kind: 'unit', name: UNIT,
      downtime: 'every client of MongoDB on the host, until another member takes over or it is back', ...said,
    },
    { kind: 'unit', name: USERS, downtime: null, ...said },
    // mongod reads one file with both at its start
    {
      kind: 'certificate', name: 'mongodb', names: namesOn(host), group: 'mongodb', then: { do: 'restart', unit: UNIT },
      ...said,
    },
    {
      kind: 'log', path: '/var/log/mongodb/*.log', owner: 'mongodb:mongodb',
      then: ['systemctl', 'kill', '--kill-whom=main', '--signal=USR1', UNIT], ...said,
    },
    ...portsOf(server, host, isRemote(server, model) ? peersOf(server, host, model) : null, said.why),
  ];
}

export const mongodb = component<Mongodb | null>({
  name: 'mongodb',
  summary: 'MongoDB from its vendor\'s packages: a replica set with users, over TLS.',
  key: 'mongodb',
  schema: () => import('./schema.ts'),
  datastore: true,
  check: ({ section, model }) => (section ? check(section, model) : []),
  offer: ({ host, apps, section, model }) => {
    const server = storeOn(section, host);
    return [
      ...Object.values(section ?? {})
        .flatMap(one => variablesOf(one, 'mongodb', apps, app => urlOf(one, app, model), false)),
      ...(server ? offers(server, host, model) : []),
    ];
  },
  plan: ({ host, section, model }) => {
    const server = storeOn(section, host);
    return { files: server ? files(server, host, model) : [] };
  },
  prove: ({ section, model }) => Object.values(section ?? {}).flatMap(server => proofsOf(server, model, {
    packages: ['python3-pymongo'], programs: [...server.hosts].map(host => ({ host, path: server.binary })),
    ask: { script: 'src/components/mongodb/prove.sh', words: [] },
  })),
});
