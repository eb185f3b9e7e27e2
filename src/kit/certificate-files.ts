// Where certificates lie on a host; templates/host/opt/vgen/lib/core/core.sh says the same to the host's scripts.

const DIR = '/etc/vgen/tls';

/** The certificate authority of the fleet, by which hosts trust one another. */
export const CA = `${DIR}/ca.pem`;

/** The certificate beside a key in these files; null if the path is not that of a key. */
export const certificateBeside = (path: string): string | null =>
  (path.startsWith(`${DIR}/`) && path.endsWith('/key.pem') ? path.replace(/key\.pem$/, 'cert.pem') : null);

/** The files of a certificate that is offered: with its chain, the key, and whom to verify others by. */
export const certificateFiles = (name: string): { dir: string; cert: string; key: string; ca: string } =>
  ({ dir: `${DIR}/${name}`, cert: `${DIR}/${name}/cert.pem`, key: `${DIR}/${name}/key.pem`, ca: CA });
