// HostPlan → HostTree, FleetPlan → OutTree. In: which files a host gets. Out: their bytes, the manifest that lists them
// and their digests. Now true: every value is encoded for its grammar, and a secret is only named.
import { hash } from 'node:crypto';
import { error, type Diagnostic, type Path } from './contract/diagnostic.ts';
import type { FleetPlan, HostPlan, Planned } from './contract/plan.ts';
import { RenderError, staticFile, type Engine } from './render/engine.ts';
import { FLEET, type Entry, type HostTree, type OutTree } from './contract/tree.ts';
import {
  fleetRows, INSTALL, MANIFEST, manifestRows, manifestText, SUMS, sumsText, type ManifestRow,
} from './contract/manifest.ts';
import { Inexpressible } from './escape/index.ts';

/** A file whose digest is made when it is asked for, and once for bytes that many hosts share. */
class RenderedFile {
  readonly kind = 'file';
  readonly path: string;
  readonly content: string | Buffer;
  readonly executable: boolean;
  readonly spec: Planned | null;
  #sha256: string | undefined;
  constructor(path: string, content: string | Buffer, executable: boolean, spec: Planned | null) {
    this.path = path;
    this.content = content;
    this.executable = executable;
    this.spec = spec;
  }

  get bytes(): Buffer {
    return typeof this.content === 'string' ? Buffer.from(this.content) : this.content;
  }

  get sha256(): string {
    return this.#sha256 ??= typeof this.content === 'string' ? hash('sha256', this.content, 'hex')
      : sharedDigest(this.content);
  }
}
const shared = new WeakMap<Buffer, string>();
function sharedDigest(bytes: Buffer): string {
  const known = shared.get(bytes) ?? hash('sha256', bytes, 'hex');
  shared.set(bytes, known);
  return known;
}

/** Renders one host; what a grammar cannot carry is reported at the inventory's line. */
export function renderHost(
  plan: HostPlan, engine: Engine, userFiles: ReadonlyMap<string, Buffer>,
): { tree: HostTree; diagnostics: Diagnostic[] } {
  const { name, at } = plan.host;
  const { diagnostics, ...lists } = renderTree(at, plan.files, engine, userFiles, entries => {
    entries.push(new RenderedFile(INSTALL, staticFile('host/install.sh'), true, null));
    const rows = manifestRows(plan);
    return { rows, text: manifestText(name, rows) };
  });
  return { tree: { name, at, host: plan.host, plan, ...lists }, diagnostics };
}

/** What rendering one host would report: neither bytes nor digests are made. */
export function checkHost(plan: HostPlan, engine: Engine): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  for (const spec of plan.files) {
    if (spec.kind !== 'file' || !('template' in spec.from)) continue;
    try {
      engine.render(spec.from.template, spec.from.view);
    } catch (cause) {
      diagnostics.push(refusal(cause, spec));
    }
  }
  try {
    manifestRows(plan);
  } catch (cause) {
    diagnostics.push(unlistable(cause, plan.host.at));
  }
  return diagnostics;
}

/** Renders what belongs to the fleet and to no host. */
export function renderFleet(
  plan: FleetPlan, engine: Engine, userFiles: ReadonlyMap<string, Buffer>,
): { tree: OutTree; diagnostics: Diagnostic[] } {
  const at = ['hosts'];
  const { diagnostics, ...lists } = renderTree(at, plan.files, engine, userFiles, () => {
    const rows = fleetRows(plan);
    return { rows, text: manifestText(null, rows) };
  });
  return { tree: { name: FLEET, at, ...lists }, diagnostics };
}

interface Rendered { entries: Entry[]; rows: readonly ManifestRow[]; diagnostics: Diagnostic[] }

/** The files of a directory of out/, the manifest that lists them and their digests. */
function renderTree(
  at: Path, files: readonly Planned[], engine: Engine, userFiles: ReadonlyMap<string, Buffer>,
  list: (entries: Entry[]) => { rows: readonly ManifestRow[]; text: string },
): Rendered {
  const diagnostics: Diagnostic[] = [];
  const entries: Entry[] = [];
  for (const spec of files) {
    const path = spec.path.slice(1);
    if (spec.kind === 'link' || spec.kind === 'first-link') {
      entries.push({ path, kind: 'link', target: spec.target, spec });
    }
    if (spec.kind !== 'file') continue;
    try {
      entries.push(new RenderedFile(path, contentOf(spec, engine, userFiles), /[1357]/.test(spec.mode.slice(1)), spec));
    } catch (cause) {
      diagnostics.push(refusal(cause, spec));
    }
  }
  try {
    const { rows, text } = list(entries);
    entries.push(new RenderedFile(MANIFEST, text, false, null));
    const sums = entries.flatMap(entry => (entry.kind === 'file' ? [[entry.path, entry.sha256] as const] : []));
    entries.push(new RenderedFile(SUMS, sumsText(sums), false, null));
    return { entries, rows, diagnostics };
  } catch (cause) {
    diagnostics.push(unlistable(cause, at));
    return { entries, rows: [], diagnostics };
  }
}

function contentOf(
  spec: Extract<Planned, { kind: 'file' }>, engine: Engine, userFiles: ReadonlyMap<string, Buffer>,
): string | Buffer {
  if ('static' in spec.from) return staticFile(spec.from.static);
  if ('text' in spec.from) return spec.from.text;
  if ('user' in spec.from) return userFiles.get(spec.from.user) ?? '';
  return engine.render(spec.from.template, spec.from.view);
}

function refusal(problem: unknown, spec: Planned): Diagnostic {
  if (!(problem instanceof RenderError)) throw problem;
  const at = problem.at ?? spec.at;
  return problem.inexpressible
    ? error('render/inexpressible', at, `${problem.message} (in "${spec.path}")`, {
      hint: 'choose another value, or another way to pass it to the program',
    })
    : error('render/template', spec.at, `template "${problem.template}": ${problem.message}`, { onKey: true });
}

/** A text that cannot stand in a manifest. */
function unlistable(problem: unknown, at: Path): Diagnostic {
  if (!(problem instanceof Inexpressible)) throw problem;
  return error('render/inexpressible', at, `${problem.message} (in "${MANIFEST}")`);
}
