/** Certificates of rehearsal hosts, brought as by `vgen certs issue`, and the CAs that clients and hosts trust. */
import { sign, type Authority } from '../fleet/certs/authority.ts';
import { issueOn } from '../fleet/certs/certificates.ts';
import { demandOn } from './apps.ts';
import { shWord } from '../escape/sh.ts';
import type { RehearsalHost } from './host.ts';
import type { HostRehearsal } from './plan.ts';
import { No, type Done } from './step.ts';

/** On each host: all CAs that a client of the fleet trusts. */
export const TRUST = '/root/rehearsal/trust.pem';
/** On a host: CAs that a script found there, to be trusted everywhere; one file each. */
const FOUND = '/root/rehearsal/trusted';
/** Debian's bundle of the public CAs, from the package ca-certificates. */
const PUBLIC = '/etc/ssl/certs/ca-certificates.crt';

/** Days of validity of what is signed in a rehearsal: a fleet may be kept up to look round. */
export const DAYS = 7;

/** Has the host's internal certificates issued and taken up. */
export async function issueCertificates(
  host: RehearsalHost, { certificates }: HostRehearsal, authority: Authority,
): Promise<Done> {
  const connection: Parameters<typeof issueOn>[0] = {
    run: async (script, { stdin } = {}) => ({ ...await host.run(script, { stdin }), unreachable: null }),
  };
  const issued = await issueOn(connection, certificates, (request, one) => sign(request, authority, one.names, DAYS));
  const failed = issued.filter(({ problem }) => problem !== null);
  if (failed.length > 0) throw new No(failed.map(one => `${one.name}: ${one.problem}`).join('; '), '');
  return { what: `issued by a CA of the rehearsal: ${issued.map(one => one.name).join(', ')}` };
}

/** Makes a host that is not installed yet know a CA as it knows the public ones. */
export const trustAsPublic = async (host: RehearsalHost, { certificate }: Authority): Promise<void> =>
  void await demandOn(host, `cat >>${PUBLIC}`, certificate.toString());

/**
 * Makes clients on every host trust these CAs and those that were found on any, and units that read the public ones
 * know what was found. Returns the bundle.
 */
export async function spreadTrust(
  installed: readonly { readonly host: RehearsalHost; readonly units: readonly string[] }[],
  authorities: readonly Authority[],
): Promise<string> {
  const found = (await Promise.all(installed.map(({ host }) => demandOn(host, `cat ${FOUND}/* 2>/dev/null || true`))))
    .join('');
  const bundle = [...authorities.map(({ certificate }) => certificate.toString()), found].join('');
  await Promise.all(installed.map(async ({ host, units }) => {
    await demandOn(host, `install -D -m 0644 /dev/stdin ${TRUST}`, bundle);
    if (found === '') return;
    await demandOn(host, `cat >>${PUBLIC}
      for unit in ${units.map(shWord).join(' ')}; do
        [ "$(systemctl show --property CanReload --value -- "$unit")" = no ] || systemctl reload -- "$unit" || exit
      done`, found);
  }));
  return bundle;
}
