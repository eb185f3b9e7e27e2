// Scripts that run on hosts. Each stands as a .sh file beside the TypeScript that
// sends it; what they share is joined into
// them where they name it: a line ". name.sh" below its "shellcheck source=SCRIPTDIR/…" is replaced by that file.
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { ownFile } from '../../process/own-files.ts';

const SOURCE = /^# shellcheck source=SCRIPTDIR\/(\S+)\n\. \S+$/gm;

const known = new Map<string, string>();

/** The whole text of a script. @param path from the root of vgen's package, such as `src/fleet/doctor.sh` */
export function hostScript(path: string): string {
  let text = known.get(path);
  if (text === undefined) {
    text = readFileSync(ownFile(path), 'utf8')
      .replaceAll(SOURCE, (_, file: string) =>
        hostScript(posix.join(posix.dirname(path), file)).replace(/^#.*\n/gm, '').trim());
    known.set(path, text);
  }
  return text;
}
