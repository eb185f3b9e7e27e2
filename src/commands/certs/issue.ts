import { authorityOf, sign, type Authority } from '../../fleet/certs/authority.ts';
import {
  certificatesOn, daysLeft, isPlaceholder, isSignedBy, issueOn, namesIn, type Held, type Issued,
} from '../../fleet/certs/certificates.ts';
import type { ListedCertificate } from '../../contract/manifest.ts';
import { withHostLocks } from '../../fleet/run.ts';
import { wipe } from '../../fleet/secrets/sources.ts';
import type { Output } from '../../print/output.ts';
import { defineCommand, flag, matching, value, type Given } from '../declaration.ts';
import { eachHost, type Told } from '../fleet/each-host.ts';
import { connectionOf, hostsOf, withFleet } from '../fleet/open.ts';
import { comparing, rollingOut } from '../options.ts';
import { bundleOf, caOf, keyOf } from './authority.ts';
import { wantedCertificates } from './wanted.ts';

const days = matching(/^\d{1,5}d$/, 'days such as 30d');
const options = {
  renewWithin: value('<days>', 'issue also what expires within this time', {
    default: '30d', read: (written, name) => Number(days(written, name).slice(0, -1)),
  }),
  force: flag('issue all, with new keys'),
  wait: { ...rollingOut.wait, heading: null },
  ...comparing,
};

export const command = defineCommand({
  about: 'Hosts make keys and requests, vgen signs them here with the fleet\'s CA; no key leaves its host. Exit code '
    + '1 if a '
    + 'host refused a certificate, 2 if a host could not be asked.',
  arguments: {},
  options,
  examples: {
    'vgen certs issue': '',
    'vgen certs issue --on app1 --force': '',
  },
  run: issue,
});

async function issue(given: Given<typeof options>, output: Output): Promise<number> {
  const { renewWithin, force, inventory, out } = given;
  return withFleet(given, output, hostsOf(given), async fleet => {
    const ca = caOf(fleet.model);
    const bundle = bundleOf(ca, inventory);
    const key = await keyOf(ca, fleet.model, inventory);
    try {
      const authority = authorityOf(bundle, key, ca.certificate);
      const wanted = wantedCertificates(fleet, out, 'internal');
      const told = await withHostLocks({
        connections: new Map(wanted.map(({ host }) => [host, connectionOf(fleet, host)])), limit: fleet.limit,
        stop: fleet.stop, lock: { action: 'vgen certs issue', commit: null, message: '' }, patience: given.wait ?? 0,
        note: line => fleet.progress.note(line),
      }, new Map(), () => eachHost(fleet, wanted, async (connection, { certificates }) => {
        const held = await certificatesOn(connection, certificates.map(({ name }) => name));
        const due = certificates.filter(one =>
          force || reason(one, held.find(({ name }) => name === one.name), authority, renewWithin) !== null);
        return due.length ? issueOn(connection, due, (request, one) => sign(request, authority, one.names, ca.days))
          : [];
      }));
      return sayIssued(told, output);
    } finally {
      wipe([key]);
    }
  });
}

/** Why a certificate has to be issued; null if it is good. */
function reason(
  wanted: ListedCertificate, held: Held | undefined, authority: Authority, within: number,
): string | null {
  const certificate = held?.certificate;
  if (!certificate || isPlaceholder(certificate)) return 'none yet';
  if (!isSignedBy(certificate, [authority.certificate])) return 'of another CA';
  if (namesIn(certificate).join() !== [...wanted.names].sort().join()) return 'other names';
  return daysLeft(certificate) < within ? 'ends soon' : null;
}

function sayIssued(told: readonly Told<readonly Issued[]>[], output: Output): number {
  output.data({ hosts: told.map(one => ('answer' in one ? { host: one.host, certificates: one.answer } : one)) });
  for (const one of told) {
    if ('problem' in one) {
      output.note(`${one.host}: ${one.problem}`);
      continue;
    }
    const done = one.answer.filter(({ problem }) => problem === null).map(({ name }) => name);
    if (one.answer.length === 0) output.say(`${one.host}: all certificates are good`);
    if (done.length) output.say(`${one.host}: issued ${done.join(', ')}`);
    for (const { name, problem } of one.answer) {
      if (problem !== null) output.say(output.paint('red', `${one.host}: ${name} stays as it was: ${problem}`));
    }
  }
  if (told.some(one => 'problem' in one)) return 2;
  return told.some(one => 'answer' in one && one.answer.some(({ problem }) => problem !== null)) ? 1 : 0;
}
