// HostPlan → HostTree. In: which files a host gets. Out: their bytes, the manifest that lists them and their digests.
// Now true: every value is encoded for its grammar, and a secret is only named.
import { hash } from 'node:crypto';
import { error, type Diagnostic } from './contract/diagnostic.ts';
import type { HostPlan, Planned } from './contract/plan.ts';
import { RenderError, staticFile, type Engine } from './render/engine.ts';
import type { Entry, HostTree } from './contract/tree.ts';
import { INSTALL, MANIFEST, manifestRows, manifestText, SUMS, sumsText } from './contract/manifest.ts';
import { Inexpressible } from './escape/index.ts';

/** Renders one host; what a grammar cannot carry is reported at the inventory's line. */
export function renderHost(plan: HostPlan, engine: Engine, own: ReadonlyMap<string, Buffer>): { tree: HostTree; diagnostics: Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const entries: Entry[] = [];
  for (const spec of plan.files) {
    const path = spec.path.slice(1);
    if (spec.kind === 'link' || spec.kind === 'first-link') entries.push({ path, kind: 'link', target: spec.target, spec });
    if (spec.kind !== 'file') continue;
    try {
      const bytes = contentOf(spec, engine, own);
      entries.push({ path, kind: 'file', bytes, executable: /[1357]/.test(spec.mode.slice(1)), sha256: hash('sha256', bytes, 'hex'), spec });
    } catch (cause) {
      if (!(cause instanceof RenderError)) throw cause;
      diagnostics.push(refusal(cause, spec));
    }
  }
  const add = (path: string, bytes: Buffer, executable: boolean): void => {
    entries.push({ path, kind: 'file', bytes, executable, sha256: hash('sha256', bytes, 'hex'), spec: null });
  };
  try {
    add(INSTALL, staticFile('host/install.sh'), true);
    add(MANIFEST, Buffer.from(manifestText(plan.host.name, manifestRows(plan))), false);
    const sums = entries.flatMap(entry => (entry.kind === 'file' ? [[entry.path, entry.sha256] as const] : []));
    add(SUMS, Buffer.from(sumsText(sums)), false);
  } catch (cause) {
    if (!(cause instanceof Inexpressible)) throw cause;
    diagnostics.push(error('render/inexpressible', plan.host.at, `${cause.message} (in "${MANIFEST}")`));
  }
  return { tree: { host: plan.host, plan, entries }, diagnostics };
}

function contentOf(spec: Extract<Planned, { kind: 'file' }>, engine: Engine, own: ReadonlyMap<string, Buffer>): Buffer {
  if ('static' in spec.from) return staticFile(spec.from.static);
  if ('text' in spec.from) return Buffer.from(spec.from.text);
  if ('own' in spec.from) return own.get(spec.from.own) ?? Buffer.alloc(0);
  return Buffer.from(engine.render(spec.from.template, spec.from.view));
}

function refusal(problem: RenderError, spec: Planned): Diagnostic {
  const at = problem.at ?? spec.at;
  return problem.inexpressible
    ? error('render/inexpressible', at, `${problem.message} (in "${spec.path}")`, {
      hint: 'choose another value, or another way to pass it to the program',
    })
    : error('render/template', spec.at, `template "${problem.template}": ${problem.message}`, { onKey: true });
}
