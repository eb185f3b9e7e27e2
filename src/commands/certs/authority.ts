// The fleet's CA: what the inventory declares of it, its certificate beside the inventory, its key from its source.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { Failure } from '../../contract/diagnostic.ts';
import type { Model, Named, Section } from '../../contract/model.ts';
import { readBundle } from '../../fleet/certs/certificates.ts';
import { resolveSecrets, type Secret } from '../../fleet/secrets/sources.ts';

/** `certs.ca` of the inventory. */
export interface DeclaredCa { readonly certificate: string; readonly key: Named; readonly days: number }

type Inventory = readonly string[];

/** The CA that the inventory declares; null without one. */
export const declaredCa = (model: Model): DeclaredCa | null =>
  (model.sections['certs'] as { ca: DeclaredCa | null } | null | undefined)?.ca ?? null;

/** The same; throws a Failure without one. */
export function caOf(model: Model): DeclaredCa {
  const ca = declaredCa(model);
  if (!ca) throw new Failure('the inventory has no CA; declare one: certs: {ca: {certificate: ca.crt, key: SECRET}}');
  return ca;
}

/** The file of its certificate, beside the first inventory file. */
export const certificateFile = (ca: DeclaredCa, inventory: Inventory): string =>
  join(dirname(resolve(inventory[0] ?? '')), ca.certificate);

/** The certificates in that file. Throws a Failure when it is missing. */
export function bundleOf(ca: DeclaredCa, inventory: Inventory): ReturnType<typeof readBundle> {
  const file = certificateFile(ca, inventory);
  if (!existsSync(file)) throw new Failure(`there is no ${relative(process.cwd(), file)}; "vgen certs ca" makes it`);
  return readBundle(readFileSync(file, 'utf8'));
}

/** Its key; to be overwritten after use. Throws a Failure when its source does not give one. */
export async function keyOf(ca: DeclaredCa, model: Model, inventory: Inventory): Promise<Buffer> {
  const secret = (model.sections['secrets'] as Section<Secret>)[ca.key.name] as Secret;
  const { values, problems } = await resolveSecrets([secret], inventory[0] ?? '');
  const value = values.get(secret.name);
  if (!value) throw new Failure(`secret ${secret.name}: ${problems.get(secret.name) ?? 'it has no value'}`);
  return value;
}
