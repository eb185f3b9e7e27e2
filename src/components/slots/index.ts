// The directory of an app: two slots, the links live and next, its releases, and
// what the host's scripts must know of it.
import { component, type FileSpec, type Offer } from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import { knownNames } from '../../kit/nearest.ts';
import { seconds } from '../../kit/duration.ts';
import { directory, filesOf, firstLink, link, slotName } from '../../kit/files.ts';
import { ANYONE, onlyHosts } from '../../contract/host.ts';
import type { App, Host, Model, Peers, Text } from '../../contract/model.ts';

const { template } = filesOf('slots');

/** A unix socket's path is at most 107 bytes (unix(7)); "/green/nginx.sock" takes 17 of them. */
const LONGEST_DIR = 90;

const peersOf = ({ listen }: App): Peers =>
  (listen.from ? onlyHosts(listen.from) : listen.address === '127.0.0.1' ? onlyHosts([]) : ANYONE);

const offers = (app: App): Offer[] => [
  {
    kind: 'user', name: app.user, home: app.dir, shell: '/usr/sbin/nologin', groups: [], why: `runs app ${app.name}`,
    at: app.at,
  },
  ...app.slots.flatMap(slot => [
    {
      kind: 'port', port: slot.port, address: '127.0.0.1', from: onlyHosts([]),
      why: `slot ${slot.name} of app "${app.name}"`, at: [...slot.at, 'port'],
    } as const,
    ...Object.entries(slot.ports).map(([name, port]) => ({
      kind: 'port', port, address: '0.0.0.0', from: ANYONE,
      why: `port "${name}" of slot ${slot.name} of app "${app.name}"`, at: [...slot.at, 'ports', name],
    } as const)),
  ]),
  ...(['live', 'next'] as const).flatMap(link => {
    const port = app.listen[link];
    return port === null ? [] : [{
      kind: 'port', port, address: app.listen.address, from: peersOf(app), why: `${link} of app "${app.name}"`,
      at: [...app.at, 'listen', link],
    } as const];
  }),
];

function files(app: App, isServed: boolean): FileSpec[] {
  return [
    directory(app.dir, app.at), directory(`${app.dir}/releases`, app.at),
    ...app.slots.map(slot => directory(slot.dir, app.at)),
    ...app.binary === null ? []
      : app.slots.map(slot => link(`${slot.dir}/${app.binary}`, [...app.at, 'binary'], `release/${app.binary}`)),
    firstLink(`${app.dir}/live`, app.at, 'blue'), firstLink(`${app.dir}/next`, app.at, 'green'),
    template(`/opt/vgen/apps/${app.name}.sh`, app.at, view(app, isServed), {
      as: '/opt/vgen/apps/{app}.sh', check: 'bash',
    }),
    ...app.slots.map(slot => template(`/opt/vgen/apps/${app.name}/${slot.name}.sh`, slot.at, {
      app: app.name, name: slot.name, unit: slot.unit, port: slot.port, runtime: app.runtime, health: app.health ?? '',
    }, { as: '/opt/vgen/apps/{app}/{slot}.sh', check: 'bash', slot: slotName(slot) })),
  ];
}

function view(app: App, isServed: boolean): object {
  const served = (port: number | null): string =>
    (port === null ? '' : `${app.listen.address === '0.0.0.0' ? '127.0.0.1' : app.listen.address}:${port}`);
  return {
    at: app.at, name: app.name, dir: app.dir, user: app.user, binary: app.binary ?? '',
    slots: app.slots.map(({ name, at }) => ({ name, at })),
    wait: seconds(app.wait), steady: seconds(app.steady), drain: seconds(app.drain), keep: app.keep,
    live: served(app.listen.live), next: served(app.listen.next), served: isServed ? 'yes' : '',
  };
}

function check(model: Model): Diagnostic[] {
  return model.apps.flatMap((app, i) => [
    ...place(app),
    ...program(app),
    ...model.apps.slice(0, i).flatMap(other => shared(app, other)),
    ...app.slots.flatMap(slot => [...app.command, ...slot.env.map(({ value }) => value)]
      .flatMap(text => unknownPorts(text, slot.name, slot.ports))),
  ]);
}

