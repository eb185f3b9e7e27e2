// Once per run, before any test: dist/ is built from the sources as they are now (quick when nothing changed), and the
// seed of what is drawn (test/draw.ts).
import { execFileSync } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { join } from 'node:path';

export default function setup(): void {
  execFileSync(process.execPath, [join(import.meta.dirname, '../scripts/prepare.mjs')], { stdio: 'inherit' });
  process.env['VGEN_SEED'] ??= String(randomInt(2 ** 31));
}
