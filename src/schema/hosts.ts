// The part of the inventory that every component speaks of: hosts, variables and included files.
import { Type, type Static } from 'typebox';
import { entries, filled, map, object, orNull, word } from './kinds.ts';

const ADDRESS = '^([0-9]{1,3}(\\.[0-9]{1,3}){3}|[0-9a-fA-F:]*:[0-9a-fA-F:]+)$';
const address = (description: string): ReturnType<typeof Type.String> =>
  Type.String({ pattern: ADDRESS, rule: 'an IPv4 or IPv6 address', description });

const host = object({
  address: address('Address at which people, ssh and other hosts reach this host.'),
  private: orNull<string>(address('Address on a private network that the hosts share; datastores listen here, never on a public address.')),
  region: orNull<string>(word('name', { description: 'Where the host stands; "region:eu" selects all hosts of a region.' })),
  tags: filled(Type.Array(word('name', { description: 'A tag.' }), {
    uniqueItems: true, description: 'Free words; "tag:edge" selects all hosts that have the tag.',
  }), []),
  confirm: orNull<string>(word('duration', {
    description: 'How long the host waits for confirm.sh after a change of what leads into it (sshd, firewall, network, sudo) '
      + 'before it puts the whole install back; 60s if absent.',
  })),
}, { description: 'A server on which vgen manages files under /etc and /opt.' });

export type HostWritten = Static<typeof host>;

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
  description: 'Further inventory files, by name or glob, relative to this file. A key that two files define is an error.',
  examples: ['hosts/*.yaml'],
});

export const templates = Type.Optional(Type.String({
  minLength: 1, description: 'Directory of your own nunjucks templates, relative to the inventory; one with the name of a built-in replaces it.',
  examples: ['my-templates'],
}));