function place(app: App): Diagnostic[] {
  const at = [...app.at, 'dir'];
  if (!/^\/opt(\/[A-Za-z0-9_.-]+)+$/.test(app.dir) || app.dir.split('/').some(part => part === '.' || part === '..')) {
    return [error('apps/dir', at, `"${app.dir}" is not a directory under /opt`, {
      hint: `such as /opt/${app.name}; allowed: letters, digits, "_", "." and "-"`,
    })];
  }
  if (app.dir === '/opt/vgen' || app.dir.startsWith('/opt/vgen/')) {
    return [error('apps/dir', at, 'directory "/opt/vgen" is reserved for vgen', {
      hint: 'set "dir" to another directory under /opt',
    })];
  }
  if (app.dir.length <= LONGEST_DIR) return [];
  const message =
    `directory of ${app.dir.length} characters is too long for a Unix socket in it: at most ${LONGEST_DIR}`;
  return [error('apps/dir-length', at, message, { hint: `such as /opt/${app.name}` })];
}

/** Runtimes look for a bare name in different places. */
function program(app: App): Diagnostic[] {
  const first = app.command[0] ?? '';
  const start = typeof first === 'string' ? first : first.parts[0];
  if (start === '') return [error('apps/program', [...app.at, 'command'], '"command" is blank', {
    hint: 'such as ./app --port ${slot.port}',
  })];
  if (typeof start !== 'string' || start.startsWith('/') || start.startsWith('./')) return [];
  return [error(
    'apps/program', [...app.at, 'command'], `program "${start}" is neither an absolute path nor a path in the release`,
    {
      hint: `write "./${start}" for a program in the release, "/usr/bin/${start}" for one on the host`,
    },
  )];
}

function shared(app: App, other: App): Diagnostic[] {
  if (![...app.hosts].some((host: Host) => other.hosts.has(host))) return [];
  const found: Diagnostic[] = [];
  if (app.dir === other.dir || app.dir.startsWith(`${other.dir}/`) || other.dir.startsWith(`${app.dir}/`)) {
    const dir = app.dir.length < other.dir.length ? app.dir : other.dir;
    found.push(error(
      'apps/shared-dir', [...app.at, 'dir'], `apps "${other.name}" and "${app.name}" share directory "${dir}"`, {
        hint: 'choose another "dir" for one of them',
        see: { message: `app "${other.name}"`, at: [...other.at, 'dir'] },
      },
    ));
  }
  if (app.unit === other.unit) {
    found.push(error(
      'apps/shared-unit', [...app.at, 'unit'], `apps "${other.name}" and "${app.name}" share unit name "${app.unit}"`,
      {
        hint: 'choose another "unit" for one of them',
        see: { message: `app "${other.name}"`, at: [...other.at, 'unit'] },
      },
    ));
  }
  return found;
}

function unknownPorts(text: Text, slot: string, ports: Readonly<Record<string, number>>): Diagnostic[] {
  if (typeof text === 'string') return [];
  return text.parts.flatMap(part => {
    if (typeof part === 'string' || part.kind !== 'slot' || !part.name.startsWith('ports')) return [];
    const name = part.name.split('.')[1] ?? '';
    return Object.hasOwn(ports, name) ? []
      : [error('apps/unknown-port', text.at, `slot ${slot} has no port "${name}"`, {
        hint: knownNames(name, Object.keys(ports), 'ports of the slot'), part: `\${slot.${part.name}}`,
      })];
  });
}

export const slots = component<null>({
  name: 'slots',
  summary: 'Two slots per app with the links live and next, and the facts that deploy, switch and rollback need.',
  key: null,
  schema: null,
  check: ({ model }) => check(model),
  offer: ({ apps }) => apps.flatMap(offers),
  plan: ({ apps, host }, offers) => {
    const bySites = new Set(offers.on(host, 'http').flatMap(one => one.apps ?? []));
    return { files: apps.flatMap(app => files(app, bySites.has(app))) };
  },
});
