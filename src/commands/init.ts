import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Failure } from '../contract/diagnostic.ts';
import type { Output } from '../print/output.ts';
import { ownFile } from '../process/own-files.ts';

const SCHEMA = './node_modules/vgen/schema/inventory.schema.json';

/** Writes a starter, never over an existing file. */
export function init(file: string, output: Output): number {
  if (existsSync(file)) throw new Failure(`"${file}" exists; name another file, or move it away`, { exit: 3 });
  const example = readFileSync(ownFile('inventory.example.yaml'), 'utf8');
  const starter = example.replace(/\$schema=\S+/, `$schema=${SCHEMA}`);
  try {
    writeFileSync(file, starter, { flag: 'wx' });
  } catch (cause) {
    throw new Failure(`cannot write "${file}" (${(cause as NodeJS.ErrnoException).code ?? 'unknown error'})`, { cause });
  }
  output.say(`wrote ${file}: put your hosts in, then "vgen build${file === 'inventory.yaml' ? '' : ` -i ${file}`}" and look at out/`);
  output.data({ written: file });
  return 0;
}
