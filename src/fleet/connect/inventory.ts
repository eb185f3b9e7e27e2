// What commands that go to hosts need of an inventory: hosts, apps, secrets, rollout. Nothing is planned or rendered.
import type { Diagnostic } from '../../contract/diagnostic.ts';
import { load } from '../../load.ts';
import type { Model } from '../../contract/model.ts';
import { resolve } from '../../resolve.ts';
import type { Source } from '../../contract/source.ts';
import { validate } from '../../validate.ts';

export interface FleetInventory {
  readonly source: Source;
  readonly diagnostics: readonly Diagnostic[];
  readonly suppressed: readonly [];
  /** Null when the inventory is wrong; `diagnostics` says how. */
  readonly model: Model | null;
}

/** Reads, validates and resolves inventory files. Throws a Failure when one cannot be read. */
export async function readFleet(files: readonly string[]): Promise<FleetInventory> {
  const { source, diagnostics: loaded } = await load(files);
  const stopped = (diagnostics: readonly Diagnostic[]): FleetInventory =>
    ({ source, diagnostics, suppressed: [], model: null });
  const isWrong = (found: readonly Diagnostic[]): boolean => found.some(({ severity }) => severity === 'error');
  if (isWrong(loaded)) return stopped(loaded);
  const { inventory, diagnostics: invalid } = await validate(source.value);
  if (isWrong(invalid)) return stopped([...loaded, ...invalid]);
  const { model, diagnostics: unresolved } = resolve(inventory);
  const diagnostics = [...loaded, ...invalid, ...unresolved];
  return isWrong(diagnostics) ? stopped(diagnostics) : { source, diagnostics, suppressed: [], model };
}
