// The part of the inventory that every component speaks of: hosts, variables and included files.
import { Type, type Static } from 'typebox';
import { entries, filled, map, object, orNull, port, word } from './values.ts';

const ADDRESS = '^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+)$';
const address = (description: string): ReturnType<typeof Type.String> =>
  Type.String({ pattern: ADDRESS, rule: 'an IPv4 or IPv6 address', description });

const ssh = object({
  destination: orNull<string>(Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,252}$', rule: 'a host name, an address or a name from ssh_config',
    description: 'Destination for ssh: a name from your ssh_config, a host name or an address; default the name of '
      + 'the host here, at its address unless your ssh_config sets another.',
  })),
  user: orNull<string>(Type.String({
    pattern: '^[a-z_][a-z0-9_-]{0,31}$', rule: 'the name of a user',
    description: 'User to log in as; any other than root needs sudo without a password.',
  })),
  port: orNull<number>(port('Port on which sshd listens.')),
  hostKey: orNull<string>(Type.String({
    pattern: '^(ssh-(ed25519|rsa)|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{40,1000}={0,3}$',
    rule: 'a public host key such as "ssh-ed25519 AAAA…", without a comment',
    description: 'The only host key that is accepted; default those in your known_hosts. The host prints it by: cat '
      + '/etc/ssh/ssh_host_ed25519_key.pub',
  })),
  jump: orNull<string>(Type.String({
    pattern: '^[A-Za-z0-9][A-Za-z0-9_.@:-]*(,[A-Za-z0-9][A-Za-z0-9_.@:-]*)*$',
    rule: 'hosts such as admin@bastion:22, separated by commas',
    description: 'Jump hosts, as for ssh -J.',
  })),
}, { description: 'SSH connection to the host; what is not set here comes from your ssh_config.' });

const host = object({
  address: address('Address at which people, ssh and other hosts reach this host.'),
  private: orNull<string>(
    address('Address on a private network that the hosts share; datastores listen here, never on a public address.'),
  ),
  memory: orNull<string>(word('size', { description: 'Memory of the host, such as 4g; datastores are tuned to it.' })),
  region: orNull<string>(word('name', {
    description: 'Region of the host; "region:eu" selects all hosts of a region.',
  })),
  tags: filled(Type.Array(word('name', { description: 'A tag.' }), {
    uniqueItems: true, description: 'Labels of your choice; "tag:edge" selects all hosts that have the tag.',
  }), []),
  confirm: orNull<string>(word('duration', {
    description:
      'Time in which a change of management access (sshd, firewall, network, sudo) must be confirmed before the host '
        + 'reverts the whole install; default 60s.',
  })),
  ssh: filled(ssh, {}),
}, { description: 'A server on which vgen manages files under /etc and /opt.' });

export type HostWritten = Static<typeof host>;
export type SshWritten = Static<typeof ssh>;

export const hosts = entries(host, { description: 'The servers of the fleet by name.' });

export const vars = map(
  Type.Unsafe<string>({
    type: ['string', 'integer', 'boolean'], minimum: -Number.MAX_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER,
    description: 'A value that texts refer to as ${vars.name}.',
  }),
  { description: 'Values that texts refer to as ${vars.name}.' }, 'secret',
);

export const include = Type.Unsafe<unknown>({
  type: ['string', 'array'], items: { type: 'string' },
  description: 'Further inventory files, by name or glob, relative to this file. A key that two files define is an '
    + 'error.',
  examples: ['hosts/*.yaml'],
});

export const templates = Type.Optional(Type.String({
  minLength: 1, description: 'Directory of custom nunjucks templates, relative to the inventory; one with the name '
    + 'of a built-in template overrides it.',
  examples: ['my-templates'],
}));
