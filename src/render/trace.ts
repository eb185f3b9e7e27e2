// Which template line and which inventory values made a line of a generated file. The templates are rendered once more
// with a mark at the start of each of their lines and before each printed value;
// the marks are then read off the output.
import type { Path } from '../contract/diagnostic.ts';
import { createEngine, listening, type UserTemplates } from './engine.ts';

export interface TracedLine {
  readonly text: string;
  readonly template: string | null;
  /** Line of the template, from 1. */
  readonly line: number | null;
  /** Places of the values that stand in the line, or decided that it is there. */
  readonly values: readonly Path[];
}

const OPEN = '\uE000';
const CLOSE = '\uE001';
const FORGET = `${OPEN}x${CLOSE}`;

/** Renders `template` and says of each line of the output where it comes from. */
export async function trace(template: string, view: object, sources: UserTemplates): Promise<TracedLine[]> {
  const names = [...sources.keys()];
  const marked = new Map([...sources].map(([name, text]) => [name, mark(text, names.indexOf(name))]));
  const engine = await createEngine(marked, true);
  const looked: Path[] = [];
  const prints: Path[][] = [];
  const output = listening({
    looked(object, key) {
      const at = (object as { at?: Path }).at;
      if (at && key !== 'at' && !Array.isArray(object)) looked.push([...at, key]);
    },
    printed(text) {
      const values = looked.splice(0);
      if (text === FORGET) return '';
      prints.push(values);
      return `${OPEN}v${prints.length - 1}${CLOSE}${text}`;
    },
  }, () => engine.render(template, view));

  let place: { template: string; line: number } | null = null;
  return output.replace(/\n$/, '').split('\n').map(raw => {
    const values: Path[] = [];
    const places: { template: string; line: number }[] = [];
    const text =
      raw.replaceAll(/\uE000([tv])(\d+)(?:,(\d+))?\uE001/g, (_, kind: string, first: string, second: string) => {
        if (kind === 't') places.push({ template: names[Number(first)] ?? template, line: Number(second) });
        else values.push(...prints[Number(first)] ?? []);
        return '';
      });
    const [first = place] = places;
    place = places.at(-1) ?? place;
    return { text, template: first?.template ?? null, line: first?.line ?? null, values };
  });
}

const TAG = /\{%-?\s*raw\s*-?%\}[^]*?\{%-?\s*endraw\s*-?%\}|\{%[^]*?%\}|\{\{[^]*?\}\}|\{#[^]*?#\}/g;

/**
 * The template with a mark, itself a print, at the start of each line that prints something. After a line that closes a
 * condition or a loop what was looked up for it is forgotten: it does not decide on the lines that follow.
 */
function mark(text: string, index: number): string {
  const within = [...text.matchAll(TAG)].map(({ 0: tag, index: from }) => [from, from + tag.length] as const);
  let offset = 0;
  return text.split('\n').map((line, i, all) => {
    const start = offset;
    offset += line.length + 1;
    const end = i === all.length - 1 ? '' : '\n';
    // the inside of a tag, and what a "-" joins to the line before
    if (within.some(([from, to]) => from < start && start < to)
      || /^\s*\{[%{#]-/.test(text.slice(start)) || (end === '' && line === '')) return line + end;
    const [, indent = '', rest = ''] = /^(\s*)([^]*)$/.exec(line) ?? [];
    const print = (what: string): string => `{{ "${what}" | comment }}`;
    if (/^(\{%((?!%\})[^])*%\})+$/.test(rest)) {
      return /\{% *end(if|for) *%\}$/.test(rest)
        && !/^\s*\{[%{#]-/.test(text.slice(offset)) ? rest + print(FORGET) : rest + end;
    }
    // the engine takes the blanks before a tag that opens a line
    return (/^\{[%#]/.test(rest) ? '' : indent) + print(`${OPEN}t${index},${i + 1}${CLOSE}`) + rest + end;
  }).join('');
}
