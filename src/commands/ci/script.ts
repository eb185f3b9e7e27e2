import { hostScript } from '../../fleet/connect/script.ts';
import { defineCommand } from '../declaration.ts';
import { json } from '../options.ts';
import { destination, print } from './destination.ts';

export const command = defineCommand({
  about: 'The script needs neither Node nor vgen.',
  arguments: {},
  options: { ...destination('apply.sh'), json },
  examples: {
    'vgen ci script': '',
    './apply.sh eu1 root@203.0.113.10': 'apply out/eu1',
  },
  run(given, output) {
    print(given, hostScript('src/export/apply.sh'), output, true);
    return 0;
  },
});
