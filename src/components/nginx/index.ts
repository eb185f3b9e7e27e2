// The reverse proxy in front of the slots. Each slot is served on a unix socket in its directory; the servers for
// live and next connect to that socket through the link, which the kernel resolves at every connect: exchanging the
// links is the whole switch, and no reload is needed for it.
import { component, type FileSpec } from '../../contract/component.ts';
import { filesOf, reload, slotName } from '../../kit/files.ts';
import type { App } from '../../contract/model.ts';
import type { Nginx } from './schema.ts';

const UNIT = 'nginx.service';
const { template } = filesOf('nginx');
const shared = { onChange: [reload(UNIT)], check: 'nginx' } as const;

const listens = (app: App): boolean => app.listen.live !== null || app.listen.next !== null;

function appView(app: App): object {
  const links = (['live', 'next'] as const).filter(link => app.listen[link] !== null);
  return {
    at: app.at, name: app.name, dir: app.dir, timeout: app.timeout, bodySize: app.bodySize, keepalive: app.keepalive,
    // behind a tunnel every client is loopback, and only the tunnel knows who asked; on
    // a public address nobody is believed
    tunnelled: app.listen.address === '127.0.0.1',
    slots: app.slots.map(({ name, dir, socket, at }) => ({ name, dir, socket, at, upstream: `${app.name}_${name}` })),
    servers: links.map(link => ({
      at: [...app.at, 'listen'], link, socket: `${app.dir}/${link}/nginx.sock`,
      listen: `${app.listen.address}:${app.listen[link]}`,
      // a request from the host to one of its addresses comes from that address
      from: ['127.0.0.1', '0.0.0.0'].includes(app.listen.address) ? null : app.listen.address,
    })),
  };
}

function slotFiles(app: App): FileSpec[] {
  return app.slots.map(slot => template(`${slot.dir}/nginx.conf`, [...slot.at, 'port'],
    { at: slot.at, app: app.name, name: slot.name, port: slot.port },
    { ...shared, as: '/opt/{app}/{slot}/nginx.conf', slot: slotName(slot) }));
}

export const nginx = component<Nginx>({
  name: 'nginx',
  summary: 'Reverse proxy in front of the slots, switched without a reload.',
  key: 'nginx',
  schema: () => import('./schema.ts'),
  offer: ({ apps, host }) => (apps.some(listens) ? [
    { kind: 'package', name: 'nginx-light', why: 'reverse proxy in front of the slots', at: host.at },
    {
      kind: 'unit', name: UNIT, downtime: 'every app of the host for about a second',
      why: 'reverse proxy in front of the slots', at: host.at,
    },
  ] : []),
  plan: ({ apps, host, section }, offers) => {
    const servers = offers.on(host, 'http');
    const bySites = new Set(servers.flatMap(one => one.apps ?? []));
    const served = apps.filter(app => listens(app) || bySites.has(app));
    if (served.length === 0 && servers.length === 0) return {};
    return { files: [
      template('/etc/nginx/nginx.conf', ['nginx'], {
        connections: section.connections, shutdown: section.shutdown, apps: served.map(appView),
        includes: servers.map(({ path, at }) => ({ path, at })),
      }, shared),
      // takes effect at the next start; a restart for its sake would cost requests
      template('/etc/systemd/system/nginx.service.d/vgen.conf', ['nginx'],
        { sockets: served.flatMap(app => app.slots.map(({ socket }) => socket)) }, { check: 'systemd' }),
      ...served.flatMap(slotFiles),
    ] };
  },
});
