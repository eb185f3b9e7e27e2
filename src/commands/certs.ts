import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { authorityOf, makeAuthority, sign, type Authority } from '../fleet/certs/authority.ts';
import { certificatesOn, daysLeft, isPlaceholder, isSignedBy, issueOn, namesIn, readBundle, type Held, type Issued } from '../fleet/certs/certificates.ts';
import { readFleet } from '../fleet/connect/inventory.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import { resolveSecrets, wipe, type Secret } from '../fleet/secrets/sources.ts';
import type { Connection } from '../fleet/connect/ssh.ts';
import type { ListedCertificate } from '../contract/manifest.ts';
import { readTree } from '../fleet/observe/tree.ts';
import { Failure } from '../contract/diagnostic.ts';
import type { Model, Named, Section } from '../contract/model.ts';
import { connectionOf, hostsOf, inventoryOf, withFleet, type Fleet, type FleetOptions } from './fleet.ts';
import { printTable } from '../print/fleet-table.ts';
import { count, type Output } from '../print/output.ts';

export interface CertOptions extends FleetOptions { readonly out: string }
export interface IssueOptions extends CertOptions { readonly renewWithin: string; readonly force?: boolean }
export interface CaOptions { readonly inventory?: readonly string[]; readonly name: string; readonly days: string; readonly add?: boolean }

interface Ca { readonly certificate: string; readonly key: Named; readonly days: number }
type Told<T> = { readonly host: string } & ({ readonly answer: T } | { readonly problem: string });

/** Makes a CA: its certificate goes to the inventory's file, its key to stdout. */
export async function makeCa(options: CaOptions, output: Output): Promise<number> {
  const inventory = await readFleet(inventoryOf(options));
  if (!inventory.model) {
    output.diagnostics(inventory);
    return 1;
  }
  const file = fileOf(caOf(inventory.model), options);
  if (process.stdout.isTTY) {
    throw new Failure('the key would be shown on the terminal; pipe it to what keeps it: vgen certs ca | age -r RECIPIENT -o ca.key.age', { exit: 3 });
  }
  const shown = relative(process.cwd(), file);
  if (existsSync(file) && !options.add) {
    throw new Failure(`${shown} is there already; --add puts the certificate of a new CA before it`, { exit: 3 });
  }
  const { key, certificate } = await makeAuthority(options.name, whole(options.days, '--days'));
  // whoever reads it meanwhile finds the former bundle or the new one
  writeFileSync(`${file}.new`, certificate + (existsSync(file) ? readFileSync(file, 'utf8') : ''));
  renameSync(`${file}.new`, file);
  output.raw(key);
  output.note(`the certificate is in ${shown}: commit it; the key went to stdout and is nowhere else`);
  return 0;
}

/** Issues what is not there, ends soon, has other names or another CA. Exit 0 done · 1 a host refused · 2 could not be done. */
export async function issue(options: IssueOptions, output: Output): Promise<number> {
  const within = whole(/^(\d+)d$/.exec(options.renewWithin)?.[1] ?? '', '--renew-within', '30d');
  return withFleet(options, output, hostsOf(options), async fleet => {
    const ca = caOf(fleet.model);
    const bundle = bundleOf(ca, options);
    const key = await keyOf(ca, fleet.model, options);
    try {
      const authority = authorityOf(bundle, key, ca.certificate);
      const told = await each(fleet, options, true, async (connection, wanted) => {
        const held = await certificatesOn(connection, wanted.map(({ name }) => name));
        const due = wanted.filter(one => options.force || reason(one, held.find(({ name }) => name === one.name), authority, within) !== null);
        return due.length ? issueOn(connection, due, (request, one) => sign(request, authority, one.names, ca.days)) : [];
      });
      return sayIssued(told, output);
    } finally {
      wipe([key]);
    }
  });
}

