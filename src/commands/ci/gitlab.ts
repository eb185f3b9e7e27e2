import { gitlab } from '../../export/gitlab.ts';
import { defineCommand } from '../declaration.ts';
import { pipelineOptions, writePipeline } from './pipeline.ts';

export const command = defineCommand({
  about: 'It checks each merge request and comments the impact; on the branch it plans, and applies when started by '
    + 'hand.',
  arguments: {},
  options: pipelineOptions('.gitlab-ci.yml'),
  examples: {
    'vgen ci gitlab': '',
    'vgen ci gitlab --shards 4 --environment fleet': '',
  },
  run: (given, output) => writePipeline(given, gitlab, output),
});
