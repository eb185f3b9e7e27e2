import { Failure } from '../contract/diagnostic.ts';
import { blast, flagsOf, limitsOf, type Refusal } from '../fleet/guard/blast.ts';
import type { Action } from '../contract/action.ts';
import { isNothing, type Change, type Foretold } from '../fleet/observe/compare.ts';
import { planFileOf, writePlan } from '../fleet/guard/plan-file.ts';
import { isSeen, survey, type Seen, type Surveyed } from '../fleet/observe/survey.ts';
import { otherCommand } from '../process/command-line.ts';
import { inMarkdown } from '../print/frame.ts';
import { count, type Output } from '../print/output.ts';
import { defineCommand, value, type Given } from './declaration.ts';
import { hostsOf, withFleet } from './fleet/open.ts';
import { comparing, markdown } from './options.ts';

const settings = {
  save: value('<file>', 'write the plan to a file; "vgen apply FILE" does exactly this'),
  markdown, ...comparing,
};

export const command = defineCommand({
  about: 'Shows what would change, reload, restart or start. Nothing is changed. Exit code 1 if there are changes, 2 '
    + 'if a '
    + 'host cannot be examined.',
  arguments: {},
  options: settings,
  examples: {
    'vgen plan': 'all hosts',
    'vgen plan --on eu1 --save plan.json': 'then: vgen apply plan.json',
    'vgen plan --markdown': 'for a pull request',
  },
  renamed: { '--trees': '--out' },
  run: plan,
});

async function plan(options: Given<typeof settings>, output: Output): Promise<number> {
  if (/\.json$/.test(options.out)) {
    throw new Failure(`--out is the directory of the trees, not "${options.out}"; --save ${options.out} writes the `
      + `plan`);
  }
  return withFleet(options, output, hostsOf(options), async fleet => {
    const looked = await survey(fleet.hosts, fleet.connections, options.out, fleet.limit);
    fleet.progress.end();
    const seen = looked.filter(isSeen);
    const limits = limitsOf(fleet.model);
    const refusals = seen.flatMap(one => blast(one.plan, one.state, limits));
    output.data({
      hosts: looked.map(one => (isSeen(one) ? {
        ...one.plan, generation: one.state.generation, tree: one.tree.id, live: one.state.seal,
      } : one)), refusals,
    });
    if (options.markdown) output.raw(markdownText(looked, refusals));
    else if (!output.json) print(looked, refusals, output);
    const unseen = looked.length - seen.length;
    if (options.save !== undefined) {
      if (unseen > 0) {
        throw new Failure(`${options.save} was not written: ${count(unseen, 'host')} could not be looked at`);
      }
      writePlan(options.save, planFileOf(seen));
      const refused = seen.filter(one => one.plan.obstacles.length > 0).map(one => one.plan.host);
      output.note(`the plan is in ${options.save}; ${refused.length === 0
        ? `to do this and nothing else: ${applying(refusals, options.save)}`
        : `it cannot be applied as long as ${refused.join(', ')} would refuse it`}`);
    }
    return unseen > 0 ? 2 : seen.every(one => isNothing(one.plan)) ? 0 : 1;
  });
}

/** The apply of what was seen, with what it would be refused for. */
const applying = (refusals: readonly Refusal[], ...words: readonly string[]): string =>
  otherCommand(['apply', ...words, ...flagsOf(refusals).flatMap(flag => flag.split(' '))],
    ['on', 'inventory', 'out', 'sshConfig']);

/** vgen's scripts are shown as one line. */
const ENGINE = /^\/opt\/vgen\/(bin|lib)\//;

const VERBS: Readonly<Record<Change['what'], string>> = {
  add: 'add', change: 'change', remove: 'remove', restore: 'restore', keep: 'keep',
};

/** One line of a change, without its verb. */
function changeText({ kind, name, why, byHand }: Change): string {
  const prefix = kind === 'file' || kind === 'link' || kind === 'directory' ? '' : `${kind} `;
  const slash = kind === 'directory' ? '/' : '';
  return `${prefix}${name}${slash}: ${why}${byHand ? '; edited on the host' : ''}`;
}

