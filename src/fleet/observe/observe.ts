// The one look at a host, over one connection (observe.sh): as deep as is asked for. It changes nothing but the fleet
// lock, which it takes first where that is asked for.
import { Failure } from '../../contract/diagnostic.ts';
import type { ScriptAnswer, Connection } from '../connect/ssh.ts';
import { hostScript } from '../connect/script.ts';
import { readState, type HostState } from './state.ts';
import { directoriesAbove, readBytes, writtenPaths, type BuiltTree } from './tree.ts';

/**
 * state: what is installed and runs · status: that, and the host's status · installed: that, and whether the tree
 * is installed and as it was left · full: all that the tree is about · changed: full, unless there is nothing to do.
 */
export type Depth = 'state' | 'status' | 'installed' | 'changed' | 'full';

/** Why a host could not be looked at. */
export interface Unseen { readonly unreachable: string }

export interface ObserveOptions {
  readonly signal?: AbortSignal | undefined;
  /** Nothing else will be asked of this host: no connection is kept for it. */
  readonly isLast?: boolean;
}

const LIMIT = 120_000;

/** Looks at a host and waits for nothing there. Null as `tree` looks at what vgen installed and at nothing else. */
export async function observe(
  connection: Connection, depth: Depth, tree: BuiltTree | null, options: ObserveOptions = {},
): Promise<HostState | Unseen> {
  const { signal, isLast = false } = options;
  return readAnswer(await connection.run(SCRIPT(), {
    args: argsOf(depth, tree), stdin: questionsFor(depth, tree), timeout: LIMIT, signal, single: isLast,
  }));
}

/** As `observe`; throws a Failure when the host cannot be reached or does not answer whole. */
export async function demandState(connection: Connection, depth: Depth, tree: BuiltTree | null): Promise<HostState> {
  const state = await observe(connection, depth, tree);
  if ('unreachable' in state) throw new Failure(state.unreachable);
  return state;
}

export const SCRIPT = (): string => hostScript('src/fleet/observe/observe.sh');
export const argsOf = (depth: Depth, tree: BuiltTree | null): string[] => [depth, tree?.id ?? '-'];
export const questionsFor = (depth: Depth, tree: BuiltTree | null): string =>
  (tree && (depth === 'full' || depth === 'changed') ? questions(tree) : '');

/** Reads what the script answered. */
export function readAnswer({ code, stdout, stderr, unreachable }: ScriptAnswer): HostState | Unseen {
  if (unreachable !== null) return { unreachable };
  if (code === 0 && /(^|\n)end\n?$/.test(stdout)) return readState(stdout);
  return { unreachable: `the look at the host ended with code ${code}: ${stderr.trim().split('\n').at(-1) ?? ''}` };
}

function questions(tree: BuiltTree): string {
  const lines: string[][] = [
    ...writtenPaths(tree).map(path => ['path', path]),
    ...[...new Set([...tree.directories.map(({ path }) => path), ...directoriesAbove(tree)])]
      .map(path => ['directory', path]),
    ...tree.packages.map(name => ['package', name]), ...tree.users.map(({ name }) => ['user', name]),
    ...unitsOf(tree).map(name => ['unit', name]),
    ...tree.programs.map(path => ['program', path]), ...tree.secrets.map(name => ['secret', name]),
    ...tree.certificates.map(({ name }) => ['certificate', name]),
  ];
  const sealed = tree.files.filter(({ secrets }) => secrets.length > 0);
  const base64 = (path: string): string => readBytes(tree.dir, path).toString('base64');
  if (sealed.length) {
    lines.push(
      ['encode', base64('opt/vgen/lib/core.sh')], ...sealed.map(({ path }) => ['render', path, base64(path)]),
    );
  }
  return lines.map(line => `${line.join('\t')}\n`).join('');
}

/** Units that the tree lists, and those that a change of its files triggers. */
const unitsOf = ({ units, files }: BuiltTree): string[] => [...new Set([
  ...units.keys(), ...files.flatMap(({ triggers }) => triggers).filter(trigger => /^re(load|start):/.test(trigger))
    .map(trigger => trigger.replace(/^[a-z]+:/, '')),
])];

