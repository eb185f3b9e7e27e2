import { Failure } from '../contract/diagnostic.ts';
import { checkArtifact } from '../fleet/release/artifact.ts';
import { deployHost, releaseId } from '../fleet/release/release.ts';
import type { HostWork } from '../fleet/run.ts';
import type { Output } from '../print/output.ts';
import { defineCommand, flag, value, type Given } from './declaration.ts';
import { hostsOf, withFleet } from './fleet/open.ts';
import { runPhases, switching, type Phase } from './fleet/phases.ts';
import { onlyLeft, retried } from './fleet/run.ts';
import { rollingOut } from './options.ts';

const values = {
  app: value('<app>', 'name of the app', { isRequired: true }),
  artifact: value('<artifact>', 'an executable, a directory, or a .tar, .tar.gz, .tar.zst', { isRequired: true }),
};
const options = {
  switch: flag('make it live once it is healthy on all hosts'),
  release: value('<id>', 'name of the release (default: time and first digits of the sha256)'),
  ...rollingOut,
};

export const command = defineCommand({
  about: 'All hosts of the app get the release under one name. Live is untouched unless --switch is given.',
  arguments: values,
  options,
  examples: {
    'vgen deploy peerbook build/peerbook': '',
    'vgen deploy peerbook build.tar.gz --release v1.4.2 --switch --canary eu1': '',
  },
  run: deploy,
});

async function deploy(given: Given<typeof values & typeof options>, output: Output): Promise<number> {
  const { app, artifact } = given;
  const record = retried('deploy', app, given);
  const made = releaseId(artifact);
  const release = given.release ?? record?.release ?? made;
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(release)) {
    throw new Failure(`"${release}" cannot be the name of a release; use letters, digits and . _ -`);
  }
  return withFleet(given, output, model => {
    const hosts = onlyLeft(hostsOf(given, app)(model), record);
    const known = model.apps.find(({ name }) => name === app);
    if (known) checkArtifact(artifact, known);
    return hosts;
  }, fleet => {
    const deploying: Phase = {
      would: `${release} would be put into next`,
      act: (connection, looked, follow) => deployHost(connection, looked, app, artifact, release, follow), undo: stays,
    };
    const phases = given.switch ? [deploying, switching(fleet, app)] : [deploying];
    return runPhases(fleet, { action: 'deploy', app, release }, phases, given, given.switch ? 'live' : 'next');
  });
}

const stays: HostWork['undo'] = async (_, result) => ({ ...result, why: 'stays in next; live is untouched' });
