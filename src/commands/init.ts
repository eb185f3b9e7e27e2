import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { Failure } from '../contract/diagnostic.ts';
import type { Output } from '../print/output.ts';
import { makeDirectory } from '../process/make-directory.ts';
import { ownFile } from '../process/own-files.ts';
import { isSystemError, systemFailure } from '../process/system-error.ts';
import { defineCommand, value } from './declaration.ts';
import { json } from './options.ts';

const SCHEMA = 'node_modules/vgen/schema/inventory.schema.json';

export const command = defineCommand({
  about: 'An existing file is never overwritten (exit code 3).',
  arguments: { file: value('[file]', 'where to write', { default: 'inventory.yaml' }) },
  options: { json },
  examples: { 'vgen init': '', 'vgen init fleet/prod.yaml': '' },
  run: init,
});

function init({ file }: { file: string }, output: Output): number {
  if (file === '' || file.endsWith('/')) {
    throw new Failure(`"${file}" names no file; write one such as ${file}inventory.yaml`);
  }
  if (existsSync(file)) throw new Failure(`"${file}" exists; name another file, or move it away`, { exit: 3 });
  const example = readFileSync(ownFile('inventory.example.yaml'), 'utf8');
  // editors look for it from the file
  const schema = relative(dirname(resolve(file)), resolve(SCHEMA));
  const starter = example.replace(/\$schema=\S+/, () => `$schema=${schema.startsWith('.') ? '' : './'}${schema}`);
  try {
    makeDirectory(dirname(file));
    writeFileSync(file, starter, { flag: 'wx' });
  } catch (cause) {
    throw isSystemError(cause) ? systemFailure(cause, file) : cause;
  }
  const option = file === 'inventory.yaml' ? '' : ` -i ${file}`;
  output.say(`wrote ${file}: put your hosts in, then "vgen build${option}" and look at out/`);
  output.data({ written: file });
  return 0;
}
