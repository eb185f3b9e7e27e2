// Which certificates the trees of hosts want.
import type { ListedCertificate } from '../../contract/manifest.ts';
import { readTree } from '../../fleet/observe/tree.ts';
import type { ConnectedFleet } from '../fleet/open.ts';

/** What a host wants. */
export interface WantedCertificates { readonly host: string; readonly certificates: readonly ListedCertificate[] }

/** The certificates of each host's tree, of all issuers or of the fleet's CA alone; hosts without any are left out. */
export function wantedCertificates(
  fleet: ConnectedFleet, out: string, which: 'all' | 'internal',
): WantedCertificates[] {
  const wanted = fleet.hosts.map(({ name }) => ({
    host: name,
    certificates: readTree(out, name).certificates.filter(({ issuer }) => which === 'all' || issuer === 'internal'),
  })).filter(({ certificates }) => certificates.length > 0);
  if (wanted.length === 0) fleet.output.note(`no host has a certificate${which === 'internal' ? ' of the CA' : ''}`);
  return wanted;
}
