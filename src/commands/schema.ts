import { readFileSync } from 'node:fs';
import { ownFile } from '../process/own-files.ts';
import { defineCommand } from './declaration.ts';
import { json } from './options.ts';

export const command = defineCommand({
  about: 'Editors use it to complete and check inventories. It is JSON with and without --json.',
  arguments: {},
  options: { json },
  examples: { 'vgen schema > inventory.schema.json': '' },
  run(_, output) {
    output.raw(readFileSync(ownFile('schema/inventory.schema.json'), 'utf8'));
    return 0;
  },
});
