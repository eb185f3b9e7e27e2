import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { awkwardText, have, inTemporaryDirectory, withTexts } from '../../test/programs.ts';
import { encoders, hostEncoders, Inexpressible, placeholder, type HostEncoderName } from './index.ts';

const library = fileURLToPath(new URL('../../templates/host/opt/vgen/lib/core/encode.sh', import.meta.url));
const strict = `set -euo pipefail; . ${library}; `;

// Pairs of encoder and value in, answers out. A file, because bash reads a pipe byte by byte.
const encodeAll = (asked: readonly (readonly [string, string | Buffer])[], locale: string): Promise<string[]> =>
  inTemporaryDirectory(directory => {
    const input = join(directory, 'input');
    const end = Buffer.of(0);
    writeFileSync(input, Buffer.concat(asked.flatMap(words => words.flatMap(word => [Buffer.from(word), end]))));
    const script = `${strict} LC_ALL=C
    mapfile -d '' -t words <${input}
    LC_ALL=${locale}
    for ((i = 0; i < \${#words[@]}; i += 2)); do
      if encode "\${words[i]}" "\${words[i + 1]}"; then answer="yes $REPLY"; else answer="no $REASON"; fi
      printf '%s\\0' "$answer"
    done`;
    return execFileSync('bash', ['-c', script], { maxBuffer: 2 ** 26 }).toString().split('\0').slice(0, -1);
  });

const answerOf = (encode: () => string): string => {
  try {
    return `yes ${encode()}`;
  } catch (error) {
    if (error instanceof Inexpressible) return `no ${error.reason}`;
    throw error;
  }
};

// One file with placeholders, and the secrets that it needs.
type Part = string | { secret: string };
interface Case {
  before: string;
  encoder: HostEncoderName;
  parts: Part[];
  after: string;
  secrets: Record<string, string>;
}

const names = ['a', 'dbPassword', 'K_9'];
const text = awkwardText.map(value => value.replaceAll('@vgen(', 'x'));
const secret = awkwardText.filter(value => value.replace(/\n$/, '') !== '');
const someCase: fc.Arbitrary<Case> = fc.record({
  before: text,
  encoder: fc.constantFrom(...hostEncoders),
  parts: fc.array(fc.oneof(awkwardText, fc.constantFrom(...names).map(name => ({ secret: name }))),
    { minLength: 1, maxLength: 4 }),
  after: text,
  secrets: fc.record(Object.fromEntries(names.map(name => [name, secret]))),
});

// What expand_placeholders shall write; null where it shall refuse; undefined where vgen refuses before.
type Expansion = { source: string; result: string | null } | undefined;
const expansionOf = ({ before, encoder, parts, after, secrets }: Case): Expansion => {
  const value = parts.map(part => typeof part === 'string' ? part : secrets[part.secret]?.replace(/\n$/, '')).join('');
  let written;
  try {
    written = placeholder(encoder, parts);
  } catch (error) {
    if (error instanceof Inexpressible) return undefined;
    throw error;
  }
  const answer = answerOf(() => encoders[encoder](value));
  const result = answer.startsWith('yes ') ? before + answer.slice(4) + after : null;
  return { source: before + written + after, result };
};

