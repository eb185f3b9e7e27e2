// Model × Offers → HostPlan, one host at a time, and FleetPlan. Out: pure sorted data: the files, packages, users,
// units and secrets that a host gets. Now true: no path is written twice, and whatever needs a secret says so.
import { hash } from 'node:crypto';
import {
  sectionOf, type NamedAnswer, type Component, type FileSpec, type Made, type Offers, type Resource,
} from './contract/component.ts';
import { error, Refused, type Diagnostic } from './contract/diagnostic.ts';
import type { App, Host, Model, Value } from './contract/model.ts';
import type { FleetPlan, HostPlan, OfferedVariable, Planned } from './contract/plan.ts';
import { file } from './kit/files.ts';

/** Plans one host. */
export function planHost(
  components: readonly Component[], model: Model, offers: Offers, host: Host, apps: readonly App[],
): { plan: HostPlan; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const files: Planned[] = [];
  const answers: NamedAnswer[] = [];
  const made: Made[] = [];
  for (const component of components) {
    if (!component.plan) continue;
    try {
      const planned = component.plan({ host, apps, section: sectionOf(component, model), model }, offers);
      for (const spec of planned.files ?? []) {
        files.push({ ...spec, component: component.name, custom: component.custom ?? false });
      }
      answers.push(...planned.answers ?? []);
      const by = { by: component.name, host };
      for (const one of planned.packages ?? []) made.push({ ...one, kind: 'package', ...by });
      for (const one of planned.units ?? []) made.push({ ...one, kind: 'unit', ...by });
      for (const one of planned.users ?? []) made.push({ ...one, kind: 'user', ...by });
      for (const one of planned.programs ?? []) made.push({ ...one, kind: 'program', ...by });
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause;
      diagnostics.push(cause.diagnostic);
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  diagnostics.push(...clashes(files, `on host "${host.name}"`));
  const all = <K extends Made['kind']>(kind: K): Extract<Made, { kind: K }>[] =>
    [...offers.on(host, kind), ...made.filter((one): one is Extract<Made, { kind: K }> => one.kind === kind)];
  const plan: HostPlan = {
    host, files, apps, answers, variables: apps.flatMap(app => variablesOf(app, offers.on(host, 'variable'))),
    packages: unique(all('package')),
    users: unique(all('user')),
    units: unique(all('unit')),
    programs: all('program'),
    keyPairs: all('key-pair'),
    certificates: unique(offers.on(host, 'certificate')).filter(({ issuer }) => typeof issuer !== 'object'),
    secrets: [...new Set(files.flatMap(file => (file.kind === 'file' ? file.secrets : [])))].sort(),
  };
  return { plan, diagnostics };
}

/** What others tell an app, unless it says something else itself. */
function variablesOf(app: App, offered: readonly Extract<Made, { kind: 'variable' }>[]): OfferedVariable[] {
  const own = new Set(app.slots.flatMap(({ env }) => env.map(({ name }) => name)));
  return offered.filter(one => one.app === app && !own.has(one.name))
    .map(({ name, value, why, at }) => ({ app: app.name, name, value: valueText(value), why, at }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** A value as a reviewer sees it: of a secret the name. */
const valueText = (value: Value): string => (typeof value === 'string' ? value
  : value.sealed.map(part => (typeof part === 'string' ? part : `\${${part.secret}}`)).join(''));

/** Plans what belongs to the fleet and to no host; null if no component makes anything. */
export function planFleet(
  components: readonly Component[], model: Model, offers: Offers,
): { plan: FleetPlan | null; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const files: Planned[] = [];
  for (const component of components) {
    if (!component.planFleet) continue;
    try {
      const planned = component.planFleet({ section: sectionOf(component, model), model, offers });
      for (const spec of [...planned.files ?? [], ...(planned.resources ?? []).map(resourceFile)]) {
        if (spec.kind !== 'file' || spec.secrets.length) {
          throw new Error(`${spec.path} of the fleet is no plain file without secrets`);
        }
        files.push({ ...spec, component: component.name, custom: false });
      }
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause;
      diagnostics.push(cause.diagnostic);
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  diagnostics.push(...clashes(files, 'of the fleet'));
  return { plan: files.length ? { files } : null, diagnostics };
}

/** A provider reads it back by its kind. */
function resourceFile({ kind, name, data, at }: Resource): FileSpec {
  if (![kind, name].every(word => /^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(word))) {
    throw new Error(`"${kind}/${name}" is no plain name of a resource`);
  }
  return file(`/resources/${kind}/${name}.json`, at, { text: `${JSON.stringify({ kind, name, data }, null, 2)}\n` });
}

/** The first offer of each name, in the order of names. */
function unique<T extends { readonly name: string }>(made: readonly T[]): T[] {
  const first = new Map<string, T>();
  for (const one of made) if (!first.has(one.name)) first.set(one.name, one);
  return [...first.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Paths made twice, or once as a directory and once as a file; on disks that ignore case too. */
function clashes(files: readonly Planned[], where: string): Diagnostic[] {
  // most hosts of a fleet have the same paths
  const layout = files.map(({ kind, path }) => kind + path).join('\n');
  if (free.has(layout)) return [];
  const found: Diagnostic[] = [];
  const first = new Map<string, Planned>();
  for (const file of files) {
    const before = first.get(file.path.toLowerCase());
    if (before) {
      const same = before.path === file.path;
      const what = same ? `"${file.path}" ${where} is written by both ${before.component} and ${file.component}`
        : `"${file.path}" and "${before.path}" ${where} differ only in case`;
      const [wrong, right] = file.custom ? [file, before] : [before, file];
      found.push(error('plan/path-twice', wrong.at, what, {
        onKey: true, see: { message: `written by ${right.component}`, at: right.at },
      }));
    } else first.set(file.path.toLowerCase(), file);
  }
  for (const file of files) {
    for (let cut = file.path.lastIndexOf('/'); cut > 0; cut = file.path.lastIndexOf('/', cut - 1)) {
      const parent = first.get(file.path.slice(0, cut).toLowerCase());
      if (parent && parent.kind !== 'directory') {
        found.push(error(
          'plan/path-under-file', file.at, `"${file.path}" lies under "${parent.path}", which is not a directory`, {
            onKey: true, see: { message: `written by ${parent.component}`, at: parent.at },
          },
        ));
      }
    }
  }
  if (free.size === 100) free.clear();
  if (found.length === 0) free.add(layout);
  return found;
}
/** Layouts that are known to be free of clashes. */
const free = new Set<string>();

/**
 * A digest of a plan: of all that the bytes of its host depend on, beside vgen and the
 * files of the user that `salt` stands for.
 */
export function planKey({ host, apps, files, secrets, ...made }: HostPlan, salt: string): string {
  const offered = Object.values(made).map(list => list.map(one => ({ ...one, host: null })));
  const written = JSON.stringify([salt, host, files, secrets, offered]);
  return hash('sha256', written + apps.map(keyOfApp).join(), 'hex').slice(0, 32);
}

/** An app as text, made once for all of its hosts. */
function keyOfApp(app: App): string {
  let text = known.get(app);
  if (text === undefined) {
    // an app leads to its hosts, and its slots back to it
    text = JSON.stringify(app, (key, value: unknown) => (key === 'hosts' || key === 'app' ? undefined : value));
    known.set(app, text);
  }
  return text;
}
const known = new WeakMap<App, string>();
