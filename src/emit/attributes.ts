// out/.gitattributes, which tells forges that nobody reads digests. The file may have lines of others.
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SUMS } from '../contract/manifest.ts';

export const ATTRIBUTES = '.gitattributes';
const LINE = `*/${SUMS} linguist-generated gitlab-generated -diff`;

/** The text of the file; null where there is none. */
function textIn(out: string): string | null {
  try { return readFileSync(join(out, ATTRIBUTES), 'utf8'); } catch { return null; }
}

/** Whether the digests in `out` are marked, by vgen's line or by another one of their path. */
export const marksDigests = (out: string): boolean =>
  (textIn(out) ?? '').split('\n').some(line => line.startsWith(`*/${SUMS} `));

/** Marks the digests in `out`; what else the file says stays. */
export function markDigests(out: string): void {
  if (marksDigests(out)) return;
  const text = textIn(out) ?? '';
  appendFileSync(join(out, ATTRIBUTES), `${text === '' || text.endsWith('\n') ? '' : '\n'}${LINE}\n`);
}