describe.skipIf(!have('bash'))('encode.sh (needs: bash)', () => {
  it.each(['C', 'C.UTF-8'])('encodes as vgen does, and refuses with the same sentence, locale %s', locale =>
    withTexts(60, async texts => {
      const asked = texts.flatMap(text => hostEncoders.map(encoder => [encoder, text] as const));
      expect(await encodeAll(asked, locale))
        .toEqual(asked.map(([encoder, text]) => answerOf(() => encoders[encoder](text))));
    }));

  it('refuses what is not UTF-8, and only that', async () => {
    const edges = ['80', 'c3', 'c080', 'c180', 'c280', 'dfbf', 'e08080', 'e09fbf', 'e0a080', 'e282', 'ed9fbf', 'eda080',
      'edbfbf', 'ee8080', 'f0808080', 'f08fbfbf', 'f0908080', 'f48fbfbf', 'f4908080', 'f5808080', 'ff', 'c341c3'];
    const bytes = fc.sample(fc.uint8Array({ minLength: 1, maxLength: 5 }), 400)
      .map(array => Buffer.from(array.map((byte, i) => i > 0 && byte % 3 ? 0x80 | byte >> 2 : byte || 1)))
      .concat(edges.map(edge => Buffer.from(edge, 'hex')));
    const isText = (value: Buffer): boolean => Buffer.from(value.toString()).equals(value);
    expect(await encodeAll(bytes.map(value => ['redis', value]), 'C.UTF-8')).toEqual(bytes.map(value =>
      isText(value) ? `yes ${encoders.redis(value.toString())}` : 'no the value is not UTF-8'));
    expect(new Set(bytes.map(isText)).size).toBe(2);
  });

  it('expands placeholders as vgen does, and leaves all else alone', () => inTemporaryDirectory(async directory => {
    const cases = fc.sample(fc.noBias(someCase), 300).flatMap(one => {
      const expansion = expansionOf(one);
      return expansion ? [{ ...one, ...expansion }] : [];
    });
    for (const [i, { source, secrets }] of cases.entries()) {
      const folder = join(directory, String(i));
      mkdirSync(folder);
      writeFileSync(join(folder, 'source'), source);
      writeFileSync(join(folder, 'destination'), 'untouched', { mode: 0o600 });
      for (const [name, value] of Object.entries(secrets)) {
        // One line break at the end of a secret's file is not part of it.
        writeFileSync(join(folder, name), value.endsWith('\n') || i % 2 ? `${value.replace(/\n$/, '')}\n` : value);
      }
    }
    const script = `${strict} for ((i = 0; i < ${cases.length}; i++)); do cd "${directory}/$i"
      expand_placeholders source destination . 2>message || [[ $? == 1 && -s message ]]; done`;
    execFileSync('bash', ['-c', script]);
    const seen = cases.map((_, i) => readFileSync(join(directory, String(i), 'destination'), 'utf8'));
    expect(seen).toEqual(cases.map(({ result }) => result ?? 'untouched'));
    expect(cases.length).toBeGreaterThan(100);
    expect(statSync(join(directory, '0', 'destination')).mode & 0o777).toBe(0o600);
  }));
});

