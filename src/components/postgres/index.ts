// PostgreSQL on one host: Debian's cluster "main", whose settings, rules of access, roles and databases follow from the
// inventory. Who may log in, from where and into which database is said by the apps that use it.
import { addressOf } from '../../kit/address.ts';
import { certificateFiles } from '../../kit/certificate-files.ts';
import { component, type FileSpec, type Offer } from '../../contract/component.ts';
import {
  clientsOf, directoryOf, namesOn, partOf, placeOf, portsOf, proofsOf, reachedFrom, storeOn, usersOf, variablesOf,
} from '../../kit/datastore.ts';
import { notExposed, onOneHost, onePerHost, partForEachApp } from '../../kit/datastore-checks.ts';
import { directory, filesOf, reload, restart, type FileDetails } from '../../kit/files.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import type { App, Host, Model, Value } from '../../contract/model.ts';
import { tuning } from './memory.ts';
import type { Database, Postgres } from './schema.ts';

type Server = Postgres[string];

const { script, template } = filesOf('postgres');
const ROLES = 'vgen-postgres.service';
const RESTORE = '/opt/vgen/postgres/restore.sh';
/** Names that every cluster has, and the prefix that PostgreSQL keeps for itself (CREATE ROLE). */
const RESERVED = /^(postgres|template[01]|public|none|all|sameuser|samerole|replication)$|^pg_/;

const unitOf = (server: Server): string => `postgresql@${server.version}-main.service`;
const etc = (server: Server): string => `/etc/postgresql/${server.version}/main`;
const ownerOf = (name: string, database: Database): string => database.owner ?? name;

function check(section: Postgres, model: Model): Diagnostic[] {
  const servers = Object.values(section);
  return servers.flatMap((server, i) => [
    ...onOneHost(
      'postgres/one-host', server, 'data', 'select one host: vgen does not set up replication of PostgreSQL',
    ),
    ...server.hosts.size === 1 ? onePerHost('postgres/two-on-host', server, servers.slice(0, i), 'PostgreSQL servers',
      'run one server per host: it can hold many databases') : [],
    ...databases(server),
    ...partForEachApp('postgres/which-database', server, model, 'databases', 'database', server.databases),
    ...clientsOf(server, model).length ? notExposed('postgres/exposed', server, 'the apps\' hosts') : [],
  ]);
}

function databases(server: Server): Diagnostic[] {
  const found: Diagnostic[] = [];
  const owners = new Map<string, [string, Database]>();
  for (const [name, database] of Object.entries(server.databases)) {
    const at = [...server.at, 'databases', name];
    const owner = ownerOf(name, database);
    const reserved = [name, owner].find(one => RESERVED.test(one));
    if (reserved !== undefined) {
      const place = RESERVED.test(name) ? at : [...at, 'owner'];
      found.push(error('postgres/reserved', place, `name "${reserved}" is reserved by PostgreSQL`, {
        onKey: place === at, hint: 'choose another name',
      }));
    }
    const other = owners.get(owner);
    if (other && other[1].password !== database.password) {
      const message = `role "${owner}" has two passwords: it also owns database "${other[0]}"`;
      found.push(error('postgres/two-passwords', [...at, 'password'], message, {
        hint: `use secret "${other[1].password.name}" for both, or set another "owner" for one`,
        see: { message: `database "${other[0]}"`, at: [...server.at, 'databases', other[0]] },
      }));
    }
    owners.set(owner, other ?? [name, database]);
  }
  return found;
}

