import { Failure } from '../contract/diagnostic.ts';
import { rollBackConfiguration, rollBackHost } from '../fleet/release/release.ts';
import type { Output } from '../print/output.ts';
import { defineCommand, flag, value, wholeNumber, type Given } from './declaration.ts';
import { hostsOf, withFleet } from './fleet/open.ts';
import { runPhases } from './fleet/phases.ts';
import { onlyLeft, retried } from './fleet/run.ts';
import { localEdits, rollingOut } from './options.ts';

const values = { app: value('[app]', 'name of the app') };
const options = {
  configuration: flag('roll back the configuration of the hosts instead of an app'),
  to: value(
    '<generation>', 'with --configuration: this generation (default: the previous one)', { read: wholeNumber(1) },
  ),
  ...rollingOut, ...localEdits,
};

export const command = defineCommand({
  about: 'Makes the previous release of an app live again, or installs the previous configuration of the hosts.',
  arguments: values,
  options,
  examples: {
    'vgen rollback peerbook': 'the previous release',
    'vgen rollback --configuration --on eu1': 'the previous configuration of a host',
  },
  renamed: { '--host': '--configuration, and --on chooses hosts' },
  run: rollback,
});

async function rollback(given: Given<typeof values & typeof options>, output: Output): Promise<number> {
  const { app, configuration, to, adopt, force } = given;
  if ((app !== undefined) === configuration) {
    throw new Failure('set exactly one of: an app, or --configuration for the configuration of the hosts');
  }
  if (to !== undefined && !configuration) throw new Failure('--to requires --configuration');
  if ((adopt || force) && !configuration) throw new Failure('--adopt and --force require --configuration');
  if (adopt && force) throw new Failure('--adopt and --force exclude each other');
  const edits = adopt ? ['--adopt'] : force ? ['--force'] : [];
  const record = retried('rollback', app ?? null, given);
  return withFleet(given, output, model => onlyLeft(hostsOf(given, app ?? null)(model), record), fleet =>
    runPhases(fleet, { action: 'rollback', app: app ?? null }, [{
      would: app === undefined ? 'the previous configuration would be installed'
        : 'the previous release would become live',
      act: (connection, looked, follow) => (app === undefined
        ? rollBackConfiguration(connection, looked, to ?? null, edits, follow)
        : rollBackHost(connection, looked, app, follow)),
      // a rollback that is taken back would be no rollback
      undo: async (_, result) => result,
    }], given, 'live'));
}
