import { createTwoFilesPatch } from 'diff';
import { compile } from '../compile.ts';
import { Failure } from '../contract/diagnostic.ts';
import type { Action } from '../contract/action.ts';
import { FLEET } from '../contract/tree.ts';
import { diffFiles, diffHost, type FileDiff, type HostDiff } from '../diff.ts';
import { leftHosts } from '../emit/on-disk.ts';
import { chooseHosts } from '../fleet/connect/targets.ts';
import { count, type Output } from '../print/output.ts';
import { defineCommand, flag, type Given } from './declaration.ts';
import { on, out, reading } from './options.ts';

const options = {
  stat: flag('only counts of lines'),
  impact: flag('what would reload, restart or go down on each host, and why'),
  on, out, ...reading,
};
type Options = Given<typeof options>;

export const command = defineCommand({
  about: 'Nothing is written. Exit code 1 if there is a difference.',
  arguments: {},
  options,
  examples: {
    'vgen diff': 'unified text',
    'vgen diff --stat --on eu1': 'counts of lines of one host',
    'vgen diff --impact': 'what would reload, restart or go down',
  },
  renamed: { '--host': '--on' },
  run: diff,
});

async function diff(options: Options, output: Output): Promise<number> {
  if (options.stat && options.impact) throw new Failure('--stat and --impact exclude each other');
  const compilation = await compile(options.inventory);
  const { model } = compilation;
  const names = new Set(model?.hosts.map(({ name }) => name) ?? []);
  const chosen = new Set(model ? chooseHosts(model, options.on).map(({ name }) => name) : []);
  const diffs: HostDiff[] = [];
  for (const tree of compilation.trees(name => chosen.has(name))) {
    const one = diffHost(tree, options.out);
    if (one.files.length) diffs.push(one);
  }
  for (const tree of options.on.length ? [] : compilation.fleetTree()) {
    names.add(tree.name);
    const changed = diffFiles(tree, options.out);
    if (changed.length) diffs.push({ host: tree.name, files: changed, impact: [] });
  }
  const found = output.diagnostics(compilation);
  if (compilation.failed()) {
    output.data({ hosts: [], removed: [], ...found });
    return 1;
  }
  const gone = options.on.length ? [] : leftHosts(options.out, names);
  output.data({
    hosts: diffs.map(({ host, files: changed, impact }) => ({
      host, files: changed.map(file => ({ path: file.path, kind: file.kind, ...lines(file) })), impact,
    })),
    removed: gone.flat(), ...found,
  });
  if (!output.json) print(diffs, options, output);
  for (const paths of gone) {
    const name = paths[0]?.split('/')[0] ?? '';
    const files = count(paths.length, 'file');
    output.say(name === FLEET ? `${name}: nothing belongs to the fleet any more; ${files} would be removed.`
      : `${name}: the inventory no longer has this host; ${files} would be removed. Nothing on the host itself is `
      + `touched.`);
  }
  if (!diffs.length && !gone.length) output.say('no difference');
  return diffs.length || gone.length ? 1 : 0;
}

function print(diffs: readonly HostDiff[], options: Options, output: Output): void {
  for (const { host, files, impact } of diffs) {
    if (options.impact) {
      output.say(output.paint('bold', `${host}: ${count(files.length, 'file')} would change`));
      for (const one of impact) output.say(sentence(one, output));
      if (impact.length === 0) output.say('  nothing is reloaded or restarted');
    } else for (const file of files) (options.stat ? stat : patch)(file, output);
  }
}

/** One line of the impact. */
function sentence({ action, what, downtime, because, later }: Action, output: Output): string {
  const verbs: Readonly<Record<Action['action'], string>> = {
    install: 'installs', finish: 'finishes', stop: 'stops', reload: 'reloads', restart: 'restarts', update: 'updates',
    enable: 'enables', start: 'starts', confirm: 'waits for a confirmation', open: 'opens', close: 'closes',
    'restart next': 'restarts', route: 'routes', refuse: 'cannot install',
    'wait for a restart': 'leaves for a later restart', 'wait for the switch': 'leaves for the switch',
    'leave running': 'leaves running', end: 'ends',
  };
  if (action === 'refuse') return `  ${output.paint('red', verbs[action])} ${what}: ${because.join(', ')}`;
  const colour = downtime || action === 'open' ? 'red'
    : action === 'reload' || action === 'restart next' ? 'yellow' : 'green';
  const reasons = because.length > 3 ? `${because.slice(0, 3).join(', ')} and ${because.length - 3} more`
    : because.join(', ');
  const why = action === 'end' ? `${reasons}; "vgen apply" does it with --allow live` : reasons;
  const outage = downtime ? `${output.paint('red', 'down')}: ${downtime}` : 'no downtime';
  const when = later === undefined ? '' : `, ${later}`;
  return `  ${output.paint(colour, verbs[action])} ${what}: ${outage}${when} (${why})`;
}

function lines({ before, after }: FileDiff): { added: number; removed: number } {
  let added = 0;
  let removed = 0;
  for (const line of createTwoFilesPatch('a', 'b', before, after).split('\n').slice(4)) {
    if (line.startsWith('+')) added++;
    if (line.startsWith('-')) removed++;
  }
  return { added, removed };
}

function stat(file: FileDiff, output: Output): void {
  const { added, removed } = lines(file);
  output.say(
    `${file.kind.padEnd(7)}  ${output.paint('green', `+${added}`)} ${output.paint('red', `-${removed}`)}  ${file.path}`,
  );
}

function patch(file: FileDiff, output: Output): void {
  const before = file.kind === 'added' ? '/dev/null' : `a/${file.path}`;
  const after = file.kind === 'removed' ? '/dev/null' : `b/${file.path}`;
  const text = createTwoFilesPatch(before, after, file.before, file.after);
  for (const line of text.split('\n').slice(1, -1)) {
    output.say(line.startsWith('@@') ? output.paint('cyan', line)
      : /^(\+\+\+|---)/.test(line) ? output.paint('bold', line)
        : line.startsWith('+') ? output.paint('green', line) : line.startsWith('-') ? output.paint('red', line) : line);
  }
}
