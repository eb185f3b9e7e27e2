import { defineCommand, value } from './declaration.ts';
import { hostsOf, withFleet } from './fleet/open.ts';
import { runPhases, switching } from './fleet/phases.ts';
import { onlyLeft, retried } from './fleet/run.ts';
import { rollingOut } from './options.ts';

export const command = defineCommand({
  about: 'Requires a healthy release in next. A host whose new live slot does not answer is switched back.',
  arguments: { app: value('<app>', 'name of the app', { isRequired: true }) },
  options: rollingOut,
  examples: {
    'vgen switch peerbook': '',
    'vgen switch peerbook --canary eu1 --pause 5m': 'one host first',
  },
  async run(given, output) {
    const { app } = given;
    const record = retried('switch', app, given);
    return withFleet(given, output, model => onlyLeft(hostsOf(given, app)(model), record), fleet =>
      runPhases(fleet, { action: 'switch', app }, [switching(fleet, app)], given, 'live'));
  },
});
