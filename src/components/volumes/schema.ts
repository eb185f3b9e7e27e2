import { Type, type Static } from 'typebox';
import { entries, filled, object, orNull, selector, word } from '../../schema/kinds.ts';

const volume = object({
  hosts: selector({ description: 'Hosts that have the volume.' }),
  path: word('path', {
    description: 'Mount point, such as /srv/data; a datastore on it keeps its data in the directory of its name.',
  }),
  uuid: orNull<string>(Type.String({
    pattern: '^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$',
    rule: 'a UUID such as 0f3b9c1e-8d2a-4c55-9b1f-2a6f0d7e4c11',
    description: 'UUID of the file system, as blkid shows it on the host; or "label".',
  })),
  label: orNull<string>(Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9_.-]{0,15}$', rule: 'at most 16 letters, digits and the marks _ . -',
    description: 'Label of the file system (e2label, xfs_admin -L), where several hosts have volumes alike; or "uuid".',
  })),
  type: filled(Type.Unsafe<'ext4' | 'xfs'>({
    type: 'string', enum: ['ext4', 'xfs'], description: 'Type of the file system; vgen never creates one.',
  }), 'ext4'),
  options: filled(Type.String({
    pattern: '^[a-z][a-z0-9_=,]*$', rule: 'options of mount(8) such as noatime,nodev', description: 'Mount options.',
  }), 'noatime,nodev,nosuid'),
}, { description: 'A file system on a dedicated device; set exactly one of "uuid", "label".' });

export const schema =
  entries(volume, { description: 'File systems for data by name. vgen mounts them and never formats anything.' });
export type Volumes = Static<typeof schema>;
