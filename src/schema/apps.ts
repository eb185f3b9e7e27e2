// Apps: what runs twice on a host, once live and once next. Core, because nearly every component speaks of them.
import { Type, type Static } from 'typebox';
import type { Hosts } from '../contract/host.ts';
import type { Named } from '../contract/named.ts';
import type { Text } from '../contract/text.ts';
import { entries, envValue, filled, map, object, orNull, port, selector, word } from './kinds.ts';

const env = (description: string): ReturnType<typeof map<ReturnType<typeof envValue>>> => filled(
  map(envValue(['host', 'app', 'slot', 'secret'], {
    description: 'The value; may refer to ${secret.name}.',
  }), { description }, 'variable'), {},
);

const slot = object({
  port: port('TCP port on 127.0.0.1 on which the app answers HTTP in this slot; ${slot.port} in texts.'),
  ports: filled(
    map(port('A TCP port.'), { description: 'Further ports of this slot; ${slot.ports.name} in texts.' }, 'name'), {},
  ),
  env: env('Environment of this slot, which overrides that of the app.'),
}, { description: 'One of the two slots that a release can run in.' });

const app = object({
  hosts: filled(selector({ description: 'Hosts that run the app.' }), 'all'),
  dir: orNull<string>(word('path', {
    description: 'Directory of the app on the host, under /opt; default /opt/NAME.',
  })),
  unit: orNull<string>(word('name', {
    description: 'Prefix of the names of units and programs, such as "pb" in "pb-blue"; default the name of the app.',
  })),
  user: orNull<string>(word('name', {
    description: 'System user that runs the app, created if absent; default the name of the app.',
  })),
  runtime: filled(Type.Unsafe<string>({
    type: 'string', enum: ['runtimes'], description: 'Process manager that starts and restarts the slots.',
  }), 'default'),
  binary: orNull<string>(word('word', {
    description: 'File name of the executable where a release is one file; absent where it is a directory or a tar.',
  })),
  command: Type.Unsafe<readonly Text[]>({
    type: ['string', 'array'], items: { type: 'string', text: ['host', 'app', 'slot'] }, minItems: 1, minLength: 1,
    words: true,
    description: 'Command of a slot, run in the directory of its release: words split at spaces, or a list where a '
      + 'word contains spaces. "./x" is in the release.',
    examples: ['./peerbook --addr 127.0.0.1:${slot.port}'],
  }),
  slots: object({ blue: slot, green: slot }, { description: 'The two slots.' }),
  env: env('Environment of both slots.'),
  uses: filled(
    Type.Array(Type.Unsafe<Named>({ type: 'string', ref: ['datastores'], description: 'Name of a datastore.' }), {
      description: 'Datastores that the app connects to. Each admits the hosts of the app and provides a variable '
        + 'such as DB_URL for "db".',
    }), [],
  ),
  listen: filled(object({
    address: filled(Type.String({
      pattern: '^(127\\.0\\.0\\.1|0\\.0\\.0\\.0|[0-9]{1,3}(\\.[0-9]{1,3}){3})$',
      rule: 'an IPv4 address of the host, or 0.0.0.0 for all',
      description: 'Address on which nginx serves live and next; loopback suits a tunnel.',
    }), '127.0.0.1'),
    from: orNull<Hosts>(selector({
      description: 'Hosts that may connect, where there is a firewall; default anyone who reaches the address.',
    })),
    live: orNull<number>(port('Port on which nginx serves the live slot.')),
    next: orNull<number>(port('Port on which nginx serves the next slot.')),
  }, { description: 'Address and ports on which nginx serves the app.' }), {}),
  health: orNull<string>(Type.String({
    pattern: '^/[A-Za-z0-9_./~?=&%-]*$', rule: 'a path such as /health',
    description: 'HTTP path that a healthy slot answers with 200 to 399; without it an accepted TCP connection is '
      + 'enough.',
  })),
  wait: filled(word('duration', { description: 'Time that a deploy waits for the slot to become healthy.' }), '30s'),
  steady: filled(word('duration', {
    description: 'Time for which a release must answer well, in one and the same process, to count as healthy.',
  }), '3s'),
  drain: filled(word('duration', {
    description: 'Time that a deploy waits for old connections of the slot before it restarts it.',
  }), '30s'),
  keep: filled(Type.Integer({ minimum: 2, maximum: 100, description: 'Releases kept on the host.' }), 5),
  timeout: filled(
    word('duration', { description: 'Longest silence of a request or WebSocket before nginx closes it.' }), '60s',
  ),
  bodySize: filled(word('size', { description: 'Largest request body.' }), '1m'),
  keepalive: filled(Type.Integer({
    minimum: 0, maximum: 1024,
    description: 'Idle connections that nginx keeps open to a slot. 0 opens one per request; more is faster, but the '
      + 'app must keep idle connections longer than 15 s.',
  }), 0),
}, { description: 'A program that is deployed to next and switched to live.' });

export type AppWritten = Static<typeof app>;

export const apps = entries(app, { description: 'The programs of the fleet by name.' });
