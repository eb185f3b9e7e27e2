// The composed schema as the stages read it at run time: plain JSON, loaded once, only when it is asked for.
import { readFileSync } from 'node:fs';
import { ownFile } from '../process/own-files.ts';

export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly propertyNames?: Schema;
  readonly items?: Schema;
  readonly rule?: string;
  readonly selector?: boolean;
  readonly peers?: boolean;
  readonly ref?: string | readonly string[];
  readonly text?: readonly string[];
  readonly words?: boolean;
  readonly entries?: boolean;
  readonly beside?: boolean;
  readonly template?: boolean;
}

let schema: Schema | undefined;

/** The schema of inventories, from schema/inventory.schema.json. */
export function inventorySchema(): Schema {
  schema ??= JSON.parse(readFileSync(ownFile('schema/inventory.schema.json'), 'utf8')) as Schema;
  return schema;
}
