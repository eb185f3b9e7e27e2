// Model × Offers → Diagnostics: what a schema cannot say, over the whole fleet. Now true: no two things claim one
// port, every name means one thing, and whatever an object is excused from was really found and has a reason.
import { sectionOf, type Component, type Made, type Offers } from './contract/component.ts';
import { error, pathText, warning, type Diagnostic, type Path } from './contract/diagnostic.ts';
import { knownNames } from './kit/nearest.ts';
import type { Model } from './contract/model.ts';

export interface Suppressed {
  readonly diagnostic: Diagnostic;
  readonly reason: string;
}

export interface Checked {
  readonly diagnostics: readonly Diagnostic[];
  readonly suppressed: readonly Suppressed[];
}

/** Runs every check, then takes out those that the inventory allows. */
export function check(components: readonly Component[], model: Model, offers: Offers): Checked {
  const found: Diagnostic[] = [];
  if (model.hosts.length === 0) {
    found.push(error('hosts/none', ['hosts'], 'the fleet has no hosts', {
      hint: 'declare one: hosts: {web1: {address: 203.0.113.10}}',
    }));
  }
  found.push(...ports(model, offers), ...names(model), ...addresses(model));
  for (const component of components) {
    found.push(...component.check?.({ section: sectionOf(component, model), model, offers }) ?? []);
  }
  return suppress(found, model);
}

/** Two claims on one port of a host; the hint names the next free one. */
function ports(model: Model, offers: Offers): Diagnostic[] {
  const found: Diagnostic[] = [];
  let taken: ReadonlySet<number> | null = null;
  for (const host of model.hosts) {
    const claims = new Map<number, Made[]>();
    for (const claim of offers.on(host, 'port')) {
      const port = (claim as Extract<Made, { kind: 'port' }>).port;
      const others = claims.get(port) ?? [];
      const clash = others.find(other => overlaps(addressOf(other), addressOf(claim)));
      if (clash) {
        taken ??= new Set(model.hosts.flatMap(one => offers.on(one, 'port').map(made => made.port)));
        const message = `port ${port} of host "${host.name}" is used by both ${clash.why} and ${claim.why}`;
        found.push(error('ports/clash', claim.at, message, {
          hint: `port ${freeNear(port, taken)} is free`, see: { message: clash.why, at: clash.at },
        }));
      }
      claims.set(port, [...others, claim]);
    }
  }
  return found;
}

/** The next port that is not taken, or the last one before. */
function freeNear(port: number, taken: ReadonlySet<number>): number {
  let free = port;
  while (taken.has(free) && free <= 65535) free++;
  if (free > 65535) for (free = port; taken.has(free);) free--;
  return free;
}

const addressOf = (claim: Made): string => (claim.kind === 'port' ? claim.address : '');
const overlaps = (a: string, b: string): boolean => a === b || a === '0.0.0.0' || b === '0.0.0.0';

/** Names that differ only in case: one file on a disk that ignores case, one name to a tired reader. */
function names(model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  for (const [section, value] of Object.entries(model.sections)) {
    if (typeof value !== 'object' || value === null) continue;
    const first = new Map<string, string>();
    for (const name of Object.keys(value)) {
      const before = first.get(name.toLowerCase());
      if (before !== undefined) {
        found.push(error('names/case', [section, name], `names "${name}" and "${before}" differ only in case`, {
          onKey: true, hint: 'rename one of them', see: { message: `"${before}"`, at: [section, before] },
        }));
      } else first.set(name.toLowerCase(), name);
    }
  }
  return found;
}

/** Two hosts at one address. */
function addresses(model: Model): Diagnostic[] {
  const found: Diagnostic[] = [];
  const first = new Map<string, Path>();
  for (const host of model.hosts) {
    for (const key of ['address', 'private'] as const) {
      const address = host[key];
      if (address === null) continue;
      const at = [...host.at, key];
      const before = first.get(address);
      if (before && before[1] !== host.name) {
        found.push(error('hosts/address', at, `address "${address}" is already used by host "${String(before[1])}"`, {
          see: { message: 'first used here', at: before },
        }));
      }
      first.set(address, at);
    }
  }
  return found;
}

/** Takes out what is allowed, and says where an allowance allows nothing. Unknown codes get the known ones. */
function suppress(found: readonly Diagnostic[], model: Model): Checked {
  const used = new Set<object>();
  const suppressed: Suppressed[] = [];
  const kept = found.filter(diagnostic => {
    const allowance = model.allowances.find(({ code, at }) =>
      code === diagnostic.code && at.every((key, i) => diagnostic.at[i] === key));
    if (!allowance) return true;
    used.add(allowance);
    suppressed.push({ diagnostic, reason: allowance.reason });
    return false;
  });
  const codes = [...new Set(found.map(diagnostic => diagnostic.code))];
  const idle = model.allowances.filter(allowance => !used.has(allowance)).map(({ code, at }) => {
    const elsewhere = found.find(diagnostic => diagnostic.code === code);
    const hint = elsewhere ? `it is reported at ${pathText(elsewhere.at)}: allow it there`
      : codes.length ? knownNames(code, codes, 'reported in this inventory') : 'remove it';
    const message = `unused allowance: "${code}" reports nothing here`;
    return warning('allow/idle', [...at, 'allow', code], message, { onKey: true, hint });
  });
  return { diagnostics: [...kept, ...idle], suppressed };
}