function actionText({ what, downtime, because }: Action): string {
  const more = because.length > 3 ? ` and ${because.length - 3} more` : '';
  return `${what}${downtime ? `; down: ${downtime}` : ''} (${because.slice(0, 3).join(', ')}${more})`;
}

function print(looked: readonly Surveyed[], refusals: readonly Refusal[], output: Output): void {
  for (const one of looked) {
    if (!isSeen(one)) output.note(`${one.host}: ${one.problem}`);
    else printHost(one, output);
  }
  for (const { host, message, flag } of refusals) {
    output.say(output.paint('red', `${host}: vgen apply will refuse: ${message}; if that is meant: ${flag}`));
  }
  if (refusals.length) output.say(output.paint('red', `if all of that is meant: ${applying(refusals)}`));
}

function printHost({ plan: made }: Seen, output: Output): void {
  const { host, isNew, changes, actions, obstacles, down, notes } = made;
  output.say(output.paint('bold', isNothing(made) ? `${host}: nothing to do` : `${host}: ${sum(made)}`));
  for (const one of changes.filter(({ name }) => !ENGINE.test(name))) {
    const colour = one.byHand || one.what === 'remove' ? 'red' : 'green';
    output.say(`  ${output.paint(colour, VERBS[one.what].padEnd(8))} ${changeText(one)}`);
  }
  const engine = changes.filter(({ name }) => ENGINE.test(name)).length;
  if (engine) output.say(
    `  ${output.paint('green', (isNew ? 'add' : 'change').padEnd(8))} ${count(engine, 'script')} of vgen in /opt/vgen`,
  );
  for (const one of actions) {
    output.say(`  ${output.paint(one.downtime ? 'red' : 'yellow', one.action.padEnd(8))} ${actionText(one)}`);
  }
  for (const { app, why } of down) output.say(`  ${output.paint('red', 'down    ')} ${app}: ${why}`);
  for (const text of obstacles) output.say(`  ${output.paint('red', 'refused ')} ${text}`);
  for (const text of notes) output.say(output.paint('dim', `  note     ${text}`));
}

function sum({ isNew, changes, actions, obstacles, down }: Foretold): string {
  const changed = changes.filter(({ what }) => what !== 'keep').length;
  const isOnlyDown = down.length > 0 && changed + actions.length + obstacles.length === 0;
  const work = [...isNew ? ['first install'] : [], count(changed, 'change'), count(actions.length, 'action')];
  return [
    ...isOnlyDown ? [] : [work.join(', ')],
    ...down.length ? [`live is down: ${down.map(({ app }) => app).join(', ')}`] : [],
  ].join('; ');
}

/** For a comment on a pull request or a job summary: one section per host with changes, one line for the others. */
function markdownText(looked: readonly Surveyed[], refusals: readonly Refusal[]): string {
  const quiet = looked.filter(isSeen).filter(one => isNothing(one.plan)).map(({ plan: { host } }) => host);
  const sections = looked.filter(one => !isSeen(one) || !isNothing(one.plan)).map(one => {
    if (!isSeen(one)) return `### ${one.host}\n\n:x: ${inMarkdown(one.problem)}\n`;
    const rows = [
      ...one.plan.down.map(({ app, why }) => ['**down**', `${app}: ${why}`]),
      ...one.plan.obstacles.map(text => ['**refused**', text]),
      ...one.plan.changes.map(change => [
        change.byHand ? `**${VERBS[change.what]}**` : VERBS[change.what], changeText(change),
      ]),
      ...one.plan.actions.map(action => [`**${action.action}**`, actionText(action)]),
    ];
    return `### ${one.plan.host}: ${sum(one.plan)}\n\n| | |\n| --- | --- `
      + `|\n${rows.map(([what = '', text = '']) => `| ${what} | ${inMarkdown(text)} |\n`).join('')}`;
  });
  const refused =
    refusals.map(({ host, message, flag }) =>
      `- **${host}**: ${inMarkdown(message)}; if that is meant: \`${flag}\`\n`).join('');
  return [
    '## vgen plan\n', ...sections, ...refused ? [`### vgen apply will refuse\n\n${refused}`] : [],
    ...quiet.length ? [`Nothing to do: ${quiet.join(', ')}\n`] : [],
  ].join('\n');
}
