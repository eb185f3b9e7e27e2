import { compile } from '../compile.ts';
import { count } from '../print/output.ts';
import { defineCommand } from './declaration.ts';
import { reading } from './options.ts';

export const command = defineCommand({
  about: 'Nothing is written. Exit code 1 if the inventory is invalid.',
  arguments: {},
  options: reading,
  examples: {
    'vgen validate': '',
    'vgen validate -i prod.yaml --json': 'for an editor or CI',
  },
  // all stages, rendering too, without digests or writing: a value that a grammar refuses is found there
  async run({ inventory }, output) {
    const compilation = await compile(inventory);
    let hosts = 0;
    for (const draft of compilation.drafts()) {
      draft.check();
      hosts++;
    }
    compilation.fleetTree();
    const found = output.diagnostics(compilation);
    const valid = !compilation.failed();
    output.data({ valid, hosts, ...found });
    if (valid) output.say(`valid: ${count(hosts, 'host')}`);
    return valid ? 0 : 1;
  },
});
