// The flow, on one screen: an inventory goes in, a tree per host comes out. Each
// stage stops the flow when it found errors.
import { hash } from 'node:crypto';
import { dirname, join } from 'node:path';
import { check, type Suppressed } from './check.ts';
import { appsOn, sectionOf, type Component } from './contract/component.ts';
import { components as builtIn } from './components/index.ts';
import type { Diagnostic } from './contract/diagnostic.ts';
import { load, type Globbed } from './load.ts';
import type { Model } from './contract/model.ts';
import { offer } from './offer.ts';
import type { HostPlan } from './contract/plan.ts';
import type { Proof } from './contract/proof.ts';
import { planFleet, planHost, planKey } from './plan.ts';
import { createEngine, type UserTemplates } from './render/engine.ts';
import { userFiles } from './render/user-files.ts';
import { checkHost, renderFleet, renderHost } from './render.ts';
import type { TwinWritten } from './schema/twin.ts';
import type { HostTree, OutTree } from './contract/tree.ts';
import { resolve } from './resolve.ts';
import type { Source } from './contract/source.ts';
import { compareTwins } from './validate/twin.ts';
import { validate } from './validate.ts';

export interface Compilation {
  readonly source: Source;
  /** Grows while trees are made. */
  readonly diagnostics: Diagnostic[];
  readonly suppressed: readonly Suppressed[];
  /** Null when a stage before planning found errors. */
  readonly model: Model | null;
  /** All files that were read, and the globs that were followed. */
  readonly inputs: readonly string[];
  readonly globs: readonly Globbed[];
  /** Custom templates. */
  readonly templates: UserTemplates;
  /** Plans host by host, so that a big fleet is never in memory whole. */
  drafts(only?: (host: string) => boolean): Generator<Draft>;
  /** Plans and renders host by host. */
  trees(only?: (host: string) => boolean): Generator<HostTree>;
  /** What belongs to the fleet and to no host; nothing or one directory. */
  fleetTree(): OutTree[];
  /** What a rehearsal asks of booted hosts, of all components in their order. */
  proofs(): Proof[];
  failed(): boolean;
}

/** A host that is planned, and rendered when it is asked for. */
export interface Draft {
  readonly plan: HostPlan;
  /** A digest of all that the bytes of the host depend on, beside vgen itself. */
  key(): string;
  render(): HostTree;
  /** Finds what rendering refuses. */
  check(): void;
}

export interface CompileOptions {
  readonly cwd?: string;
  readonly components?: readonly Component[];
}

/** Compiles inventory files. Diagnostics are data; only a wrong world or a wrong program throws. */
export async function compile(files: readonly string[], options: CompileOptions = {}): Promise<Compilation> {
  const components = options.components ?? builtIn;
  const { source, globs, diagnostics: loaded } = await load(files, options.cwd);
  const diagnostics: Diagnostic[] = [...loaded];
  const failed = (): boolean => diagnostics.some(({ severity }) => severity === 'error');
  const stopped = (): Compilation => ({
    source, diagnostics, suppressed: [], model: null, inputs: [], globs: [], templates: new Map(), failed,
    *drafts() {}, *trees() {}, fleetTree: () => [], proofs: () => [],
  });
  if (failed()) return stopped();

  const { inventory, diagnostics: invalid } = await validate(source.value);
  diagnostics.push(...invalid);
  if (failed()) return stopped();

  const twins = await compareTwins(source, inventory['twin'] as TwinWritten | undefined, name =>
    load([join(dirname(files[0] ?? ''), name)], options.cwd));
  diagnostics.push(...twins.diagnostics);

  const { model, diagnostics: unresolved } = resolve(inventory);
  diagnostics.push(...unresolved);
  if (failed()) return stopped();

  const { offers, diagnostics: refused } = offer(components, model);
  const checked = check(components, model, offers);
  diagnostics.push(...refused, ...checked.diagnostics);
  const user = await userFiles(model, files[0] ?? '', options.cwd);
  diagnostics.push(...user.diagnostics);
  if (failed()) return { ...stopped(), suppressed: checked.suppressed };

  const engine = await createEngine(user.templates);
  const apps = appsOn(model);
  const salt = hash('sha256', JSON.stringify([
    ...user.templates, ...[...user.files].map(([name, bytes]) => [name, hash('sha256', bytes, 'hex')]),
  ]), 'hex');
  function* drafts(only?: (host: string) => boolean): Generator<Draft> {
    for (const host of model.hosts) {
      if (only && !only(host.name)) continue;
      const { plan, diagnostics: conflicts } = planHost(components, model, offers, host, apps(host));
      diagnostics.push(...conflicts);
      yield {
        plan,
        key: () => planKey(plan, salt),
        render() {
          const { tree, diagnostics: unrendered } = renderHost(plan, engine, user.files);
          diagnostics.push(...unrendered);
          return tree;
        },
        check() { diagnostics.push(...checkHost(plan, engine)); },
      };
    }
  }
  return {
    source, diagnostics, suppressed: checked.suppressed, model, failed,
    inputs: [...source.files.map(({ name }) => name), ...twins.read, ...user.read], globs: [...globs, ...user.globs],
    templates: user.templates,
    drafts,
    *trees(only) {
      for (const draft of drafts(only)) yield draft.render();
    },
    fleetTree() {
      const { plan, diagnostics: conflicts } = planFleet(components, model, offers);
      const rendered = plan && renderFleet(plan, engine, user.files);
      diagnostics.push(...conflicts, ...rendered?.diagnostics ?? []);
      return rendered ? [rendered.tree] : [];
    },
    proofs: () => components.flatMap(one => one.prove?.({ section: sectionOf(one, model), model, offers }) ?? []),
  };
}
