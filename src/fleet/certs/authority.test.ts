import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inTemporaryDirectory } from '../../../test/programs.ts';
import { authorityOf, makeAuthority, sign } from './authority.ts';
import { daysLeft, isPlaceholder, isSignedBy, namesIn, readBundle, readCertificate } from './certificates.ts';

const names = ['web.internal', '10.7.0.1', '*.example.com'];
const request = (): string => execFileSync('bash', ['-c', `openssl req -new -newkey ec -pkeyopt `
  + `ec_paramgen_curve:P-256 -nodes -keyout /dev/null -subj /CN=anything -addext subjectAltName=DNS:evil.example `
  + `2>/dev/null`],
  { encoding: 'utf8' });

describe('the CA of the fleet', () => {
  it('signs for the names that it is told, whatever the request says, and openssl verifies it', async () => {
    const { key, certificate } = await makeAuthority('test CA', 10);
    const [ca] = readBundle(certificate);
    const leaf = new X509Certificate(await sign(
      request(), authorityOf(readBundle(certificate), Buffer.from(key), 'ca.crt'), names, 5,
    ));
    expect(namesIn(leaf)).toEqual([...names].sort());
    expect([leaf.ca, ca?.ca, daysLeft(leaf), isSignedBy(leaf, ca ? [ca] : []), isPlaceholder(leaf)])
      .toEqual([false, true, 4, true, false]);
    expect(daysLeft(leaf, Date.parse(leaf.validTo))).toBe(-1);
    await inTemporaryDirectory(dir => {
      writeFileSync(join(dir, 'ca.crt'), certificate);
      writeFileSync(join(dir, 'leaf.pem'), leaf.toString());
      const verify = (purpose: string, name: string): string =>
        execFileSync('openssl', ['verify', '-x509_strict', '-purpose', purpose, '-verify_hostname', name,
          '-CAfile', join(dir, 'ca.crt'), join(dir, 'leaf.pem')],
          { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      expect(verify('sslserver', 'web.internal')).toContain('OK');
      expect(verify('sslclient', 'a.example.com')).toContain('OK');
      expect(() => verify('sslserver', 'evil.example')).toThrow(/hostname mismatch/);
    });
  });

  it('of a bundle is the one that the key belongs to', async () => {
    const [one, two] = [await makeAuthority('one', 10), await makeAuthority('two', 10)];
    const bundle = readBundle(one.certificate + two.certificate);
    expect(bundle).toHaveLength(2);
    expect(authorityOf(bundle, Buffer.from(two.key), 'ca.crt').certificate.subject).toBe('CN=two');
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' })
      .toString();
    expect(() => authorityOf(bundle, Buffer.from(other), 'ca.crt'))
      .toThrow('the key of the CA belongs to no certificate in ca.crt');
    expect(() => authorityOf(bundle, Buffer.from('no key'), 'ca.crt')).toThrow('is no private key in PEM');
    const leaf = await sign(request(), authorityOf(bundle, Buffer.from(one.key), 'ca.crt'), names, 5);
    expect(isSignedBy(new X509Certificate(leaf), bundle.slice(1))).toBe(false);
    expect(readCertificate('none')).toBeNull();
    expect(createPrivateKey(one.key).asymmetricKeyDetails?.namedCurve).toBe('prime256v1');
  });

  it('keeps its key out of lists of processes and off the disk', async () => {
    const { key, certificate } = await makeAuthority('one', 10);
    const secret = key.split('\n')[1] ?? '';
    const authority = authorityOf(readBundle(certificate), Buffer.from(key), 'ca.crt');
    const seen: string[] = [];
    const look = (): boolean => seen.push(execFileSync('bash', [
      '-c', 'cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr "\\0" "\\n"; true',
    ], { encoding: 'utf8', maxBuffer: 1 << 26 })) > 0;
    const signed = Promise.all(Array.from({ length: 20 }, () => sign(request(), authority, names, 5)));
    for (let i = 0; i < 5; i++) look();
    await signed;
    expect(seen.some(text => text.includes('openssl')), 'the control: openssl was seen at work').toBe(true);
    expect(seen.some(text => text.includes(secret))).toBe(false);
  });
});
