// Which secrets the hosts need, and their values from their sources.
import { Failure } from '../../contract/diagnostic.ts';
import type { Host, Model, Section } from '../../contract/model.ts';
import { readBytes, readTree, type BuiltTree } from '../../fleet/observe/tree.ts';
import type { Taken } from '../../fleet/secrets/deliver.ts';
import { resolveSecrets, wipe, type Secret } from '../../fleet/secrets/sources.ts';
import { knownNames } from '../../kit/nearest.ts';
import type { Output } from '../../print/output.ts';
import { list, type Given } from '../declaration.ts';
import type { Told } from '../fleet/each-host.ts';
import { hostsOf, withFleet, type ConnectedFleet } from '../fleet/open.ts';
import type { comparing } from '../options.ts';

/** The argument of commands about secrets. */
export const names = list('[names...]', 'only these secrets (default: all that the hosts need)');

/** The secrets that a host needs. */
export interface WantedSecrets {
  readonly host: string;
  readonly names: readonly string[];
  readonly taken: Taken;
}

/** Resolves what the chosen hosts need, once, and overwrites it in the end. */
export async function withValues(
  given: Given<typeof comparing & { names: typeof names }>, output: Output,
  use: (
    fleet: ConnectedFleet, wanted: readonly WantedSecrets[],
    values: ReadonlyMap<string, Buffer>, problems: ReadonlyMap<string, string>,
  ) => Promise<number>,
): Promise<number> {
  return withFleet(given, output, hostsOf(given), async fleet => {
    const wanted = wantedBy(fleet.model, fleet.hosts, given.names, given.out);
    const needed = new Set(wanted.flatMap(one => one.names));
    const declared = (fleet.model.sections['secrets'] ?? {}) as Section<Secret>;
    const asked = Object.values(declared).filter(({ name }) => needed.has(name));
    const { values, problems } = await resolveSecrets(asked, given.inventory[0] ?? '');
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
function wantedBy(model: Model, hosts: readonly Host[], names: readonly string[], out: string): WantedSecrets[] {
  const known = Object.keys((model.sections['secrets'] ?? {}) as object);
  for (const name of names) {
    if (!known.includes(name)) {
      throw new Failure(`unknown secret "${name}"; ${knownNames(name, known, 'known secrets')}`);
    }
  }
  return hosts.map(host => {
    const tree = readTree(out, host.name);
    const needs = tree.secrets;
    const undeclared = needs.find(name => !known.includes(name));
    if (undeclared !== undefined) {
      throw new Failure(`the tree of ${host.name} needs secret ${undeclared}, which the inventory does not declare; `
        + `run "vgen build"`);
    }
    return {
      host: host.name, names: names.length ? needs.filter(name => names.includes(name)) : needs, taken: takenBy(tree),
    };
  }).filter(one => one.names.length > 0);
}

function takenBy({ dir, files }: BuiltTree): Taken {
  const texts = files.filter(({ secrets }) => secrets.length > 0)
    .map(({ path }) => readBytes(dir, path).toString('utf8'));
  return {
    encoders: readBytes(dir, 'opt/vgen/lib/core.sh').toString('utf8'),
    placeholders: [...new Set(texts.flatMap(text => text.match(/@vgen\([a-z0-9]+:[^)]*\)/g) ?? []))],
  };
}

/** The values of some secrets. */
export const only = (values: ReadonlyMap<string, Buffer>, names: readonly string[]): ReadonlyMap<string, Buffer> =>
  new Map([...values].filter(([name]) => names.includes(name)));

/** What a host told, as `--json` prints it. */
export const flat = <T>(one: Told<T>): object =>
  ('problem' in one ? one : { host: one.host, ...(Array.isArray(one.answer) ? { secrets: one.answer } : one.answer) });
