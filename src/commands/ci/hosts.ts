import { Failure } from '../../contract/diagnostic.ts';
import { chooseHosts } from '../../fleet/connect/targets.ts';
import { defineCommand, value, wholeNumber } from '../declaration.ts';
import { readModel } from '../fleet/model.ts';
import { on, reading } from '../options.ts';

interface Shard { readonly index: number; readonly count: number }

/** Reads "2/4". */
function shardOf(written: string, name: string): Shard {
  const [, index, count] = /^(\d+)\/(\d+)$/.exec(written) ?? [];
  if (index === undefined || count === undefined) {
    throw new Failure(`${name} takes a place such as 2/4, not "${written}"`);
  }
  const read = wholeNumber(1, 999);
  const shard = { index: read(index, name), count: read(count, name) };
  if (shard.index > shard.count) throw new Failure(`${name} ${written}: there are only ${count} shards`);
  return shard;
}

export const command = defineCommand({
  about: 'The names are separated by commas, as --on takes them.',
  arguments: {},
  options: {
    shard: value('<place>', 'which job of how many, such as 2/4', { isRequired: true, read: shardOf }), on, ...reading,
  },
  examples: {
    'vgen ci hosts --shard 2/4': '',
    'vgen plan --on "$(vgen ci hosts --shard 2/4)"': 'in the second of four jobs',
  },
  async run({ shard, inventory, on: chosen }, output) {
    const model = await readModel(inventory, output);
    if (!model) return 1;
    const hosts = chooseHosts(model, chosen).map(({ name }) => name)
      .filter((_, i) => i % shard.count === shard.index - 1);
    output.data({ hosts });
    if (hosts.length) output.say(hosts.join(','));
    return 0;
  },
});
