import { github } from '../../export/github.ts';
import { defineCommand } from '../declaration.ts';
import { pipelineOptions, writePipeline } from './pipeline.ts';

export const command = defineCommand({
  about: 'It checks each pull request and comments the impact; on the branch it plans, and applies once the '
    + 'environment allows.',
  arguments: {},
  options: pipelineOptions('.github/workflows/vgen.yml'),
  examples: {
    'vgen ci github': '',
    'vgen ci github --shards 4 --environment fleet': '',
  },
  run: (given, output) => writePipeline(given, github, output),
});