function files(server: Server, host: Host, model: Model): FileSpec[] {
  const unit = unitOf(server);
  const dir = etc(server);
  const remote = clientsOf(server, model).length > 0;
  const { start, running } = tuning(host.memory, server.connections);
  const all = Object.entries(server.databases);
  const roles = [...new Map(all.map(([name, database]) => [ownerOf(name, database), database.password.name]))];
  const file = (path: string, as: string, view: object, details: FileDetails): FileSpec =>
    template(path, server.at, { name: server.name, port: server.port, ...view }, { as, ...details });
  return [
    // the package's belong to postgres, who could exchange what root writes there
    ...['/etc/postgresql', `/etc/postgresql/${server.version}`, dir, `${dir}/conf.d`]
      .map(path => directory(path, server.at, { owner: 'root:postgres' })),
    // what a running server does not take up, apart from what it does: only the first file makes it restart
    file(`${dir}/conf.d/vgen-start.conf`, '/etc/postgresql/{version}/main/conf.d/vgen-start.conf', {
      address: remote ? addressOf(host) : null, connections: server.connections, settings: start,
      directory: directoryOf(server),
    }, { onChange: [restart(unit)], check: 'postgres' }),
    file(`${dir}/conf.d/vgen.conf`, '/etc/postgresql/{version}/main/conf.d/vgen.conf',
      { settings: running, ...certificateFiles('postgres') }, { onChange: [reload(unit)], check: 'postgres' }),
    file(`${dir}/pg_hba.conf`, '/etc/postgresql/{version}/main/pg_hba.conf', { rules: rules(server, host, model) },
      { mode: '0640', owner: 'postgres:postgres', onChange: [reload(unit)] }),
    file(`/etc/systemd/system/${unit}.d/vgen.conf`, '/etc/systemd/system/postgresql@.service.d/vgen.conf', {
      version: server.version,
      place: placeOf(
        server, 'postgres:postgres', `/var/lib/postgresql/${server.version}/main/base/[1-9][0-9][0-9][0-9][0-9]*`,
      ),
    }, { onChange: server.volume === null ? [] : [restart(unit)], check: 'systemd' }),
    file('/etc/vgen/postgres/roles.sql', '/etc/vgen/postgres/roles.sql', {
      roles: roles.map(([name, secret]) => ({ at: server.at, name, password: { sealed: [{ secret }] } })),
      databases: all.map(([name, database]) => (
        {
          at: [...server.at, 'databases', name], name, owner: ownerOf(name, database), extensions: database.extensions,
        })),
    }, {
      mode: '0600', owner: 'postgres:postgres', secrets: [...new Set(roles.map(([, secret]) => secret))].sort(),
      onChange: [restart(ROLES)],
    }),
    file(`/etc/systemd/system/${ROLES}`, `/etc/systemd/system/${ROLES}`, { unit }, {
      onChange: [restart(ROLES)], check: 'systemd',
    }),
    script(RESTORE, server.at),
  ];
}

/** One rule per app and host: only its database, its role and the address of its host. */
function rules(server: Server, host: Host, model: Model): object[] {
  return usersOf(model, server).flatMap(app => {
    const found = partOf(server.databases, app);
    if (!found) return [];
    return [...app.hosts].sort((a, b) => (a.name < b.name ? -1 : 1)).map(from => {
      const address = from === host ? '127.0.0.1' : addressOf(from);
      return {
        at: app.at, app: app.name, host: from.name, database: found[0], role: ownerOf(...found),
        address: `${address}/${address.includes(':') ? 128 : 32}`,
      };
    });
  });
}

function urlOf(server: Server, host: Host, app: App): Value {
  const [name, database] = partOf(server.databases, app) ?? ['', null];
  if (!database) return '';
  return { sealed: [
    `postgresql://${ownerOf(name, database)}:`, { secret: database.password.name, url: true },
    `@${reachedFrom(
      server, host,
    )}:${server.port}/${name}?sslmode=verify-full&sslrootcert=${certificateFiles('postgres').ca}`,
  ] };
}

function offers(server: Server, host: Host, model: Model): Offer[] {
  const said = { why: `postgres "${server.name}"`, at: server.at };
  const clients = clientsOf(server, model);
  return [
    { kind: 'package', name: `postgresql-${server.version}`, ...said },
    {
      kind: 'unit', name: unitOf(server), downtime: 'every client of PostgreSQL on the host, for some seconds', ...said,
    },
    { kind: 'unit', name: ROLES, downtime: null, ...said },
    {
      kind: 'certificate', name: 'postgres', names: namesOn(host), group: 'postgres',
      then: { do: 'reload', unit: unitOf(server) }, ...said,
    },
    ...portsOf(server, host, clients.length ? clients : null, said.why),
    ...Object.keys(server.databases).map((name): Offer => ({
      kind: 'dataset', name: `${server.name}-${name}`, paths: [], user: 'postgres',
      dump: ['pg_dump', '--format=custom', `--port=${server.port}`, name],
      restore: [RESTORE, String(server.port), name], why: said.why, at: [...server.at, 'databases', name],
    })),
  ];
}

export const postgres = component<Postgres | null>({
  name: 'postgres',
  summary: 'PostgreSQL with its roles, databases and rules of access, over TLS.',
  key: 'postgres',
  schema: () => import('./schema.ts'),
  datastore: true,
  check: ({ section, model }) => (section ? check(section, model) : []),
  offer: ({ host, apps, section, model }) => {
    const server = storeOn(section, host);
    return [
      ...Object.values(section ?? {})
        .flatMap(one => variablesOf(one, 'postgres', apps, app => urlOf(one, host, app), false)),
      ...(server ? offers(server, host, model) : []),
    ];
  },
  plan: ({ host, section, model }) => {
    const server = storeOn(section, host);
    return { files: server ? files(server, host, model) : [] };
  },
  prove: ({ section, model }) => Object.values(section ?? {}).flatMap(server => proofsOf(server, model, {
    packages: [`postgresql-client-${server.version}`], ask: { script: 'src/components/postgres/prove.sh', words: [] },
  })),
});
