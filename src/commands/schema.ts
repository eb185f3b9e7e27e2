import { readFileSync } from 'node:fs';
import type { Output } from '../print/output.ts';
import { ownFile } from '../process/own-files.ts';

/** Prints the JSON Schema that editors use. */
export function schema(output: Output): number {
  output.raw(readFileSync(ownFile('schema/inventory.schema.json'), 'utf8'));
  return 0;
}
