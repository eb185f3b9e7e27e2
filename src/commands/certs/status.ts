import {
  certificatesOn, daysLeft, isPlaceholder, isSignedBy, namesIn, type Held,
} from '../../fleet/certs/certificates.ts';
import { printTable } from '../../print/fleet-table.ts';
import type { Output } from '../../print/output.ts';
import { defineCommand, type Given } from '../declaration.ts';
import { eachHost } from '../fleet/each-host.ts';
import { hostsOf, withFleet } from '../fleet/open.ts';
import { comparing, markdown } from '../options.ts';
import { bundleOf, declaredCa } from './authority.ts';
import { wantedCertificates } from './wanted.ts';

const options = { markdown, ...comparing };

export const command = defineCommand({
  about: 'Exit code 1 if a certificate is missing, expired or a self-signed placeholder, 2 if a host cannot be asked.',
  arguments: {},
  options,
  examples: {
    'vgen certs status': '',
    'vgen certs status --on lb1 --json': '',
  },
  run: status,
});

async function status(given: Given<typeof options>, output: Output): Promise<number> {
  return withFleet(given, output, hostsOf(given), async fleet => {
    const ca = declaredCa(fleet.model);
    const bundle = ca ? bundleOf(ca, given.inventory) : [];
    const told =
      await eachHost(fleet, wantedCertificates(fleet, given.out, 'all'), async (connection, { certificates }) =>
        (await certificatesOn(connection, certificates.map(({ name }) => name))).map(held => facts(held, bundle)));
    const rows = told.flatMap(one => ('answer' in one ? one.answer.map(fact => ({ host: one.host, ...fact })) : []));
    if (rows.length) {
      printTable(
        ['host', 'certificate', 'issuer', 'names', 'days left'], rows.map(({ host, name, issuer, names, days }) =>
          [host, name, issuer, names.join(', ') || '-', days === null ? '-' : days < 0 ? 'expired' : String(days)]),
        output, given.markdown,
      );
    }
    for (const one of told) if ('problem' in one) output.note(`${one.host}: ${one.problem}`);
    output.data({ certificates: rows, problems: told.filter(one => 'problem' in one) });
    if (told.some(one => 'problem' in one)) return 2;
    return rows.every(({ issuer, days }) => issuer !== 'placeholder' && days !== null && days >= 0) ? 0 : 1;
  });
}

interface Facts {
  readonly name: string;
  readonly issuer: string;
  readonly names: readonly string[];
  readonly days: number | null;
}

function facts({ name, certificate }: Held, bundle: Parameters<typeof isSignedBy>[1]): Facts {
  if (!certificate) return { name, issuer: 'none', names: [], days: null };
  const issuer = isPlaceholder(certificate) ? 'placeholder' : isSignedBy(certificate, bundle) ? 'CA' : 'public';
  return { name, issuer, names: namesIn(certificate), days: daysLeft(certificate) };
}
