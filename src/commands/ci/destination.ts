// Where a file for CI goes.
import { writeMade } from '../../export/write-file.ts';
import type { Output } from '../../print/output.ts';
import { flag, value, type Given } from '../declaration.ts';

/** The options that say so. */
export const destination = (file: string) => ({
  file: value('<file>', 'where to write; - is stdout', { default: file }),
  force: flag('overwrite a file that vgen did not write'),
});

/** Writes the text to its place, or prints it. */
export function print(
  { file, force }: Given<ReturnType<typeof destination>>, text: string, output: Output, isExecutable = false,
): void {
  if (file === '-') {
    if (output.json) output.data({ text });
    else output.raw(text);
    return;
  }
  writeMade(file, text, { force, isExecutable, option: '--file' });
  output.data({ written: file });
  output.say(`wrote ${file}`);
}
