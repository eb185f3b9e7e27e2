import { expect, it } from 'vitest';
import { inMarkdown, printable, printableInColour, printableJson } from './frame.ts';

/** What a terminal would obey: a title, the clipboard (OSC 52), the cursor, C1, a text that reads backwards. */
const OBEYED = ['\u001b]0;t\u0007', '\u001b]52;c;aGk=\u0007', '\u001b[2A', '\u009b2J', '\u0000', '\r', '\u202e', '\u2028', '\u200f'];

it('what comes from a host or a file moves no cursor', () => {
  for (const text of OBEYED) {
    for (const shown of [printable(text), printableInColour(text), printableJson(JSON.stringify(text))]) {
      expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e]/);
    }
    expect(JSON.parse(printableJson(JSON.stringify(text)))).toBe(text);
  }
});

it('vgen\'s own colours, tabs and lines stay', () => {
  expect(printableInColour('\u001b[31mred\u001b[39m\tä\r\nnext\n')).toBe('\u001b[31mred\u001b[39m\tä\nnext\n');
  expect(printable('\u001b[31mred')).toBe('\ufffd[31mred');
});

it('what comes from a host makes nothing of Markdown', () => {
  expect(inMarkdown('a\\| b\r\n| c\u2028d')).toBe('a\\\\\\| b \\| c d');
  expect(inMarkdown('<img src="x"> [x](y) `z` &amp; @team web@1.service'))
    .toBe('&lt;img src="x"&gt; \\[x\\](y) \\`z\\` &amp;amp; @<!-- -->team web@1.service');
});
