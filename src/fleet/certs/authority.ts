// The CA of the fleet, by openssl on this machine. Its key comes over a pipe and goes to no disk and no list of
// arguments; what is public is given as arguments.
import {
  createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, type X509Certificate,
} from 'node:crypto';
import { isIP } from 'node:net';
import { Failure } from '../../contract/diagnostic.ts';
import { runProcess } from '../../process/run.ts';

// /dev/stdin is a socket where node starts a program, which cannot be opened by name; behind "cat" it is a pipe
const SIGN = `set -euo pipefail
cat | openssl x509 -req -in <(printf %s "$1") -CA <(printf %s "$2") -CAkey /dev/stdin -days "$3" -sha256 \\
  -set_serial "0x$(openssl rand -hex 15)" -subj "$4" -extfile <(printf %s "$5")`;
const SELF_SIGN = `set -euo pipefail
cat | openssl req -new -x509 -key /dev/stdin -days "$1" -sha256 -subj "$2" -set_serial "0x$(openssl rand -hex 15)" \\
  -addext basicConstraints=critical,CA:TRUE,pathlen:0 -addext keyUsage=critical,keyCertSign,cRLSign`;

/** Who signs: the one certificate of the bundle that the key belongs to. */
export interface Authority {
  readonly certificate: X509Certificate;
  readonly key: Buffer;
}

/**
 * Finds the certificate that belongs to the key.
 * @throws Failure when the key is none, or belongs to no certificate of the bundle
 */
export function authorityOf(bundle: readonly X509Certificate[], key: Buffer, file: string): Authority {
  let known: KeyObject;
  try {
    known = createPrivateKey({ key, format: 'pem' });
  } catch {
    throw new Failure('the key of the CA is no private key in PEM, or it has a passphrase');
  }
  const wanted = createPublicKey(known).export({ type: 'spki', format: 'der' });
  const certificate = bundle.find(one => one.publicKey.export({ type: 'spki', format: 'der' }).equals(wanted));
  if (!certificate) throw new Failure(`the key of the CA belongs to no certificate in ${file}`);
  if (!certificate.ca) throw new Failure(`the certificate in ${file} is not that of a CA`);
  return { certificate, key };
}

/** Signs a request for these names; of the request only its key is used. Throws a Failure with openssl's last words. */
export async function sign(
  request: string, { certificate, key }: Authority, names: readonly string[], days: number,
): Promise<string> {
  const extensions = [
    `subjectAltName=${names.map(name => `${isIP(name) ? 'IP' : 'DNS'}:${name}`).join(',')}`,
    'basicConstraints=critical,CA:FALSE', 'keyUsage=critical,digitalSignature',
    'extendedKeyUsage=serverAuth,clientAuth',
    'subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid', '',
  ].join('\n');
  // a common name has at most 64 characters (RFC 5280, appendix A.1); nobody reads it where there are other names
  return openssl(
    SIGN, [request, certificate.toString(), String(days), `/CN=${(names[0] ?? '').slice(0, 64)}`, extensions], key,
  );
}

/** Makes a CA: an EC key on P-256, and its certificate. Throws a Failure with openssl's last words. */
export async function makeAuthority(name: string, days: number): Promise<{ key: string; certificate: string }> {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  return { key, certificate: await openssl(SELF_SIGN, [String(days), `/CN=${name}`], Buffer.from(key)) };
}

async function openssl(script: string, args: readonly string[], stdin: Buffer): Promise<string> {
  const { code, stdout, stderr } =
    await runProcess('bash', ['-c', script, 'vgen', ...args], { stdin }).catch((cause: unknown) => {
      throw new Failure('bash and openssl have to be installed on this machine', { cause });
    });
  if (code === 0) return stdout;
  throw new Failure(`openssl: ${stderr.trim().split('\n').at(-1) ?? `it ended with code ${code}`}`);
}
