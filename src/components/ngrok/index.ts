// Tunnels by the ngrok agent: the host introduces itself to ngrok and opens no port to the internet.
import { component, entriesOn, type FileSpec, type Offers } from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import { expandPlain } from '../../kit/expand.ts';
import { CONFIRM, filesOf, restart } from '../../kit/files.ts';
import type { App, Host, Model } from '../../contract/model.ts';
import type { Ngrok } from './schema.ts';

type Tunnel = Ngrok['tunnels'][string];

const { template } = filesOf('ngrok');
const UNIT = 'ngrok.service';
const AT = ['ngrok'];

/** Where sshd listens on every host; vgen itself comes in there. */
const SSH = 22;

const on = (section: Ngrok | null, host: Host): Tunnel[] => entriesOn(section?.tunnels, host);

/** The address on the host that a tunnel leads to; null if nothing serves it. */
function addressOf(tunnel: Tunnel, apps: readonly App[]): string | null {
  if (tunnel.port !== null) return `127.0.0.1:${tunnel.port}`;
  const app = apps.find(one => one.name === tunnel.app?.name);
  const port = app?.listen[tunnel.link] ?? null;
  return app && port !== null ? `${app.listen.address === '0.0.0.0' ? '127.0.0.1' : app.listen.address}:${port}` : null;
}

function check(section: Ngrok, model: Model, offers: Offers): Diagnostic[] {
  const found: Diagnostic[] = [];
  const domains = new Map<string, Tunnel>();
  for (const tunnel of Object.values(section.tunnels)) {
    if ((tunnel.app === null) === (tunnel.port === null)) {
      found.push(error('ngrok/target', tunnel.at, `tunnel "${tunnel.name}" must set exactly one of "app", "port"`, {
        onKey: true, hint: 'app: a name, with "link: live" or "link: next"; port: a number',
      }));
      continue;
    }
    if (tunnel.domain !== null && tunnel.edge !== null) {
      const message =
        `tunnel "${tunnel.name}" sets both "edge" and "domain"; the domain of an edge is configured at ngrok`;
      found.push(error('ngrok/edge-and-domain', [...tunnel.at, 'edge'], message, { hint: 'remove one of them' }));
    }
    if (tunnel.edge !== null && section.version === 3) {
      const message = 'edges are not supported by version 3 of the agent\'s configuration';
      found.push(error('ngrok/edge-version', [...tunnel.at, 'edge'], message, {
        hint: 'use version 2, or set "domain" instead', see: { message: 'the version', at: ['ngrok', 'version'] },
      }));
    }
    for (const host of tunnel.hosts) {
      found.push(...target(tunnel, host, model, offers));
      if (tunnel.domain === null) continue;
      const domain = expandPlain(tunnel.domain, { host }).toLowerCase();
      const other = domains.get(domain);
      if (other) {
        const users = other === tunnel ? `hosts ${[...tunnel.hosts].map(one => one.name).slice(0, 5).join(', ')}`
          : `tunnels "${other.name}" and "${tunnel.name}"`;
        found.push(error('ngrok/domain-twice', [...tunnel.at, 'domain'], `domain "${domain}" is used by ${users}`, {
          hint: 'a domain leads to one host; use ${host.name} in it, or an edge that hosts share',
          ...(other === tunnel ? {} : { see: { message: `tunnel "${other.name}"`, at: other.at } }),
        }));
        break;
      }
      domains.set(domain, tunnel);
    }
  }
  return found;
}

/** A tunnel to a port that nobody serves. */
function target(tunnel: Tunnel, host: Host, model: Model, offers: Offers): Diagnostic[] {
  const apps = model.apps.filter(app => app.hosts.has(host));
  if (tunnel.app !== null && !apps.some(app => app.name === tunnel.app?.name)) {
    const message = `app "${tunnel.app.name}" does not run on host "${host.name}", which opens the tunnel`;
    return [error('ngrok/app-elsewhere', [...tunnel.at, 'app'], message, {
      hint: 'set "hosts" of the tunnel to hosts of the app',
      see: { message: `app "${tunnel.app.name}"`, at: tunnel.app.at },
    })];
  }
  if (addressOf(tunnel, apps) === null) {
    return [error(
      'ngrok/not-served', [...tunnel.at, 'link'], `app "${tunnel.app?.name ?? ''}" has no port for "${tunnel.link}"`, {
        hint: `set "listen: {${tunnel.link}: 8000}" of the app`,
        see: { message: `app "${tunnel.app?.name ?? ''}"`, at: tunnel.app?.at ?? [] },
      },
    )];
  }
  const ports = offers.on(host, 'port').map(({ port }) => port);
  return tunnel.port === null || tunnel.port === SSH || ports.includes(tunnel.port) ? []
    : [error(
      'ngrok/not-served', [...tunnel.at, 'port'], `nothing listens on port ${tunnel.port} of host "${host.name}"`, {
        hint: `ports in use there: ${[...new Set(ports)].sort((a, b) => a - b).join(', ') || 'none'}`,
      },
    )];
}

function files(section: Ngrok, host: Host, apps: readonly App[]): FileSpec[] {
  const tunnels = on(section, host).map(tunnel => ({
    at: tunnel.at, name: tunnel.name, address: addressOf(tunnel, apps) ?? '',
    domain: tunnel.domain === null ? null : expandPlain(tunnel.domain, { host }),
    edge: tunnel.edge === null ? null : expandPlain(tunnel.edge, { host }),
  }));
  if (tunnels.length === 0) return [];
  // A tunnel to sshd is a way into the host, perhaps the only one.
  const leadsIn = on(section, host).some(({ port }) => port === SSH);
  const onChange = [restart(UNIT), ...leadsIn ? [CONFIRM] : []];
  const secret = section.authtoken.name;
  return [
    template('/etc/ngrok.yml', AT, { authtoken: { sealed: [{ secret }] }, tunnels }, {
      as: section.version === 2 ? '/etc/ngrok.yml' : '/etc/ngrok-v3.yml', mode: '0640', owner: 'root:ngrok',
      secrets: [secret], onChange,
    }),
    template(`/etc/systemd/system/${UNIT}`, AT, { binary: section.binary }, { onChange, check: 'systemd' }),
  ];
}

export const ngrok = component<Ngrok | null>({
  name: 'ngrok',
  summary: 'Tunnels by the ngrok agent.',
  key: 'ngrok',
  schema: () => import('./schema.ts'),
  check: ({ section, model, offers }) => (section ? check(section, model, offers) : []),
  offer: ({ host, section }) => (section && on(section, host).length ? [
    {
      kind: 'program', path: section.binary, url: 'https://ngrok.com/download', why: 'the tunnel agent',
      at: ['ngrok', 'binary'],
    },
    {
      kind: 'user', name: 'ngrok', home: '/nonexistent', shell: '/usr/sbin/nologin', groups: [],
      why: 'runs the tunnel agent', at: ['ngrok'],
    },
    {
      kind: 'unit', name: UNIT, downtime: 'every client that comes through the tunnels', why: 'the tunnel agent',
      at: ['ngrok'],
    },
  ] : []),
  plan: ({ section, host, apps }) => ({ files: section ? files(section, host, apps) : [] }),
  prove: ({ section, model }) => model.hosts.filter(host => section && on(section, host).length > 0).map(host => ({
    step: 'tunnels', host, from: [host], when: 'installed', ask: { lack: 'their other end is at ngrok' },
  })),
});
