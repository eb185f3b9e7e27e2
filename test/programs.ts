// What tests of real programs share: is the program here, a directory of their own, and texts that break quoting.
// Each such test writes a few hundred encoded texts into one file and compares what the program read with the texts.
// A test whose program is absent is skipped by name:
// it.skipIf(!have('nginx'))('nginx reads back every value (needs: apt-get install nginx-light)')
import { accessSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { Inexpressible, type Encoder } from '../src/escape/index.ts';

const runs = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
};

/** Whether `program` can be run: looked up in PATH and where Debian keeps what only root runs. */
export const have = (program: string): boolean =>
  [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'].some(folder => runs(join(folder, program)));

/** Gives `use` an empty directory and removes it afterwards, whatever happens. */
export const inTemporaryDirectory = async <T>(use: (directory: string) => T | Promise<T>): Promise<T> => {
  const directory = mkdtempSync(join(tmpdir(), 'vgen-test-'));
  try {
    return await use(directory);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
};

/** Texts that some format here is known to misread; every batch below starts with them. */
export const knownTraps: readonly string[] = [
  '', ' ', '  a  ', "it's", 'say "hi" x', `both ' and "`, '"quoted"', "'quoted'", "x'", '"x', "'", '"', '\\', 'a\\',
  '\\\\', '100%', '%', '%%', '%d', '%(here)s', '%%(here)s', '%(here).0s;#', '%(ENV_X)s', '%(',
  '%n', '$', '$$', '$HOME', '${HOME}', '$(id)', '`id`', '$5', 'cost $',
  '~', '~/x', '#', '#b', 'a#b', 'a #b', 'a\u00a0#b', 'ł#b', ';', 'a ;b', 'a;b', 'a\t;', '; #', ' ;;##', '{a,b}',
  '*', '?', '[a-z]', '-n', '--', '=', 'A=b', 'A+=b', '--a=b', 'if', 'time', '1', '!', '!!', '&', '|', '>x', '(a)',
  '\\n', '\\t', '\\x41', 'a\nb', 'a\n', '\na', '\n', 'a\n\n', 'a\r\nb', '\r', '\t', 'l1\n  #x\n  l3',
  'K=1\nuser=root', 'x"; } location / {', '\u0001', '\u001b[31m', '\u007f', '\u0085', 'a\u001c#b', '\u00a0',
  '\u2028', '\u2029', '\u3000;', '\ufeff', '\ufffd', '\ufffe', '\uffff', '\ufdd0', '\u{1fffe}', '\u{10ffff}',
  'żółć', 'ąćęł', '🔥', '👩‍👩‍👧', 'e\u0301', '@vgen(sh:x)', '@', 'no', '1_000', '22:22', '0644', 'null', '<<', '- a',
  '? a', 'a: b', '{', '}', ',', 'a,b=c', 'http://h/x?y=1', 'YWJj==', 'a'.repeat(3900),
];

const piece = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(...`'"\\%$#;\`\n\r\t ={}()<>[]|&!*?~,:@.-+/_aZ09`) },
  { weight: 2, arbitrary: fc.constantFrom(
    '\u00a0', '\u0085', '\u2028', '\u2029', '\u3000', '\ufeff', '\u001c', '\u0001', '\u007f', '\u0081', '\u0088',
    'ł', 'ą', '🔥', '\\n', '\\x41', '%%', '%s', '$$', '${A}', '$A', ' #', ' ;', '  ', 'word', '\r\n', '\n#', '@vgen(') },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 3 })
    .map(text => text.replaceAll('\0', '0')) },
);

/** Random text without NUL: mostly characters that mean something somewhere, and any Unicode. */
export const awkwardText: fc.Arbitrary<string> =
  fc.array(piece, { minLength: 1, maxLength: 14, size: 'max' }).map(pieces => pieces.join(''));

/**
 * Runs `check` twice, each time with all known traps and `count` random texts, so that a program starts twice only.
 * A failure shows the seed and what `check` threw, not hundreds of texts.
 */
export const withTexts = (count: number, check: (texts: string[]) => Promise<void>): Promise<void> => fc.assert(
  fc.asyncProperty(fc.noBias(fc.array(awkwardText, { minLength: count, maxLength: count, size: 'max' })),
    texts => check([...knownTraps, ...texts])),
  {
    numRuns: 2,
    endOnFailure: true,
    asyncReporter: async details => {
      if (details.failed) throw new Error(`with seed ${details.seed}`, { cause: details.errorInstance });
    },
  },
);

/** The texts that `encode` can express, each with its encoding; the others must be refused as Inexpressible. */
export const expressible = (encode: Encoder, texts: readonly string[]): { text: string; encoded: string }[] =>
  texts.flatMap(text => {
    try {
      return [{ text, encoded: encode(text) }];
    } catch (error) {
      if (error instanceof Inexpressible) return [];
      throw error;
    }
  });
