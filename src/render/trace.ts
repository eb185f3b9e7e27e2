// Which template line and which inventory values made a line of a generated file. The templates are rendered once more
// with a mark at the start of each of their lines and around each printed value; the marks are then read off the output.
import type { Path } from '../diagnostic.ts';
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

/** Renders `template` and says of each line of the output where it comes from. */
export async function trace(template: string, view: object, sources: UserTemplates): Promise<TracedLine[]> {
  const names = [...sources.keys()];
  const marked = new Map([...sources].map(([name, text]) => [name, mark(text, names.indexOf(name))]));
  const engine = await createEngine(new Map([...marked, ['*', '']]));
  const looked: Path[] = [];
  const prints: Path[][] = [];
  const output = listening({
    looked(object, key) {
      const at = (object as { at?: Path }).at;
      if (at && key !== 'at') looked.push([...at, key]);
    },
    printed(text) {
      prints.push(looked.splice(0));
      return `${OPEN}v${prints.length - 1}${CLOSE}${text}`;
    },
  }, () => engine.render(template, view));

  let place: { template: string; line: number } | null = null;
  return output.replace(/\n$/, '').split('\n').map(raw => {
    const values: Path[] = [];
    const text = raw.replaceAll(/\uE000([tv])(\d+)(?:,(\d+))?\uE001/g, (_, kind: string, first: string, second: string) => {
      if (kind === 't') place = { template: names[Number(first)] ?? template, line: Number(second) };
      else values.push(...prints[Number(first)] ?? []);
      return '';
    });
    return { text, template: place?.template ?? null, line: place?.line ?? null, values };
  });
}

/** A mark in front of each line that prints something by itself; lines that only hold a tag print nothing. */
const mark = (text: string, index: number): string => text.split('\n').map((line, i, all) =>
  (i === all.length - 1 && line === '') || /^\s*\{[%#]/.test(line) && !/\}\S/.test(line.replace(/\{[%#].*?[%#]\}/g, '}')) ? line
    : `${OPEN}t${index},${i + 1}${CLOSE}${line}`).join('\n');
