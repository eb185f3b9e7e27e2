import { Failure } from '../contract/diagnostic.ts';
import { checkOn, pushTo, type Checked, type Pushed } from '../fleet/secrets/deliver.ts';
import { resolveSecrets, wipe, type Secret } from '../fleet/secrets/sources.ts';
import { eachLimited } from '../fleet/connect/pool.ts';
import type { Connection } from '../fleet/connect/ssh.ts';
import { readTree } from '../fleet/observe/tree.ts';
import type { Host, Model, Section } from '../contract/model.ts';
import { knownNames } from '../kit/nearest.ts';
import { connectionOf, hostsOf, inventoryOf, withFleet, type Fleet, type FleetOptions } from './fleet.ts';
import { count, type Output } from '../print/output.ts';

export interface SecretOptions extends FleetOptions { readonly out: string }

interface Wanted { readonly host: Host; readonly names: readonly string[] }
type Told<T> = { readonly host: string } & ({ readonly answer: T } | { readonly problem: string });

/** Says per host whether each secret is present, stale or missing. Exit 0 all present · 1 some are not · 2 could not be known. */
export async function check(names: readonly string[], options: SecretOptions, output: Output): Promise<number> {
  return withValues(names, options, output, async (fleet, wanted, values, problems) => {
    const told = await each(fleet, wanted, (connection, one) => checkOn(connection, only(values, one.names)));
    output.data({ hosts: told.map(flat), unresolved: Object.fromEntries(problems) });
    for (const one of told) {
      if ('problem' in one) output.note(`${one.host}: ${one.problem}`);
      else for (const secret of one.answer) output.say(`${one.host}  ${output.paint(secret.state === 'present' ? 'green' : 'red', secret.state.padEnd(7))}  ${secret.name}${history(secret)}`);
    }
    if (problems.size > 0 || told.some(one => 'problem' in one)) return 2;
    return told.some(one => 'answer' in one && one.answer.some(({ state }) => state !== 'present')) ? 1 : 0;
  });
}

/** Puts the values onto the hosts and has them taken up. Exit 0 done · 1 a host refused them · 2 could not be done. */
export async function push(names: readonly string[], options: SecretOptions, output: Output): Promise<number> {
  return withValues(names, options, output, async (fleet, wanted, values, problems) => {
    const told = problems.size > 0 ? [] : await each(fleet, wanted, (connection, one) => pushTo(connection, only(values, one.names)));
    output.data({ hosts: told.map(flat), unresolved: Object.fromEntries(problems) });
    for (const one of told) {
      if ('problem' in one) output.note(`${one.host}: ${one.problem}`);
      else sayPushed(one.host, one.answer, output);
    }
    if (problems.size > 0) {
      output.note('nothing was sent');
      return 2;
    }
    if (told.some(one => 'problem' in one || one.answer.code > 1)) return 2;
    return told.some(one => 'answer' in one && one.answer.code === 1) ? 1 : 0;
  });
}

function sayPushed(host: string, { secrets, done, note, code }: Pushed, output: Output): void {
  const of = (wanted: string): string[] => secrets.filter(({ state }) => state === wanted).map(({ name }) => name);
  const [pushed, refused] = [of('pushed'), of('refused')];
  if (refused.length) output.say(output.paint('red', `${host}: refused ${refused.join(', ')}; the former values are back`));
  else output.say(pushed.length ? `${host}: pushed ${pushed.join(', ')}` : `${host}: ${count(secrets.length, 'secret')}, all as they were`);
  for (const text of done) output.say(`  ${text}`);
  if (note && (code !== 0 || !secrets.length || note.startsWith('nothing is'))) output.say(`  ${note}`);
}

const history = ({ pushed, byHand }: Checked): string =>
  [...pushed === null ? [] : [`pushed ${pushed}`], ...byHand ? ['changed on the host since'] : []].map(text => `  (${text})`).join('');

const flat = <T>(one: Told<T>): object => ('problem' in one ? one : { host: one.host, ...(Array.isArray(one.answer) ? { secrets: one.answer } : one.answer) });

/** Resolves what the chosen hosts need, once, and overwrites it in the end. */
async function withValues(
  names: readonly string[], options: SecretOptions, output: Output,
  use: (fleet: Fleet, wanted: readonly Wanted[], values: ReadonlyMap<string, Buffer>, problems: ReadonlyMap<string, string>) => Promise<number>,
): Promise<number> {
  return withFleet(options, output, hostsOf(options), async fleet => {
    const wanted = wantedBy(fleet.model, fleet.hosts, names, options.out);
    const needed = new Set(wanted.flatMap(one => one.names));
    const declared = (fleet.model.sections['secrets'] ?? {}) as Section<Secret>;
    const { values, problems } = await resolveSecrets(Object.values(declared).filter(({ name }) => needed.has(name)), inventoryOf(options)[0] ?? '');
    for (const [name, reason] of problems) output.note(`secret ${name}: ${reason}`);
    if (needed.size === 0) output.note('the hosts need no secrets');
    try {
      return await use(fleet, wanted, values, problems);
    } finally {
      wipe(values.values());
    }
  });
}

/** What each host needs is what its tree in out/ asks for. */
function wantedBy(model: Model, hosts: readonly Host[], names: readonly string[], out: string): Wanted[] {
  const known = Object.keys((model.sections['secrets'] ?? {}) as object);
  for (const name of names) if (!known.includes(name)) throw new Failure(`unknown secret "${name}"; ${knownNames(name, new Set(known), 'known secrets')}`);
  return hosts.map(host => {
    const needs = readTree(out, host.name).secrets;
    const undeclared = needs.find(name => !known.includes(name));
    if (undeclared !== undefined) throw new Failure(`the tree of ${host.name} wants secret ${undeclared}, which the inventory does not have; "vgen build" makes the tree anew`);
    return { host, names: names.length ? needs.filter(name => names.includes(name)) : needs };
  }).filter(one => one.names.length > 0);
}

const only = (values: ReadonlyMap<string, Buffer>, names: readonly string[]): ReadonlyMap<string, Buffer> => new Map([...values].filter(([name]) => names.includes(name)));

async function each<T>(fleet: Fleet, wanted: readonly Wanted[], work: (connection: Connection, one: Wanted) => Promise<T>): Promise<Told<T>[]> {
  const told = await eachLimited(wanted, fleet.limit, async (one): Promise<Told<T>> => {
    try {
      return { host: one.host.name, answer: await work(connectionOf(fleet, one.host.name), one) };
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause;
      return { host: one.host.name, problem: cause.message };
    }
  });
  fleet.progress.end();
  return told.filter(one => one !== null);
}
