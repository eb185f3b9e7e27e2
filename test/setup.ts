// Once per run, before any test: dist/ is built from the sources as they are now. Quick when nothing changed.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

export default function setup(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '../scripts/prepare.mjs')], { stdio: 'inherit' });
}
