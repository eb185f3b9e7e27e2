import { join, relative, resolve } from 'node:path';
import { ansibleInventory, ansiblePlaybook } from '../../export/ansible.ts';
import { writeMade } from '../../export/write-file.ts';
import { chooseHosts, targetOf } from '../../fleet/connect/targets.ts';
import type { RolloutWritten } from '../../schema/rollout.ts';
import { defineCommand, flag, value } from '../declaration.ts';
import { readModel } from '../fleet/model.ts';
import { on, out, reading } from '../options.ts';

export const command = defineCommand({
  about: 'The playbook sends the trees and runs their install.sh.',
  arguments: {},
  options: {
    dir: value('<dir>', 'where to write', { default: 'ansible' }),
    force: flag('overwrite files that vgen did not write'),
    on, out, ...reading,
  },
  examples: {
    'vgen export ansible': '',
    'ansible-playbook -i ansible/inventory.yml ansible/playbook.yml --forks 50': '',
  },
  async run({ dir, force, on: chosen, out: trees, inventory }, output) {
    const model = await readModel(inventory, output);
    if (!model) return 1;
    const rollout = model.sections['rollout'] as RolloutWritten;
    const files = {
      'inventory.yml': ansibleInventory(chooseHosts(model, chosen), targetOf),
      'playbook.yml': ansiblePlaybook(relative(resolve(dir), resolve(trees)) || '.', String(rollout.batch ?? '100%')),
    };
    for (const [name, text] of Object.entries(files)) {
      const file = join(dir, name);
      writeMade(file, text, { force, option: '--dir' });
      output.say(`wrote ${file}`);
    }
    output.data({ written: Object.keys(files).map(name => join(dir, name)) });
    return 0;
  },
});
