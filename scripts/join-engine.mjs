// The engine reaches a host as one file per layer: the files of templates/host/opt/vgen/lib/LAYER/, the one that is
// named for the layer first, then what components bring to the layer, each part under a heading with its source.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import glob from 'fast-glob';

const layers = 'templates/host/opt/vgen/lib';
/** Layer → what a component brings to it, in templates/COMPONENT/. */
const halves = { runtime: 'runtime.sh', install: 'check.sh' };

/** The joined files: name on the host → text. */
export function joinEngine() {
  return new Map(readdirSync(layers).sort().map(layer => [`${layer}.sh`, joined(layer)]));
}

function joined(layer) {
  const isFirst = name => name === `${layer}.sh`;
  const names = readdirSync(join(layers, layer)).sort((a, b) => isFirst(b) - isFirst(a) || (a < b ? -1 : 1));
  const brought = layer in halves ? glob.sync(`templates/*/${halves[layer]}`).sort() : [];
  const files = [...names.map(name => join(layers, layer, name)), ...brought];
  const parts = files.map(file => `# ---- ${file}\n${readFileSync(file, 'utf8').replace(/^#!.*\n/, '')}`);
  return `#!/usr/bin/env bash\n# Made by vgen; do not edit.\n\n${parts.join('\n')}`;
}
