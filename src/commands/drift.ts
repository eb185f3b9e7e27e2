import { driftOf, downOf, ignoredBy } from '../fleet/observe/drift.ts';
import { isSeen, survey } from '../fleet/observe/survey.ts';
import { count, type Output } from '../print/output.ts';
import { defineCommand } from './declaration.ts';
import { hostsOf, withFleet, type ConnectedFleet } from './fleet/open.ts';
import { comparing } from './options.ts';

const TREE = {
  same: 'the tree still has it as applied', changed: 'the tree has a new version too',
  dropped: 'the tree has it no more', unknown: 'the tree may have a new version',
};

export const command = defineCommand({
  about: 'Nothing is changed. Exit code 1 if something was changed on a host, 2 if a host cannot be examined.',
  arguments: {},
  options: comparing,
  examples: {
    'vgen drift': '',
    'vgen drift --on tag:edge --json': '',
  },
  run: (given, output) => withFleet(given, output, hostsOf(given), fleet => driftOfAll(fleet, given.out, output)),
});

async function driftOfAll(fleet: ConnectedFleet, out: string, output: Output): Promise<number> {
  const looked = await survey(fleet.hosts, fleet.connections, out, fleet.limit);
  fleet.progress.end();
  const isIgnored = ignoredBy(fleet.model);
  const results = looked.map(one => (isSeen(one)
    ? {
      host: one.tree.host, isNew: one.plan.isNew, drift: driftOf(one.tree, one.state, isIgnored),
      down: downOf(one.state, one.tree), isApplied: one.tree.id === one.state.tree,
    }
    : one));
  output.data({ hosts: results });
  for (const one of results) {
    if ('problem' in one) output.note(`${one.host}: ${one.problem}`);
    else if (one.isNew) output.say(`${one.host}: nothing is installed`);
    else {
      const found = one.drift.length + one.down.length;
      const result = found ? count(found, 'difference') : 'no drift';
      const pending = one.isApplied ? '' : ' (the tree in out/ is not applied yet: vgen plan)';
      output.say(output.paint('bold', `${one.host}: ${result}${pending}`));
      for (const { path, host, tree, why } of one.drift) {
        output.say(`  ${output.paint('red', host.padEnd(8))} ${path}: ${why}; ${TREE[tree]}`);
      }
      for (const text of one.down) output.say(`  ${output.paint('red', 'down    ')} ${text}`);
    }
  }
  if (results.some(one => 'problem' in one)) return 2;
  return results.some(one => !('problem' in one) && one.drift.length + one.down.length > 0) ? 1 : 0;
}
