import { relative, resolve } from 'node:path';
import { compile } from '../compile.ts';
import { Failure } from '../contract/diagnostic.ts';
import { FLEET } from '../contract/tree.ts';
import { knownNames } from '../kit/nearest.ts';
import type { Output } from '../print/output.ts';
import { originOf } from '../render/origin.ts';
import { defineCommand, value, type Given } from './declaration.ts';
import { out, reading } from './options.ts';

const values = {
  place: value('<place>', 'HOST/PATH:LINE, such as eu1/etc/nginx/nginx.conf:40', { isRequired: true }),
};
const options = { out, ...reading };

export const command = defineCommand({
  about: 'Shows the inventory lines, the component and the template line that made it.',
  arguments: values,
  options,
  examples: {
    'vgen why out/eu1/etc/nginx/nginx.conf:40': '',
    'vgen why eu1/manifest.tsv:13 --json': '',
  },
  run: why,
});

async function why(
  { place, inventory, out: directory }: Given<typeof values & typeof options>, output: Output,
): Promise<number> {
  const [, path = '', number = ''] = /^(.*?):(\d+)$/.exec(place) ?? [];
  if (!path) throw new Failure(`"${place}" is no place; write HOST/PATH:LINE, such as eu1/etc/nginx/nginx.conf:40`);
  if (Number(number) === 0) throw new Failure(`"${place}" is no place: the first line is 1`);
  const inOut = relative(resolve(directory), resolve(path));
  const [host = '', ...rest] = (inOut.startsWith('..') ? path.replace(/^\.\//, '') : inOut).split('/');
  const compilation = await compile(inventory);
  if (compilation.failed() || !compilation.model) {
    output.data({ place, ...output.diagnostics(compilation) });
    return 1;
  }
  const names = [...compilation.model.hosts, ...compilation.fleetTree()].map(({ name }) => name);
  if (!names.includes(host)) throw new Failure(`unknown host "${host}"; ${knownNames(host, names)}`);
  const [tree] = host === FLEET ? compilation.fleetTree() : [...compilation.trees(name => name === host)];
  const wanted = rest.join('/');
  if (!tree?.entries.some(one => one.path === wanted)) {
    const known = tree?.entries.map(one => one.path) ?? [];
    throw new Failure(`host "${host}" gets no "${wanted}"; ${knownNames(wanted, known, 'it gets')}`);
  }
  const origin = await originOf(compilation, tree, wanted, Number(number));
  output.data(origin);
  output.say(`${output.paint('bold', origin.place)}: ${origin.text.trim()}`);
  output.say(`  component  ${origin.component}\n  template   ${origin.template}`);
  for (const one of origin.inventory) {
    output.say(`  inventory  ${one.file}:${one.line}:${one.column}  ${one.path}  ${output.paint('dim', one.text)}`);
  }
  for (const one of origin.defaults) {
    output.say(`  inventory  nobody wrote "${one}"; its defaults hold, see: vgen explain ${one}`);
  }
  return 0;
}
