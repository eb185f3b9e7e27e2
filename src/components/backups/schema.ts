import { Type, type Static } from 'typebox';
import type { Host, Named } from '../../contract/model.ts';
import { entries, filled, hostRef, map, object, orNull, ref, selector, word } from '../../schema/kinds.ts';

const PATH = '^(/[A-Za-z0-9_.@:+=-]+)+$';
const words = (description: string): ReturnType<typeof Type.Array<ReturnType<typeof Type.String>>> =>
  Type.Array(Type.String({ minLength: 1, description: 'A word.' }), { minItems: 1, description });

const keep = object({
  daily: filled(
    Type.Integer({ minimum: 1, maximum: 1000, description: 'Days of which the last snapshot is kept.' }), 7,
  ),
  weekly: filled(
    Type.Integer({ minimum: 0, maximum: 1000, description: 'Weeks of which the last snapshot is kept.' }), 4,
  ),
  monthly: filled(
    Type.Integer({ minimum: 0, maximum: 1000, description: 'Months of which the last snapshot is kept.' }), 6,
  ),
}, { description: 'Snapshots kept of each data set; others are removed after a backup.' });

const sftp = object({
  host: hostRef({ description: 'Host that stores the backup; it needs "ssh: {hostKey: …}".' }),
  dir: filled(Type.String({
    pattern: PATH, rule: 'a plain absolute path', description: 'Directory of all backups there.',
  }), '/srv/backups'),
  key: ref('secrets', {
    description: 'Secret with the private ssh key, without a passphrase, of the hosts that are backed up.',
  }),
  publicKey: Type.String({
    pattern: '^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,3000}={0,3}$',
    rule: 'a public key such as "ssh-ed25519 AAAA…", without a comment',
    description: 'Public part of "key".',
  }),
},
{
  description: 'A host of the fleet that stores the backup, under a dedicated user that is confined to sftp in its '
    + 'directory.',
});

const s3 = object({
  url: Type.String({
    pattern: '^https?://[A-Za-z0-9.:-]+(/[A-Za-z0-9._-]+)+$', rule: 'such as https://s3.example.org/bucket/directory',
    description: 'URL of bucket and directory; each host has a directory below it.',
  }),
  accessKey: ref('secrets', { description: 'Secret with the id of the access key.' }),
  secretKey: ref('secrets', { description: 'Secret with the access key itself.' }),
}, { description: 'S3-compatible object store that stores the backup.' });

const dump = object({
  dump: words('Command that prints the data.'),
  restore: words('Command that restores it from standard input; where the variable DRILL is set, to the place beside '
    + 'the original that it names.'),
  user: filled(word('name', { description: 'User that runs both commands.' }), 'root'),
}, { description: 'A data set that a command prints.' });

const backup = object({
  hosts: selector({
    description: 'Hosts that are backed up: the data sets of their components, /etc, releases and logs.',
  }),
  sftp: orNull<{ readonly host: Host; readonly dir: string; readonly key: Named; readonly publicKey: string }>(sftp),
  s3: orNull<{ readonly url: string; readonly accessKey: Named; readonly secretKey: Named }>(s3),
  password: ref('secrets', {
    description: 'Secret that encrypts the backup. No backup can be read without it: keep a copy elsewhere.',
  }),
  calendar: filled(word('calendar', { description: 'Schedule, as in systemd.time(7).' }), '*-*-* 02:30:00'),
  keep: filled(keep, {}),
  stale: filled(
    word('duration', { description: 'Age of the newest snapshot at which vgen-job-backup-NAME-check fails.' }), '26h',
  ),
  drill: filled(word('calendar', {
    description: 'Time of the drill that restores each data set beside the original, as in systemd.time(7).',
  }), 'monthly'),
  paths: filled(map(Type.Array(Type.String({ pattern: PATH, rule: 'a plain absolute path', description: 'A path.' }), {
    minItems: 1, description: 'Paths of one data set.',
  }),
    { description: 'Further files, as data sets by name.' }, 'name'), {}),
  dumps: filled(
    map(dump, { description: 'Further data that is printed by a program, as data sets by name.' }, 'name'), {},
  ),
  exclude: filled(Type.Array(Type.String({
    pattern: '^[A-Za-z0-9_./@:+=*?-]+$', rule: 'a path or a pattern of restic', description: 'A pattern.',
  }), {
    uniqueItems: true, description: 'Patterns of files that are left out.', examples: [['/var/log/journal', '*.tmp']],
  }), []),
}, { description: 'An encrypted, incremental backup by restic.' });

export const schema = entries(backup, { description: 'Backups by name.' });
export type Backups = Static<typeof schema>;
