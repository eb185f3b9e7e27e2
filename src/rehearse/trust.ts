/** Certificates of rehearsal hosts, brought as by `vgen certs issue`, and the CAs that clients trust. */
import { sign, type Authority } from '../fleet/certs/authority.ts';
import { issueOn } from '../fleet/certs/certificates.ts';
import { Session } from '../fleet/connect/ssh.ts';
import { demandOn } from './apps.ts';
import type { Fleet } from './fleet.ts';
import type { RehearsalHost } from './host.ts';
import type { HostRehearsal } from './plan.ts';
import { No, type Done } from './step.ts';

/** On each host: all CAs that a client of the fleet trusts. */
export const TRUST = '/root/rehearsal/trust.pem';
/** On a host: CAs that a script found there, to be trusted everywhere; one file each. */
const FOUND = '/root/rehearsal/trusted';

const days = 7;

/** Has the host's internal certificates issued and taken up. */
export async function issueCertificates(fleet: Fleet, plan: HostRehearsal, authority: Authority): Promise<Done> {
  const session = new Session(fleet.sshConfig);
  try {
    const { name } = plan;
    const connection = session.connect({
      name, destination: name, address: null, user: null, port: null, hostKey: null, jump: null,
    });
    const issued = await issueOn(connection, plan.certificates, (request, one) =>
      sign(request, authority, one.names, days));
    const failed = issued.filter(({ problem }) => problem !== null);
    if (failed.length > 0) {
      throw new No(failed.map(one => `${one.name}: ${one.problem}`).join('; '), '');
    }
    return { what: `issued by a CA of the rehearsal: ${issued.map(one => one.name).join(', ')}` };
  } finally {
    await session.close();
  }
}

/** Makes every host trust the CA of the rehearsal, and the CAs that were found on any. Returns the bundle. */
export async function spreadTrust(hosts: readonly RehearsalHost[], { certificate }: Authority): Promise<string> {
  const found = await Promise.all(hosts.map(host => demandOn(host, `cat ${FOUND}/* 2>/dev/null || true`)));
  const bundle = [certificate.toString(), ...found].join('');
  await Promise.all(hosts.map(host => demandOn(host, `install -D -m 0644 /dev/stdin ${TRUST}`, bundle)));
  return bundle;
}
