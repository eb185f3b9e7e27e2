// Backups by restic: what components offer as data sets, /etc, releases and logs, to a host of the fleet or an S3
// store; a timer each for the backup, for its age and for the drill that restores it.
import { addressOf } from '../../kit/address.ts';
import { component, entriesOn, type FileSpec, type Offer, type Offers } from '../../contract/component.ts';
import { error, type Diagnostic, type Path } from '../../contract/diagnostic.ts';
import { seconds } from '../../kit/duration.ts';
import { CONFIRM, directory, filesOf, reload } from '../../kit/files.ts';
import { onlyHosts } from '../../contract/host.ts';
import type { App, Host, Model } from '../../contract/model.ts';
import type { Proof } from '../../contract/proof.ts';
import type { Backups } from './schema.ts';

type Backup = Backups[string];

const { script, template } = filesOf('backups');
const DIR = '/opt/vgen/backup';
const SCRIPTS = ['backup', 'check', 'drill', 'lib', 'restore'];
/** What is backed up lies anywhere, with any mode, and the inventory's commands dump and restore it. */
const RELAX = ['files', 'home', 'proc', 'setuid'] as const;
/** useradd(8): the name of a user has at most 32 characters. */
const LONGEST = 32;

const userOf = (backup: Backup): string => `backup-${backup.name}`;
const portOf = (host: Host): number => host.ssh.port ?? 22;
const of = (section: Backups | null, host: Host): Backup[] => entriesOn(section, host);
const keptOn = (section: Backups | null, host: Host): Backup[] =>
  Object.values(section ?? {}).filter(backup => backup.sftp?.host === host);

interface Dataset {
  readonly at: Path;
  readonly name: string;
  readonly user: string;
  readonly paths: readonly string[];
  readonly dump: readonly string[] | null;
  readonly restore: readonly string[] | null;
}

/** All data sets of a host in a backup: offered ones, those that every host has, those that the inventory adds. */
function datasets(backup: Backup, host: Host, apps: readonly App[], offers: Offers): Dataset[] {
  const files = (name: string, paths: readonly string[], at: Path): Dataset =>
    ({ at, name, user: 'root', paths, dump: null, restore: null });
  return [
    files('etc', ['/etc'], backup.at),
    ...apps.length === 0 ? [] : [files('releases', apps.map(app => `${app.dir}/releases`), backup.at)],
    files('logs', ['/var/log'], backup.at),
    ...offers.on(host, 'dataset')
      .map(({ name, user, paths, dump, restore, at }) => ({ at, name, user, paths, dump, restore })),
    ...Object.entries(backup.paths).map(([name, paths]) => files(name, paths, [...backup.at, 'paths', name])),
    ...Object.entries(backup.dumps)
      .map(([name, one]) => ({ at: [...backup.at, 'dumps', name], name, paths: [], ...one })),
  ];
}

function check(section: Backups, model: Model, offers: Offers): Diagnostic[] {
  return Object.values(section).flatMap(backup => {
    const found: Diagnostic[] = [];
    const { sftp } = backup;
    if ((sftp === null) === (backup.s3 === null)) {
      found.push(error('backups/target', backup.at, `backup "${backup.name}" must set exactly one of "sftp", "s3"`, {
        onKey: true, hint: 'sftp: a host of the fleet stores it; s3: an object store',
      }));
    }
    if (sftp && userOf(backup).length > LONGEST) {
      found.push(error('backups/name', backup.at, `user name "${userOf(backup)}" is too long`, {
        onKey: true, hint: `shorten the name of the backup to at most ${LONGEST - 7} characters`,
      }));
    }
    if (sftp && sftp.host.ssh.hostKey === null) {
      const message = `host "${sftp.host.name}" has no "hostKey", by which the hosts that back up to it verify it`;
      found.push(error('backups/no-host-key', [...backup.at, 'sftp', 'host'], message, {
        hint: 'set it under "ssh" of the host; there, cat /etc/ssh/ssh_host_ed25519_key.pub prints it',
        see: { message: `host "${sftp.host.name}"`, at: sftp.host.at },
      }));
    }
    if (sftp && backup.hosts.has(sftp.host)) {
      found.push(error(
        'backups/onto-itself', [...backup.at, 'hosts'], `host "${sftp.host.name}" would store its backup on itself`, {
          hint: 'remove it from "hosts", or choose another host under "sftp"',
        },
      ));
    }
    for (const host of backup.hosts) {
      const apps = model.apps.filter(app => app.hosts.has(host));
      const names = new Map<string, Dataset>();
      for (const one of datasets(backup, host, apps, offers)) {
        const before = names.get(one.name);
        if (before) {
          return [
            ...found,
            error('backups/dataset-twice', one.at, `duplicate data set "${one.name}" on host "${host.name}"`, {
              onKey: true, hint: 'rename one of them', see: { message: 'first defined here', at: before.at },
            }),
          ];
        }
        names.set(one.name, one);
      }
    }
    return found;
  });
}

function clientOffers(backup: Backup): Offer[] {
  const { at, name } = backup;
  const why = `backup "${name}"`;
  const job = (job: string, calendar: string, script: string): Offer =>
    ({
      kind: 'job', name: job, calendar, command: [`${DIR}/${script}.sh`, name], user: 'root', relax: RELAX,
      why: `${script} of ${why}`, at,
    });
  return [
    { kind: 'package', name: 'restic', why, at },
    ...backup.sftp === null ? [] : [
      { kind: 'package', name: 'openssh-client', why, at } as const,
      { kind: 'key-pair', secret: backup.sftp.key.name, publicKey: backup.sftp.publicKey, why, at } as const,
    ],
    job(`backup-${name}`, backup.calendar, 'backup'), job(`backup-${name}-check`, 'hourly', 'check'),
    job(`backup-${name}-drill`, backup.drill, 'drill'),
  ];
}

