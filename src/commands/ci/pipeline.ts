// What the pipelines for GitHub and GitLab share: options, and what is read from the inventory.
import { Failure } from '../../contract/diagnostic.ts';
import type { Section } from '../../contract/model.ts';
import type { Ci } from '../../export/github.ts';
import type { Secret } from '../../fleet/secrets/sources.ts';
import type { Output } from '../../print/output.ts';
import { value, wholeNumber, type Given } from '../declaration.ts';
import { readModel } from '../fleet/model.ts';
import { out, reading } from '../options.ts';
import { destination, print } from './destination.ts';

/** The options; `file` is where the pipeline goes unless told otherwise. */
export const pipelineOptions = (file: string) => ({
  ...destination(file),
  shards: value('<number>', 'parallel jobs that share the hosts', { default: '1', read: wholeNumber(1, 999) }),
  environment: value('<name>', 'environment that guards an apply', { default: 'production' }),
  branch: value('<name>', 'branch whose state is applied', { default: 'main' }),
  out, ...reading,
});

/** Writes the pipeline that `text` makes; returns the exit code. */
export async function writePipeline(
  given: Given<ReturnType<typeof pipelineOptions>>, text: (ci: Ci) => string, output: Output,
): Promise<number> {
  const model = await readModel(given.inventory, output);
  if (!model) return 1;
  const { out: directory, environment, branch, shards } = given;
  const inventory = given.inventory.join(' ');
  const wrong =
    Object.entries({ '--environment': environment, '--branch': branch, '--out': directory, '--inventory': inventory })
      .find(([, written]) => !/^[A-Za-z0-9_.][A-Za-z0-9_./-]*$/.test(written));
  if (wrong) {
    const [option, written] = wrong;
    throw new Failure(`${option} "${written}" cannot be written into a pipeline; `
      + 'use letters, digits and _ . / - (and a single inventory file)');
  }
  const declared = Object.values((model.sections['secrets'] ?? {}) as Section<Secret>);
  const secrets = [...new Set(declared.flatMap(({ env }) => env ?? []))].sort();
  print(given, text({ inventory, out: directory, environment, branch, shards, secrets }), output);
  return 0;
}
