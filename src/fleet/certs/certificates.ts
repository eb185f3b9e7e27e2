// Certificates of hosts over ssh: what is there, requests for new ones, and their exchange (certificates.sh). The keys
// are made on the hosts and stay there.
import { X509Certificate } from 'node:crypto';
import { Failure } from '../../contract/diagnostic.ts';
import { hostScript } from '../connect/script.ts';
import type { Connection } from '../connect/ssh.ts';
import type { ListedCertificate } from '../../contract/manifest.ts';

/** The organization in the subject of a placeholder, as lib/install/certificates.sh writes it. */
const PLACEHOLDER = 'O=vgen placeholder';
const DAY = 86_400_000;

/** What a host has of a certificate; `certificate` is null where it has none. */
export interface Held {
  readonly name: string;
  readonly certificate: X509Certificate | null;
}

/** What came of one certificate on one host; `problem` is null where it is in use now. */
export interface Issued {
  readonly name: string;
  readonly problem: string | null;
}

/** The certificates that are in use on a host. Throws a Failure when it cannot be asked. */
export async function certificatesOn(connection: Connection, names: readonly string[]): Promise<Held[]> {
  const lines = await ask(connection, 'look', names.map(name => [name]));
  return names.map(name => {
    const pem = lines.find(([kind, one]) => kind === 'certificate' && one === name)?.[2];
    return { name, certificate: pem === undefined ? null : readCertificate(Buffer.from(pem, 'base64').toString()) };
  });
}

/**
 * Has new keys made, their requests signed, and the pairs exchanged. Throws a Failure when the host cannot be asked.
 */
export async function issueOn(
  connection: Pick<Connection, 'run'>, wanted: readonly ListedCertificate[],
  sign: (request: string, one: ListedCertificate) => Promise<string>,
): Promise<Issued[]> {
  const requests = await ask(connection, 'request', wanted.map(({ name, group }) => [name, group]));
  const issued: Issued[] = [];
  const questions: string[][] = [];
  for (const one of wanted) {
    const [kind, , text = ''] = requests.find(([, name]) => name === one.name) ?? [];
    if (kind !== 'request') issued.push({ name: one.name, problem: text });
    else {
      const certificate = await sign(Buffer.from(text, 'base64').toString(), one);
      questions.push([one.name, one.group, base64(certificate), base64(one.reloadCommand)]);
    }
  }
  const answers = questions.length ? await ask(connection, 'install', questions) : [];
  for (const [name = ''] of questions) {
    const [kind, , reason] =
      answers.find(([what, one]) => (what === 'issued' || what === 'failed') && one === name) ?? [];
    issued.push({ name, problem: kind === 'issued' ? null : reason ?? 'the host did not say what came of it' });
  }
  return issued;
}

/** Reads PEM; null if it is none. */
export function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem);
  } catch {
    return null;
  }
}

/** The certificates of a bundle, in their order. */
export const readBundle = (text: string): X509Certificate[] =>
  (text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [])
    .flatMap(pem => readCertificate(pem) ?? []);

export const isPlaceholder = (certificate: X509Certificate): boolean =>
  certificate.subject.split('\n').includes(PLACEHOLDER);

/** Whether one of these CAs signed it. */
export const isSignedBy = (certificate: X509Certificate, cas: readonly X509Certificate[]): boolean =>
  cas.some(ca => certificate.checkIssued(ca) && certificate.verify(ca.publicKey));

/** DNS names and addresses, sorted. */
export const namesIn = (certificate: X509Certificate): string[] =>
  (certificate.subjectAltName ?? '').split(', ').filter(Boolean).map(text => text.replace(/^(DNS|IP Address):/, ''))
    .sort();

/** Whole days until it expires; -1 if it has expired. */
export const daysLeft = (certificate: X509Certificate, now = Date.now()): number => {
  const left = Date.parse(certificate.validTo) - now;
  return left <= 0 ? -1 : Math.floor(left / DAY);
};

const base64 = (text: string): string => Buffer.from(text).toString('base64');

async function ask(
  connection: Pick<Connection, 'run'>, action: string, questions: readonly (readonly string[])[],
): Promise<string[][]> {
  const stdin = [[action], ...questions].map(line => `${line.join('\t')}\n`).join('');
  const { code, stdout, stderr, unreachable } =
    await connection.run(hostScript('src/fleet/certs/certificates.sh'), { stdin, timeout: 300_000 });
  if (unreachable !== null) throw new Failure(unreachable);
  const lines = stdout.split('\n').filter(Boolean).map(line => line.split('\t'));
  if (code !== 0 || lines.at(-1)?.[0] !== 'end') {
    throw new Failure(stderr.trim().split('\n').at(-1) || `it ended with code ${code}`, { exit: code === 3 ? 3 : 2 });
  }
  return lines;
}
