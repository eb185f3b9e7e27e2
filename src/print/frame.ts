// The lines of a file around a place, as a diagnostic shows them. What may be the value of a secret is not shown.
import type { Place } from '../contract/diagnostic.ts';
import type { Source } from '../contract/source.ts';

/** Colours text, or leaves it as it is. */
export type Paint = (style: 'red' | 'yellow' | 'cyan' | 'dim' | 'bold', text: string) => string;
export const noPaint: Paint = (_, text) => text;

/** Values under names that tell of a secret, in the upper case of environments; a reference is no value. */
const TOLD =
  /(?<=(?:PASS(?:WORD|WD|PHRASE)?|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|CREDENTIALS?)["']?\s*:\s+)(?!["']?\$\{|[[{|>&*])[^\s,}][^,}]*/g;
/** The forms of well-known tokens, passwords in URLs, and the lines of a key. */
const FORMED = new RegExp([
  '(?:AKIA|ASIA|gh[pousr]_|github_pat_|xox[abprs]-|sk_(?:live|test)_|glpat-|eyJ)[\\w.-]{10,}',
  '(?<=://[^\\s/@:]*:)[^\\s/@]+(?=@)',
  '^\\s*[A-Za-z0-9+/=]{40,}\\s*$',
].join('|'), 'g');

const stars = (text: string): string => text.replaceAll(/\S/g, '*');

/** The colours that vgen itself prints (ECMA-48, SGR). */
const COLOUR = '\u001b\\[(?:1|2|22|31|32|33|36|39)m';
/** What a terminal obeys instead of printing it: control characters, and those that turn the direction of text. */
const OBEYED = '[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]';
const NOT_PRINTED = new RegExp(OBEYED, 'g');
const NOT_COLOUR = new RegExp(`${COLOUR}|${OBEYED}`, 'g');

/** Text of files, as a terminal prints it: control characters could move its cursor. */
export const printable = (text: string): string => text.replaceAll(NOT_PRINTED, '\ufffd');

/** Text of any origin with colours of vgen's, as a terminal prints it. */
export const printableInColour = (text: string): string =>
  text.replaceAll('\r\n', '\n').replaceAll(NOT_COLOUR, found => (found.length > 1 ? found : '\ufffd'));

/**
 * Text of any origin in a cell or a paragraph of Markdown: it makes no cell, no element, no link and no code. "@" after
 * a blank calls a user; GitHub and GitLab do so after entities are resolved, but not across a comment.
 */
export const inMarkdown = (text: string): string => text.replaceAll(/[\n\r\v\f\u0085\u2028\u2029]+/g, ' ')
  .replaceAll(/[\\|[\]`]/g, '\\$&').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
  .replaceAll(/(?<!\w)@/g, '@<!-- -->');

/** JSON in which nothing is left that a terminal obeys. */
export const printableJson = (json: string): string =>
  json.replaceAll(NOT_PRINTED, found => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);

/**
 * One line above and below; wide lines are cut around the place that is meant.
 * @param hidden lines that are not shown
 */
export function codeFrame(
  source: Source, place: Place, hidden: ReadonlySet<string>, paint: Paint, colour: 'red' | 'yellow',
): string {
  const lines = source.lines(place.file);
  if (!place.line || place.line > lines.length || hidden.has(`${place.file}:${place.line}`)) return '';
  const from = Math.max(1, place.line - 1);
  const to = Math.min(lines.length, place.line + 1);
  const width = String(to).length;
  const start = Math.max(0, place.column - 80);
  const out: string[] = [];
  for (let n = from; n <= to; n++) {
    if (n !== place.line && hidden.has(`${place.file}:${n}`)) continue;
    const text = printable((lines[n - 1] ?? '').replaceAll(TOLD, stars).replaceAll(FORMED, stars))
      .slice(start, start + 120);
    if (n === to && n > place.line && text.trim() === '') continue;
    out.push(`  ${n === place.line ? '>' : ' '} ${String(n).padStart(width)} | ${text}`.trimEnd());
    if (n === place.line) {
      const before = text.slice(0, place.column - 1 - start);
      const room = Math.max(1, Math.min(place.length, text.length - before.length));
      out.push(`    ${' '.repeat(width)} | ${before.replaceAll(/[^\t]/g, ' ')}${paint(colour, '^'.repeat(room))}`);
    }
  }
  return `${out.join('\n')}\n`;
}
