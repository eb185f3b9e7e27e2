import { Type, type Static } from 'typebox';
import type { Text } from '../../contract/model.ts';
import { beside, entries, filled, object, orNull, selector, text, userTemplate, word } from '../../schema/kinds.ts';

const unit = Type.String({
  pattern: '^[A-Za-z0-9@_.-]+\\.(service|socket|timer)$', rule: 'a unit with its suffix, such as nginx.service',
  description: 'A systemd unit.',
});

const file = object({
  hosts: filled(selector({ description: 'Hosts that get the file.' }), 'all'),
  content: orNull<Text>(text(['host'], { description: 'Text of the file; ${…} is interpolated.' })),
  source: orNull<string>(beside({ description: 'A file beside the inventory that is copied as it is.' })),
  template: orNull<string>(userTemplate({ description: 'A nunjucks template in the directory "templates"; it is '
    + 'given v.host and v.vars, and each value it prints goes through an encoder.' })),
  mode: filled(word('mode', { description: 'Mode, quoted.' }), '0644'),
  owner: filled(Type.String({
    pattern: '^[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*$', rule: 'user:group', description: 'Owner, as user:group.',
  }), 'root:root'),
  reload: filled(Type.Array(unit, {
    uniqueItems: true, description: 'Units that are reloaded when the file changes, if they run, such as ssh.service.',
  }), []),
  restart: filled(Type.Array(unit, {
    uniqueItems: true, description: 'Units that are restarted when the file changes, if they run.',
  }), []),
}, { description: 'A further file; set exactly one of "content", "source", "template".' });

export const schema = entries(file, {
  description: 'Further files by their path on the host, under /etc or /opt.',
  examples: [{ '/etc/motd': { content: 'This is ${host.name}.\n' } }],
}, 'path');
export type Files = Static<typeof schema>;
