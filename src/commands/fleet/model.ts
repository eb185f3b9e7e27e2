// The inventory of commands that ask no host.
import { readFleet } from '../../fleet/connect/inventory.ts';
import type { Model } from '../../contract/model.ts';
import type { Output } from '../../print/output.ts';

/** The model of inventory files; null, and printed, when they are wrong. */
export async function readModel(files: readonly string[], output: Output): Promise<Model | null> {
  const inventory = await readFleet(files);
  if (!inventory.model) output.data(output.diagnostics(inventory));
  return inventory.model;
}