/** Says what certificates there are. Exit 1 where one is missing, a placeholder or over; 2 where a host cannot be asked. */
export async function certStatus(options: CertOptions, output: Output): Promise<number> {
  return withFleet(options, output, hostsOf(options), async fleet => {
    const section = fleet.model.sections['certs'] as { ca: Ca | null } | null | undefined;
    const bundle = section?.ca ? bundleOf(section.ca, options) : [];
    const told = await each(fleet, options, false, async (connection, wanted) =>
      (await certificatesOn(connection, wanted.map(({ name }) => name))).map(held => facts(held, bundle)));
    const rows = told.flatMap(one => ('answer' in one ? one.answer.map(fact => ({ host: one.host, ...fact })) : []));
    if (rows.length) {
      printTable(['host', 'certificate', 'issuer', 'names', 'days left'], rows.map(({ host, name, issuer, names, days }) =>
        [host, name, issuer, names.join(', ') || '-', days === null ? '-' : days < 0 ? 'over' : String(days)]), output, options.markdown);
    }
    for (const one of told) if ('problem' in one) output.note(`${one.host}: ${one.problem}`);
    output.data({ certificates: rows, problems: told.filter(one => 'problem' in one) });
    if (told.some(one => 'problem' in one)) return 2;
    return rows.every(({ issuer, days }) => issuer !== 'placeholder' && days !== null && days >= 0) ? 0 : 1;
  });
}

interface Facts { readonly name: string; readonly issuer: string; readonly names: readonly string[]; readonly days: number | null }

function facts({ name, certificate }: Held, bundle: Parameters<typeof isSignedBy>[1]): Facts {
  if (!certificate) return { name, issuer: 'none', names: [], days: null };
  const issuer = isPlaceholder(certificate) ? 'placeholder' : isSignedBy(certificate, bundle) ? 'CA' : 'public';
  return { name, issuer, names: namesIn(certificate), days: daysLeft(certificate) };
}

/** Why a certificate has to be issued; null if it is good. */
function reason(wanted: ListedCertificate, held: Held | undefined, authority: Authority, within: number): string | null {
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

function caOf(model: Model): Ca {
  const ca = (model.sections['certs'] as { ca: Ca | null } | null | undefined)?.ca;
  if (!ca) throw new Failure('the inventory has no CA; declare one: certs: {ca: {certificate: ca.crt, key: SECRET}}');
  return ca;
}

const fileOf = (ca: Ca, options: Pick<FleetOptions, 'inventory'>): string => join(dirname(resolve(inventoryOf(options)[0] ?? '')), ca.certificate);

function bundleOf(ca: Ca, options: FleetOptions): ReturnType<typeof readBundle> {
  const file = fileOf(ca, options);
  if (!existsSync(file)) throw new Failure(`there is no ${relative(process.cwd(), file)}; "vgen certs ca" makes it`);
  return readBundle(readFileSync(file, 'utf8'));
}

async function keyOf(ca: Ca, model: Model, options: FleetOptions): Promise<Buffer> {
  const secret = (model.sections['secrets'] as Section<Secret>)[ca.key.name] as Secret;
  const { values, problems } = await resolveSecrets([secret], inventoryOf(options)[0] ?? '');
  const value = values.get(secret.name);
  if (!value) throw new Failure(`secret ${secret.name}: ${problems.get(secret.name) ?? 'it has no value'}`);
  return value;
}

/** Asks each host about the certificates of its tree in out/; hosts without any are left out. */
async function each<T>(
  fleet: Fleet, options: CertOptions, internalOnly: boolean, work: (connection: Connection, wanted: readonly ListedCertificate[]) => Promise<T>,
): Promise<Told<T>[]> {
  const certificatesOf = (name: string): ListedCertificate[] =>
    readTree(options.out, name).certificates.filter(one => !internalOnly || one.issuer === 'internal');
  const wanted = fleet.hosts.map(({ name }) => ({ name, certificates: certificatesOf(name) })).filter(({ certificates }) => certificates.length > 0);
  if (wanted.length === 0) fleet.output.note(`the hosts have ${count(0, 'certificate')} of ${internalOnly ? 'the CA' : 'their own'}`);
  const told = await eachLimited(wanted, fleet.limit, async ({ name, certificates }): Promise<Told<T>> => {
    try {
      return { host: name, answer: await work(connectionOf(fleet, name), certificates) };
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause;
      return { host: name, problem: cause.message };
    }
  });
  fleet.progress.end();
  return told.filter(one => one !== null);
}

/** A whole number; throws a Failure for anything else. */
function whole(text: string, option: string, example = '3650'): number {
  if (!/^\d{1,5}$/.test(text)) throw new Failure(`${option} wants a number, such as ${example}`);
  return Number(text);
}
