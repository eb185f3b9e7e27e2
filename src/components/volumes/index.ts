// File systems for data, each a mount unit. A device that is not there is a failed unit, never an empty directory: what
// keeps its data on a volume asks for the mount, and place.sh refuses to make a directory where nothing is mounted.
import { component, entriesOn, type FileSpec } from '../../contract/component.ts';
import { mountUnit, type OnVolume } from '../../kit/datastore.ts';
import { filesOf, reload } from '../../kit/files.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import type { Host, Model } from '../../contract/model.ts';
import type { Volumes } from './schema.ts';

type Volume = Volumes[string];

const { script, template } = filesOf('volumes');

/** Below these the base system keeps nothing (FHS 3.0); no "-", which a unit's name would have to escape. */
const PLACE = /^(\/srv|\/mnt|\/data|\/var\/lib\/data)(\/[A-Za-z0-9_][A-Za-z0-9_.]*)+$|^\/data$/;

const on = (section: Volumes | null, host: Host): Volume[] => entriesOn(section, host);
const share = (a: Volume, b: Volume): boolean => [...a.hosts].some(host => b.hosts.has(host));

function check(section: Volumes, model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  const volumes = Object.values(section);
  for (const [i, volume] of volumes.entries()) {
    if (!PLACE.test(volume.path)) {
      found.push(error('volumes/path', [...volume.at, 'path'], `invalid mount point "${volume.path}"`, {
        hint: 'choose a path below /srv, /mnt, /data or /var/lib/data of letters, digits, "_" and "."',
      }));
    }
    if ((volume.uuid === null) === (volume.label === null)) {
      found.push(error('volumes/device', volume.at, `volume "${volume.name}" must set exactly one of "uuid", "label"`, {
        onKey: true, hint: 'on the host, blkid shows both',
      }));
    }
    const other = volumes.slice(0, i).find(one => one.path === volume.path && share(one, volume));
    if (other) {
      const message = `volumes "${other.name}" and "${volume.name}" are both mounted at "${volume.path}"`;
      found.push(error('volumes/path-twice', [...volume.at, 'path'], message, {
        hint: 'choose another path for one of them',
        see: { message: `volume "${other.name}"`, at: [...other.at, 'path'] },
      }));
    }
  }
  return [...found, ...users(model)];
}

/** Everything in the inventory that names a volume, in any section. */
const onVolumes = (model: Model): OnVolume[] =>
  Object.values(model.sections).flatMap(section => Object.values((section ?? {}) as object))
    .filter((one: unknown): one is OnVolume =>
      typeof one === 'object' && one !== null && 'volume' in one && one.volume !== null && 'hosts' in one);

function users(model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  const all = onVolumes(model);
  for (const [i, one] of all.entries()) {
    const at = [...one.at, 'volume'];
    const bare = [...one.hosts].find(host => !one.volume.hosts.has(host));
    if (bare) {
      const message = `"${one.name}" runs on host "${bare.name}", which does not have volume "${one.volume.name}"`;
      found.push(error('volumes/elsewhere', at, message, {
        hint: `volume "${one.volume.name}" is on ${[...one.volume.hosts].map(({ name }) => name).slice(0, 5)
          .join(', ')}`,
        see: { message: `volume "${one.volume.name}"`, at: [...one.volume.at, 'hosts'] },
      }));
    }
    const other = all.slice(0, i).find(before => before.name === one.name && before.volume === one.volume);
    if (other) {
      const message = `two datastores named "${one.name}" would share "${one.volume.path}/${one.name}"`;
      found.push(error('volumes/name-twice', at, message, {
        hint: 'rename one of them', see: { message: `the other "${one.name}"`, at: other.at },
      }));
    }
  }
  return found;
}

const mount = (volume: Volume): FileSpec => template(`/etc/systemd/system/${mountUnit(volume)}`, volume.at, {
  name: volume.name, path: volume.path, type: volume.type, options: volume.options,
  device: volume.uuid === null ? `/dev/disk/by-label/${volume.label ?? ''}`
    : `/dev/disk/by-uuid/${volume.uuid.toLowerCase()}`,
}, {
  as: '/etc/systemd/system/{unit}.mount', check: 'systemd',
  // a reload mounts it anew with other options; a restart would take it away from what runs on it
  onChange: [reload(mountUnit(volume))],
});

export const volumes = component<Volumes | null>({
  name: 'volumes',
  summary: 'File systems for data, mounted by UUID or label and never formatted.',
  key: 'volumes',
  schema: () => import('./schema.ts'),
  check: ({ section, model }) => (section ? check(section, model) : []),
  offer: ({ host, section }) => on(section, host).map(volume => ({
    kind: 'unit', name: mountUnit(volume), downtime: `whatever keeps its data in ${volume.path}`,
    why: `volume "${volume.name}"`, at: volume.at,
  })),
  plan: ({ host, section }) => {
    const volumes = on(section, host);
    return {
      files: volumes.length === 0 ? [] : [...volumes.map(mount), script('/opt/vgen/volumes/place.sh', ['volumes'])],
    };
  },
});
