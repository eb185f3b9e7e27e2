import { compile } from '../compile.ts';
import { count, type Output } from '../print/output.ts';

/** All stages, rendering too, without digests or writing: a value that a grammar refuses is found here. */
export async function validate(files: readonly string[], output: Output): Promise<number> {
  const compilation = await compile(files);
  let hosts = 0;
  for (const draft of compilation.drafts()) {
    draft.check();
    hosts++;
  }
  compilation.fleetTree();
  const found = output.diagnostics(compilation);
  const valid = !compilation.failed();
  output.data({ valid, hosts, ...found });
  if (valid) output.say(`valid: ${count(hosts, 'host')}`);
  return valid ? 0 : 1;
}
