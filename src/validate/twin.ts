// Two inventories that must agree, such as staging and production: they share files, and differ
// in what is declared. Compared is what was written, before references are followed, so that a host
// of one is not a difference of every app.
import { error, Failure, pathText, warning, type Diagnostic, type Path, type Place } from '../contract/diagnostic.ts';
import type { TwinWritten } from '../schema/twin.ts';
import type { Source } from '../contract/source.ts';

interface Loaded { readonly source: Source; readonly diagnostics: readonly Diagnostic[] }

export interface Twins {
  readonly diagnostics: readonly Diagnostic[];
  /** Names of the other inventory's files. */
  readonly read: readonly string[];
}

/**
 * Says where an inventory differs from its twin without saying so.
 * @param read loads the other inventory, whose name is relative to this one
 */
export async function compareTwins(
  source: Source, twin: TwinWritten | undefined, read: (name: string) => Promise<Loaded>,
): Promise<Twins> {
  if (!twin) return { diagnostics: [], read: [] };
  let other: Loaded;
  try {
    other = await read(twin.of);
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    return { diagnostics: [unreadable(cause.message)], read: [] };
  }
  const files = other.source.files.map(({ name }) => name);
  const [wrong] = other.diagnostics;
  if (wrong) return { diagnostics: [unreadable(`"${twin.of}" cannot be read: ${wrong.message}`)], read: files };
  const met = new Set<string>();
  const diagnostics: Diagnostic[] = [];
  for (const path of differences(source.value, other.source.value)) {
    const declared = twin.differ.filter(pattern => covers(pattern, path));
    for (const pattern of declared) met.add(pattern);
    if (declared.length === 0) diagnostics.push(undeclared(path, source, other.source, twin.of));
  }
  const idle = twin.differ.map((pattern, i) => [pattern, ['twin', 'differ', i]] as const)
    .filter(([pattern]) => !met.has(pattern));
  return {
    read: files,
    diagnostics: [...diagnostics, ...idle.map(([pattern, at]) =>
      warning('twin/idle', at, `unused entry "${pattern}": nothing there differs from "${twin.of}"`, {
        hint: 'remove it, so that a later difference is reported',
      }))],
  };
}

const unreadable = (message: string): Diagnostic =>
  error('twin/of', ['twin', 'of'], message, { hint: 'set the name of the other inventory, relative to this one' });

function undeclared(path: Path, source: Source, other: Source, name: string): Diagnostic {
  const there: Place | null = other.has(path) ? other.locate(path, true) : null;
  const what = !source.has(path) ? `is only in "${name}"`
    : there === null ? `is not in "${name}"` : `differs from "${name}"`;
  return error('twin/differs', source.has(path) ? path
    : ['twin', 'of'], `"${pathText(path)}" ${what}, and is not declared to differ`, {
    ...source.has(path) ? { onKey: true } : {},
    hint: `share it in a file that both include, or add "${pathText(path)}" to "differ"`,
    ...there === null ? {} : { see: { message: `in "${name}"`, at: path, place: there } },
  });
}

const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Paths at which two values differ: as deep as both are mappings. What vgen does not read is left out. */
function differences(a: unknown, b: unknown, at: Path = []): Path[] {
  if (!isMapping(a) || !isMapping(b)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [at];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])].sort();
  return keys.filter(key => !key.startsWith('x-') && (at.length > 0 || key !== 'twin'))
    .flatMap(key => differences(a[key], b[key], [...at, key]));
}

/**
 * Whether a pattern such as `hosts.*.address` means the path or something above
 * it; `["/etc/motd"]` is a key with marks.
 */
function covers(pattern: string, path: Path): boolean {
  const words = [...pattern.matchAll(/\["([^"]+)"\]|[^.[\]]+/g)].map(([word, quoted]) => quoted ?? word);
  return words.length <= path.length && words.every((word, i) => word === '*' || word === String(path[i]));
}
