import { Type, type Static } from 'typebox';
import { entries, filled, object, orNull, port, ref, selector, text } from '../../schema/kinds.ts';
import type { Named, Text } from '../../contract/model.ts';

const tunnel = object({
  hosts: filled(selector({ description: 'Hosts that open the tunnel.' }), 'all'),
  app: orNull<Named>(ref('apps', { description: 'App that the tunnel leads to; "link" says which of its servers.' })),
  link: filled(
    Type.Unsafe<'live' | 'next'>({ type: 'string', enum: ['live', 'next'], description: 'Server of the app.' }), 'live',
  ),
  port: orNull<number>(port('Port on the host that the tunnel leads to, where it is no app; a tunnel to 22, sshd, is '
    + 'a way in, and its changes have to be confirmed.')),
  domain: orNull<Text>(text(['host'], {
    description: 'Domain at ngrok; one host may open it.', examples: ['${host.name}.example.ngrok.app'],
  })),
  edge: orNull<Text>(text(['host'], {
    description: 'Label of an edge at ngrok (version 2); many hosts may share one, ngrok leads each client to the '
      + 'nearest.',
  })),
}, { description: 'A tunnel from ngrok to the host: "app" or "port", and "domain" or "edge".' });

export const schema = object({
  version: filled(Type.Unsafe<2 | 3>({
    type: 'integer', enum: [2, 3],
    description: 'Version of the agent\'s configuration; 3 wants agent 3.16 or later and knows no edges.',
  }), 2),
  authtoken: ref('secrets', { description: 'Secret with the token of the account.' }),
  binary: filled(Type.String({
    pattern: '^/[A-Za-z0-9_./-]+$', rule: 'an absolute path',
    description: 'The agent on the host; Debian does not package it.',
  }), '/usr/local/bin/ngrok'),
  tunnels: entries(tunnel, { description: 'Tunnels by name.' }),
}, { description: 'Tunnels by the ngrok agent: the host opens no port to the internet.' });
export type Ngrok = Static<typeof schema>;
