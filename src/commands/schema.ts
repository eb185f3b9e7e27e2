import { readFileSync } from 'node:fs';
import type { Output } from './output.ts';

/** Prints the JSON Schema that editors use. */
export function schema(output: Output): number {
  output.raw(readFileSync(new URL('../../schema/inventory.schema.json', import.meta.url), 'utf8'));
  return 0;
}
