// The fast reader is used wherever it is sure to give what the full one gives. Here: whether it is.
import fc from 'fast-check';
import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { readFully } from '../src/load/full.ts';
import { readPlainly } from '../src/load.ts';

/** Both readings of a text: either the fast reader passes, or both give the same value. */
function compare(text: string): 'passed' | 'same' {
  const fast = readPlainly(text);
  if (fast === null) return 'passed';
  const full = readFully('inventory.yaml', text);
  expect(full.diagnostics).toEqual([]);
  expect(fast).toEqual(full.value);
  return 'same';
}

/** Plain values as people write them, the ones that YAML is known for among them. */
const scalars = [
  '203.0.113.10', 'eu1', './web --addr 127.0.0.1:8000', '8000', '0644', '0o644', '0x1F', '0b1', '1_000', '-1', '+1',
  '-0', '1.5', '.5', '1.', '1e3', '-1.5e-3',
  '.inf', '-.Inf', '.nan', 'yes', 'no', 'on', 'off', 'true', 'True', 'TRUE', 'false', 'y', 'n', 'null', 'Null', '~',
  '2026-01-02', '12:30:45', '1:2', 'a:b', 'a#b', 'a # b',
  '"a\\tb"', '"\\u00e9\\x41"', "'it''s'", '"a # b: c"', "'- a'", '""', "''", '${slot.port}', '"${host.name}"', '-a',
  '?a', ':a', 'a?', '[a, b]', '[]', '{}', '{ a: 1, b: [2] }', '{a: 1}',
  '[ "a", \'b\' ]', 'é', '日本', 'a  b', '1 2', '0', '00', '08', '9007199254740993', '123456789012345678901234567890',
  '0.1e1', '1E5', '=', '<', 'a\\b', 'C:\\x', '12e03', '.e1', '+.5',
];
const keys = [
  'a', 'b-c', '/etc/x', '"q"', "'s'", '1', '1.0', '0x1', 'true', 'null ', 'e v', 'é', 'a.b', '.5', '2026-01-02',
];

const scalar = fc.constantFrom(...scalars);
const comment = fc.constantFrom('', '', '', ' # note', '  #: x');
type Lines = (indent: string) => string;

/** A value as the text after its key: on the same line, or on lines of its own. */
const { value } = fc.letrec<{ value: Lines; mapping: Lines; list: Lines }>(tie => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.tuple(scalar, comment).map(([text, note]): Lines => () => ` ${text}${note}\n`),
    fc.tuple(fc.constantFrom('|', '>', '|-', '>+', '|2'), fc.array(
      fc.constantFrom('one', '  two: x', '', '# three', '- four'), { minLength: 1, maxLength: 4 },
    ))
      .map(([mark, lines]): Lines =>
        indent => ` ${mark}\n${['first', ...lines].map(line => `${line && `${indent}  `}${line}`).join('\n')}\n`),
    fc.tuple(scalar, scalar).filter(([a, b]) => /^[a-z0-9]/i.test(a) && /^[a-z0-9]/i.test(b) && !/[#:]/.test(a + b))
      .map(([a, b]): Lines => indent => ` ${a}\n${indent}  ${b}\n`),
    tie('mapping'), tie('list'),
  ),
  mapping: fc.uniqueArray(fc.tuple(fc.constantFrom(...keys), tie('value')), {
    minLength: 1, maxLength: 4, selector: ([key]) => key,
  })
    .map((pairs): Lines =>
      indent => `\n${pairs.map(([key, item]) => `${indent}  ${key}:${item(`${indent}  `)}`).join('')}`),
  list: fc.array(tie('value'), { minLength: 1, maxLength: 3 })
    .map((items): Lines => indent => `\n${items.map(item => `${indent}  -${item(`${indent}  `)}`).join('')}`),
}));

const inventory = fc.uniqueArray(fc.tuple(fc.constantFrom('hosts', 'vars', 'apps', ...keys), value), {
  minLength: 1, maxLength: 4, selector: ([key]) => key,
})
  .map(pairs => pairs.map(([key, item]) => `${key}:${item('')}`).join(''));

describe('both readers', () => {
  it('give the same value for what is written by hand', () => {
    let same = 0;
    fc.assert(fc.property(inventory, text => { if (compare(text) === 'same') same++; }), { numRuns: 3000 });
    expect(same).toBeGreaterThan(300);
  });

  it('give the same value for each scalar in each place', () => {
    for (const text of scalars) {
      for (const place of [
        `a: ${text}\n`, `a:\n  - ${text}\n`, `a: [${text}]\n`, `a: { b: ${text} }\n`, `${text}: a\n`, `a: ${text}`,
        `a: ${text}\r\nb: 1\r\n`,
      ]) compare(place);
    }
  });

  it('give the same value for what programs write', () => {
    let same = 0;
    const text = fc.oneof(fc.string(), fc.string({ unit: 'grapheme' }), fc.constantFrom(...scalars));
    const any = fc.letrec<{ node: unknown }>(tie => ({
      node: fc.oneof(
        { maxDepth: 3 }, text, fc.integer(), fc.double(), fc.boolean(), fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(text, tie('node'), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(fc.property(fc.dictionary(text, any, { minKeys: 1 }), fc.boolean(), (made, how) => {
      const written = how ? stringify(made) : dump(made);
      if (compare(written) === 'same') same++;
    }), { numRuns: 2000 });
    expect(same).toBeGreaterThan(100);
  });

  it('give the same value for the plain inventory that vgen comes with, and the fast one reads it', async () => {
    const { readFileSync } = await import('node:fs');
    expect(compare(readFileSync(new URL('../inventory.example.yaml', import.meta.url), 'utf8'))).toBe('same');
  });
});

describe('what the fast reader leaves to the full one', () => {
  it.each([
    'a: &x 1\n', 'a: *x\n', '<<: {a: 1}\n', 'a: !x 1\n', '%YAML 1.2\n---\na: 1\n', 'a: 1\n---\nb: 1\n', 'a: 1\na: 2\n',
    '? a\n: 1\n', 'a: {__proto__: 1}\n', '- a\n', 'a', '',
  ])('%j', text => {
    expect(readPlainly(text)).toBeNull();
  });
});
