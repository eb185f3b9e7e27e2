import { existsSync, watch } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { Failure } from '../contract/diagnostic.ts';
import type { OutTree, UnchangedTree } from '../contract/tree.ts';
import { changedSince, State, type RememberedTree } from '../emit/state.ts';
import { chooseHosts } from '../fleet/connect/targets.ts';
import { count, type Output } from '../print/output.ts';
import { defineCommand, flag, type Given } from './declaration.ts';
import { on, out, reading } from './options.ts';

const options = {
  check: flag('write nothing; exit code 1 if the trees are not what the inventory says (for CI)'),
  watch: flag('build again whenever a file changes'),
  force: flag('overwrite files among the trees that vgen did not write'),
  on, out, ...reading,
};
type Options = Given<typeof options>;

export const command = defineCommand({
  about: 'Files that changed are written, files that vgen wrote and no longer makes are removed. Nothing else is '
    + 'touched.',
  arguments: {},
  options,
  examples: {
    'vgen build': 'all hosts, into out/',
    'vgen build --on eu1,tag:edge': 'some of them; the others stay as they are',
    'vgen build --check': 'for CI',
    'vgen build -i a.yaml -i b.yaml': 'an inventory in several files',
  },
  renamed: { '--host': '--on' },
  run: build,
});

/** Compiles and writes; returns the exit code. */
async function build(given: Options, output: Output): Promise<number> {
  if (given.check && given.watch) throw new Failure('--check and --watch exclude each other');
  if (!given.watch) return (await once(given, output)).code;
  let inputs: readonly string[] = given.inventory;
  for (;;) {
    const started = Date.now();
    try {
      inputs = [...new Set([...inputs, ...(await once(given, output)).inputs])];
    } catch (cause) {
      if (!(cause instanceof Failure)) throw cause;
      output.note(`vgen: ${cause.message}`);
    }
    output.note('watching; end with Ctrl-C');
    await changed(inputs, started);
  }
}

async function once(given: Options, output: Output): Promise<{ code: number; inputs: readonly string[] }> {
  const { inventory, out: directory, check, force } = given;
  const begun = Date.now();
  const started = performance.now();
  const whole = given.on.length === 0;
  const state = check ? null : State.read(directory, inventory);
  const fresh = whole ? await state?.fresh(directory) : null;
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(2)} s`;
  if (fresh) {
    output.say(summary(fresh.hosts, { written: 0, unchanged: fresh.files, removed: 0 }, seconds()));
    output.data({
      ...NOTHING, hosts: fresh.hosts, files: fresh.files, unchanged: fresh.files, diagnostics: [], suppressed: [],
    });
    return { code: 0, inputs: fresh.inputs };
  }
  const { compile } = await import('../compile.ts');
  const compilation = await compile(inventory);
  const { model } = compilation;
  if (!model) {
    output.data({ ...NOTHING, ...output.diagnostics(compilation) });
    return { code: 1, inputs: compilation.source.files.map(({ name }) => name) };
  }
  const names = new Set(model.hosts.map(({ name }) => name));
  const chosen = new Set(chooseHosts(model, given.on).map(({ name }) => name));

  const plans = new Map<string, string>();
  const remembered: RememberedTree[] = [];
  // a thread costs more than it saves where few hosts are written
  const isLarge = state === null && chosen.size >= 100 && availableParallelism() > 1;
  const emit = isLarge ? (await import('../emit/beside.ts')).emitBeside : (await import('../emit.ts')).emit;
  const changes = await emit(changedTrees(), {
    out: directory, fleet: whole ? names : null, force, check,
    proceed: () => !compilation.failed(),
    ...(whole && !check && { onTree: (name: string, paths: readonly string[], digest: string) => {
      remembered.push({ name, plan: plans.get(name) ?? '', paths, digest });
    } }),
  });
  /** Hosts whose plan and files are those of the last build are not rendered. */
  function* changedTrees(): Generator<OutTree | UnchangedTree> {
    for (const draft of compilation.drafts(name => chosen.has(name))) {
      const { name } = draft.plan.host;
      if (!check) {
        const plan = draft.key();
        const was = state?.unchanged(directory, name, plan);
        if (was) {
          remembered.push(was);
          yield { name, unchanged: was.paths.length };
          continue;
        }
        plans.set(name, plan);
      }
      yield draft.render();
    }
    if (whole) yield* compilation.fleetTree();
  }
  const found = output.diagnostics(compilation);
  if (compilation.failed()) {
    output.data({ ...NOTHING, ...found });
    return { code: 1, inputs: compilation.inputs };
  }
  const { added, changed: altered, removed } = changes;
  const total = added.length + altered.length + changes.unchanged;
  output.data({
    hosts: changes.hosts, files: total, added, changed: altered, removed, unchanged: changes.unchanged, ...found,
  });
  if (check) return { code: report(changes, output, directory), inputs: compilation.inputs };
  output.say(summary(changes.hosts, {
    written: added.length + altered.length, unchanged: changes.unchanged, removed: removed.length,
  }, seconds()));
  if (whole && compilation.diagnostics.length === 0 && compilation.suppressed.length === 0) {
    State.write(begun, directory, inventory, compilation, remembered);
  }
  return { code: 0, inputs: compilation.inputs };
}

/** The facts of a build that wrote nothing. */
const NOTHING = { hosts: 0, files: 0, added: [], changed: [], removed: [], unchanged: 0 };

function summary(hosts: number, files: { written: number; unchanged: number; removed: number }, time: string): string {
  const { written, unchanged, removed } = files;
  const all = `${count(hosts, 'host')}, ${written + unchanged} files`;
  return `${all}: ${written} written, ${unchanged} unchanged, ${removed} removed (${time})`;
}

/** For CI: which files of out/ are not what the inventory says. */
function report(
  { added, changed: altered, removed, hosts }: { added: string[]; changed: string[]; removed: string[]; hosts: number },
  output: Output, out: string,
): number {
  const rows = [
    ...added.map(path => `missing  ${out}/${path}`), ...altered.map(path => `differs  ${out}/${path}`),
    ...removed.map(path => `left     ${out}/${path}`),
  ];
  for (const row of rows.slice(0, 50)) output.say(row);
  if (rows.length > 50) output.say(`and ${rows.length - 50} more`);
  output.say(rows.length
    ? `${out}/ is not what the inventory says: ${count(rows.length, 'file')}; run "vgen build", review and commit`
    : `${out}/ is what the inventory says (${count(hosts, 'host')})`);
  return rows.length ? 1 : 0;
}

/** Resolves when one of the files, or a neighbour of one, has changed since then and 100 ms have passed in peace. */
function changed(paths: readonly string[], started: number): Promise<void> {
  const dirs = [...new Set(paths.map(path => dirname(path)))].filter(dir => existsSync(dir));
  if (dirs.length === 0) throw new Failure('there is no directory to watch');
  return new Promise(resolve => {
    let timer: NodeJS.Timeout | undefined;
    const done = (): void => {
      for (const watcher of watchers) watcher.close();
      resolve();
    };
    const wait = (): void => {
      clearTimeout(timer);
      timer = setTimeout(done, 100);
    };
    const watchers = dirs.map(dir => watch(dir, (_, name) => {
      if (!name?.startsWith('.vgen-staging')) wait();
    }));
    // what was saved while the build ran
    if (paths.some(path => existsSync(path) && changedSince(started, path))) wait();
  });
}