describe.skipIf(!have('bash'))('expand_placeholders (needs: bash)', () => {
  // Expands one file in a directory that has some secrets; the paths in messages are relative to it.
  const expand = (source: string, prelude = '') => inTemporaryDirectory(directory => {
    const secrets = {
      good: 'hunter2\n', empty: '\n', nul: 'a\0b', quotes: `p'q"r`, lines: 'a\nb', latin: Buffer.of(0xe9),
    };
    mkdirSync(join(directory, 'secrets'));
    for (const [name, value] of Object.entries(secrets)) writeFileSync(join(directory, 'secrets', name), value);
    writeFileSync(join(directory, 'source'), source);
    writeFileSync(join(directory, 'destination'), 'untouched');
    const script = `${strict} ${prelude} expand_placeholders source destination secrets; printf '%s' "$-"`;
    const { status, stderr, stdout } = spawnSync('bash', ['-c', script], { cwd: directory });
    const result = readFileSync(join(directory, 'destination'), 'utf8');
    return { status, stderr: stderr.toString(), stdout: stdout.toString(), result };
  });

  it.each([
    ['a @vgen(sh:<absent>)', 'source:1: secret "absent" is missing or cannot be read;'
      + ' put it there with: install -m 0600 /dev/stdin secrets/absent'],
    ['\n\na @vgen(sh:<empty>)', 'source:3: secret "empty" is empty;'
      + ' put it there with: install -m 0600 /dev/stdin secrets/empty'],
    ['@vgen(sh:<nul>)', 'source:1: secret "nul" holds a NUL byte;'
      + ' put it there with: install -m 0600 /dev/stdin secrets/nul'],
    ['@vgen(supervisorenv:<good><quotes>)', 'source:1: a supervisor environment value cannot hold both kinds of quotes;'
      + ' choose another value for secret "good", "quotes"'],
    ['@vgen(nginx:<lines>)', 'source:1: an nginx parameter cannot hold a line break;'
      + ' choose another value for secret "lines"'],
    ['@vgen(yaml:<latin>)', 'source:1: the value is not UTF-8; choose another value for secret "latin"'],
    ['@vgen(perl:x)', 'source:1: the encoder is unknown'],
    ['@vgen(sh:)', 'source:1: this is no placeholder of vgen; build the tree again'],
    ['@vgen(sh)', 'source:1: this is no placeholder of vgen; build the tree again'],
    ['@vgen(sh:a b)', 'source:1: this is no placeholder of vgen; build the tree again'],
    ['@vgen(sh:a%2f)', 'source:1: this is no placeholder of vgen; build the tree again'],
    ['@vgen(sh:a%0)', 'source:1: this is no placeholder of vgen; build the tree again'],
    ['@vgen(sh:<a)', 'source:1: this is no placeholder of vgen; build the tree again'],
    ['@vgen(sh:<../good>)', 'source:1: this is no name of a secret; build the tree again'],
    ['@vgen(sh:<>)', 'source:1: this is no name of a secret; build the tree again'],
    ['@vgen(sh:%00)', 'source:1: a NUL cannot be written in any configuration file'],
    ['\n@vgen(sh:a', 'source:2: a placeholder of vgen does not end; build the tree again'],
    ['@vgen(sh:<b>)\n@vgen(sh:<good>)\n@vgen(sh', 'source:1: secret "b" is missing or cannot be read;'
      + ' put it there with: install -m 0600 /dev/stdin secrets/b\n'
      + 'source:3: a placeholder of vgen does not end; build the tree again'],
    ['a\0b', 'source: the file holds a NUL byte'],
  ])('%j is refused and nothing is written', async (source, message) => {
    expect(await expand(source)).toEqual({ status: 1, stdout: '', stderr: `${message}\n`, result: 'untouched' });
  });

  it.each([
    ['@vgen(sh:redis://:<quotes:url>@a)', "redis://:p%27q%22r@a"], ['@vgen(sh:<latin:url>)', '%E9'],
    ['@vgen(sh:<lines:url>)', 'a%0Ab'],
  ])('%s in a URL is %s', async (source, wanted) => {
    expect(await expand(source))
      .toEqual({ status: 0, stdout: expect.any(String) as string, stderr: '', result: wanted });
  });

  it('percent-encodes any text as encodeURIComponent does, but for the marks that it leaves and RFC 3986 '
    + 'reserves', async () => {
    const texts = fc.sample(fc.string({ unit: 'binary', minLength: 1 }).filter(text => !/[\0\n]/.test(text)), 200);
    const script = `${strict} while IFS= read -r -d '' value; do percent_encode "$value"; printf '%s\\n' "$REPLY"; `
      + `done`;
    const seen = execFileSync('bash', ['-c', script], { input: texts.map(text => `${text}\0`).join('') }).toString()
      .split('\n').slice(0, -1);
    expect(seen).toEqual(texts.map(text =>
      encodeURIComponent(text).replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)));
  });

  it('writes only into a file that is there', async () => {
    for (const prelude of ['rm destination;', 'ln -sf /dev/null destination;', 'rm destination; mkdir destination;'
      + ' trap "rmdir destination; printf untouched >destination" EXIT;']) {
      const answer = await expand('x', prelude).catch((error: unknown) => error);
      expect(JSON.stringify(answer)).toMatch(/this file must be there|ENOENT/);
    }
  });

  it('keeps the options of its caller, and tells no value even where the caller traces', async () => {
    const answer = await expand('x @vgen(envfile:user:<good>@h)', 'set -xaC;');
    expect(answer).toMatchObject({ status: 0, result: 'x "user:hunter2@h"' });
    expect([...answer.stdout].sort().join('')).toBe([...'aehuxBCc'].sort().join(''));
    expect(answer.stderr).not.toContain('hunter2');
  });

  it('gives no value to another program but through stdin', async () => {
    const spy = 'mkdir bin; PATH=$PWD/bin:$PATH; trap "cat spied >&2" EXIT;'
      + 'set -a; value= rest= out= REPLY= before= body=;'
      + 'echo \'tr "\\0" "\\n" <"/proc/$$/cmdline" >>spied; env >>spied; exec /usr/bin/sha256sum\' >bin/sha256sum;'
      + 'sed -i "1i #!/bin/bash" bin/sha256sum; chmod 755 bin/sha256sum;';
    const answer = await expand('@vgen(sh:<good>) @vgen(redissha256:<good>)', spy);
    expect(answer.result).toBe(`hunter2 ${encoders.redissha256('hunter2')}`);
    expect(answer.stderr).toMatch(/bin\/sha256sum\nSHELL|bin\/sha256sum\n\w+=/);
    expect(answer.stderr).not.toContain('hunter2');
  });

  it.skipIf(!have('shellcheck'))('shellcheck finds nothing (needs: apt-get install shellcheck)', () => {
    expect(spawnSync('shellcheck', ['-s', 'bash', library]).stdout.toString()).toBe('');
  });
});
