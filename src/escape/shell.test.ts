import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expressible, have, inTemporaryDirectory, withTexts } from '../../test/programs.ts';
import { encoders } from './index.ts';

// What the shell prints for a script: NUL after each value.
const output = (shell: string, script: string, locale: string): string[] =>
  execFileSync(shell, [script], { env: { PATH: process.env['PATH'], LC_ALL: locale } })
    .toString().split('\0').slice(0, -1);

describe.each(['bash', 'dash'])('%s', shell => {
  it.skipIf(!have(shell))
    .each(['C', 'C.UTF-8'])(`${shell} reads back every word (needs: apt-get install ${shell}), locale %s`,
    locale => withTexts(300, texts => inTemporaryDirectory(directory => {
      const words = expressible(encoders.sh, texts);
      const script = join(directory, 'script');
      writeFileSync(script, words.map(word => `printf '%s\\0' ${word.encoded}\n`).join(''));
      expect(words).toHaveLength(texts.length);
      expect(output(shell, script, locale)).toEqual(texts);
    })));

  it.skipIf(!have(shell))
    .each(['C', 'C.UTF-8'])(`${shell} sources every environment file (needs: apt-get install ${shell}), locale %s`,
    locale => withTexts(300, texts => inTemporaryDirectory(directory => {
      const values = expressible(encoders.envfile, texts);
      const script = join(directory, 'script');
      writeFileSync(join(directory, 'env'), values.map((value, i) => `V${i}=${value.encoded}\n`).join(''));
      writeFileSync(script, [`. ${directory}/env`, ...values.map((_, i) => `printf '%s\\0' "$V${i}"`), ''].join('\n'));
      expect(output(shell, script, locale)).toEqual(values.map(value => value.text));
    })));

  it.skipIf(!have(shell))(
    `${shell} takes no word for an assignment or a keyword (needs: apt-get install ${shell})`, () =>
      inTemporaryDirectory(directory => {
        const script = join(directory, 'script');
        const keywords = execFileSync('bash', ['-c', 'compgen -k']).toString().trim().split('\n');
        const words = [...keywords, 'A=b', 'A+=b', '_1=', '=a', '', '~', '#', '1'];
        const lines = words.map(word => `${encoders.sh(word)} 2>&-; printf '%s\\0' $?\n`);
        writeFileSync(script, ['PATH=\n', ...lines].join(''));
        expect(keywords.length).toBeGreaterThan(20);
        expect(output(shell, script, 'C')).toEqual(words.map(() => '127'));
      }),
  );
});
