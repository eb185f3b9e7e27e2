import { Type, type Static } from 'typebox';
import { entries, filled, object, orNull, port, ref, selector, text } from '../../schema/kinds.ts';
import type { Named, Text } from '../../contract/model.ts';

const tunnel = object({
  hosts: filled(selector({ description: 'Hosts that open the tunnel.' }), 'all'),
  app: orNull<Named>(ref('apps', {
    description: 'App that the tunnel leads to; "link" selects its live or next port.',
  })),
  link: filled(
    Type.Unsafe<'live' | 'next'>({
      type: 'string', enum: ['live', 'next'], description: 'Port of the app that the tunnel leads to: live or next.',
    }), 'live',
  ),
  port: orNull<number>(port('Port on the host that the tunnel leads to instead of an app; a tunnel to port 22 is '
    + 'management access, and its changes must be confirmed.')),
  domain: orNull<Text>(text(['host'], {
    description: 'Domain at ngrok; only one host may open it.', examples: ['${host.name}.example.ngrok.app'],
  })),
  edge: orNull<Text>(text(['host'], {
    description: 'Label of an edge at ngrok (version 2); many hosts may share one, ngrok leads each client to the '
      + 'nearest.',
  })),
},
{
  description: 'A tunnel from ngrok to the host; set exactly one of "app", "port", and at most one of "domain", '
    + '"edge".',
});

export const schema = object({
  version: filled(Type.Unsafe<2 | 3>({
    type: 'integer', enum: [2, 3],
    description: 'Version of the agent\'s configuration; 3 needs agent 3.16 or later and does not support edges.',
  }), 2),
  authtoken: ref('secrets', { description: 'Secret with the token of the account.' }),
  binary: filled(Type.String({
    pattern: '^/[A-Za-z0-9_./-]+$', rule: 'an absolute path',
    description: 'Path of the agent on the host; Debian does not package it.',
  }), '/usr/local/bin/ngrok'),
  tunnels: entries(tunnel, { description: 'Tunnels by name.' }),
}, { description: 'Tunnels by the ngrok agent: the host opens no port to the internet.' });
export type Ngrok = Static<typeof schema>;