/** What the host that keeps backups brings: a user for each, and its sshd for those who back up. */
function keeperOffers(kept: readonly Backup[], host: Host): Offer[] {
  if (kept.length === 0) return [];
  const from = onlyHosts(kept.flatMap(backup => [...backup.hosts]));
  const at = kept[0]?.at ?? host.at;
  return [
    ...kept.map(backup => ({
      kind: 'user', name: userOf(backup), home: '/', shell: '/usr/sbin/nologin', groups: [],
      why: `keeps backup "${backup.name}"`, at: backup.at,
    } as const)),
    { kind: 'port', port: portOf(host), address: addressOf(host), from, why: 'backups over sftp', at },
  ];
}

function clientFiles(backup: Backup, host: Host, apps: readonly App[], offers: Offers): FileSpec[] {
  const { sftp, s3, at, name } = backup;
  const used = [backup.password, ...sftp ? [sftp.key] : [], ...s3 ? [s3.accessKey, s3.secretKey] : []]
    .map(secret => secret.name);
  const sealed = (secret: { name: string }): object => ({ sealed: [{ secret: secret.name }] });
  const known = sftp && {
    name: portOf(sftp.host) === 22 ? addressOf(sftp.host) : `[${addressOf(sftp.host)}]:${portOf(sftp.host)}`,
    key: sftp.host.ssh.hostKey ?? '',
  };
  return [
    template(`/etc/vgen/backup/${name}.conf`, at, {
      name, client: host.name, password: sealed(backup.password), keep: { at: [...at, 'keep'], ...backup.keep },
      stale: seconds(backup.stale), exclude: backup.exclude,
      sftp: sftp && {
        at: [...at, 'sftp'], host: addressOf(sftp.host), port: portOf(sftp.host), user: userOf(backup),
        key: sftp.key.name,
      },
      s3: s3 && { at: [...at, 's3'], url: s3.url, accessKey: sealed(s3.accessKey), secretKey: sealed(s3.secretKey) },
      datasets: datasets(backup, host, apps, offers),
    }, { as: '/etc/vgen/backup/{backup}.conf', mode: '0600', secrets: [...new Set(used)].sort(), check: 'bash' }),
    ...known === null ? [] : [
      template(`/etc/vgen/backup/${name}.known`, at, {
        name, known: { at: [...at, 'sftp'], ...known },
      }, { as: '/etc/vgen/backup/{backup}.known' }),
    ],
  ];
}

function keeperFiles(kept: readonly Backup[]): FileSpec[] {
  if (kept.length === 0) return [];
  const tops = [...new Set(kept.map(({ sftp }) => sftp?.dir ?? ''))];
  return [
    template('/etc/ssh/sshd_config.d/90-vgen-backups.conf', ['backups'], {
      kept: kept.map(backup => ({
        at: backup.at, user: userOf(backup), dir: `${backup.sftp?.dir ?? ''}/${backup.name}`,
      })),
    }, { check: 'sshd', onChange: [reload('ssh.service'), CONFIRM] }),
    // sshd wants root to own the whole way to a chroot (sshd_config(5), ChrootDirectory)
    ...tops.map(path => directory(path, ['backups'])),
    ...kept.flatMap(backup => {
      const dir = `${backup.sftp?.dir ?? ''}/${backup.name}`;
      const user = userOf(backup);
      return [
        directory(dir, backup.at),
        ...[...backup.hosts]
          .map(host => directory(`${dir}/${host.name}`, backup.at, { mode: '0700', owner: `${user}:${user}` })),
        template(`/etc/ssh/authorized_keys.d/${user}`, backup.at,
          { at: [...backup.at, 'sftp'], name: backup.name, key: backup.sftp?.publicKey ?? '' },
          { as: '/etc/ssh/authorized_keys.d/{user}', onChange: [CONFIRM] }),
      ];
    }),
  ];
}

export const backups = component<Backups | null>({
  name: 'backups',
  summary: 'Backups by restic, their age, and the drill that proves them.',
  key: 'backups',
  schema: () => import('./schema.ts'),
  check: ({ section, model, offers }) => (section ? check(section, model, offers) : []),
  offer: ({ host, section }) =>
    [...of(section, host).flatMap(clientOffers), ...keeperOffers(keptOn(section, host), host)],
  plan: ({ host, apps, section }, offers) => {
    const chosen = of(section, host);
    return { files: [
      ...chosen.flatMap(backup => clientFiles(backup, host, apps, offers)),
      ...chosen.length === 0 ? []
        : SCRIPTS.map(name => script(`${DIR}/${name}.sh`, ['backups'], name === 'lib' ? { mode: '0644' } : {})),
      ...keeperFiles(keptOn(section, host)),
    ] };
  },
  prove: ({ section }) => Object.values(section ?? {}).flatMap(backup => [...backup.hosts].map((host): Proof => ({
    step: `backup ${backup.name}`, host, from: [host], when: 'live',
    needs: backup.sftp === null ? [] : [backup.sftp.host],
    ask: backup.sftp === null ? { lack: 'its object store is not on this machine' }
      : { script: 'src/components/backups/prove.sh', words: [backup.name] },
  }))),
});
