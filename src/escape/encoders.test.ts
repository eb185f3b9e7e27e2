import { describe, expect, it } from 'vitest';
import { have, knownTraps } from '../../test/programs.ts';
import { encoders, hostEncoders, Inexpressible, placeholder, refusePlaceholder, type EncoderName } from './index.ts';

const exact: Record<EncoderName, [string, string][]> = {
  comment: [['why # not; ł', 'why # not; ł'], ['', '']],
  configobj: [['', '""'], ['a, #b', '"a, #b"'], ['say "hi"', `'say "hi"'`], ["it's 5%", `"it's 5%"`]],
  cron: [['/opt/vgen/bin/backup --all db=a', '/opt/vgen/bin/backup --all db=a']],
  envfile: [['', '""'], ['it\'s "$5" `x` \\', '"it\'s \\"\\$5\\" \\`x\\` \\\\"'], ['a\nb', '"a\nb"']],
  int: [['0', '0'], ['8080', '8080'], ['-1', '-1']],
  name: [['web-2.example', 'web-2.example'], ['app@blue', 'app@blue']],
  nginx: [['', '""'], ['cost $5', '"cost ${dollar}5"'], ['"\\n', '"\\"\\\\n"'], ["it's; }", '"it\'s; }"']],
  nginxraw: [['cost $5', '"cost $5"'], ['"\\', '"\\"\\\\"']],
  pem: [
    [
      '-----BEGIN EC KEY-----\nYWJj+/=\n-----END EC KEY-----\n',
      '-----BEGIN EC KEY-----\nYWJj+/=\n-----END EC KEY-----',
    ],
    [
      '-----BEGIN A-----\nAA\n-----END A-----\n-----BEGIN B-----\nBB\n-----END B-----',
      '-----BEGIN A-----\nAA\n-----END A-----\n-----BEGIN B-----\nBB\n-----END B-----',
    ],
  ],
  path: [['/srv/app/releases', '/srv/app/releases'], ['a..b', 'a..b']],
  redis: [['', '""'], ['p "q\\', '"p \\"q\\\\"'], ['ł\n', '"\\xc5\\x82\\x0a"'], ['a #b', '"a #b"']],
  redissha256: [['abc', '#ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad']],
  sh: [
    ['', "''"], ['web', 'web'], ['--port=80', '--port=80'], ['A=b', "'A=b'"], ['A+=b', "'A+=b'"], ['if', "'if'"],
    ["it's", "'it'\\''s'"], ['~', "'~'"], ['a b\n', "'a b\n'"], ['/srv/a@b', '/srv/a@b'],
  ],
  sqlstring: [['', "E''"], ["it's \\", "E'it''s \\\\'"], ['a\r\nb', "E'a\\r\\nb'"], ['$$; -- ł', "E'$$; -- ł'"]],
  sudoers: [
    ['ALL', 'ALL'], ['/bin/true', '/bin/true ""'],
    ['/usr/bin/systemctl restart nginx.service', '/usr/bin/systemctl restart nginx.service'],
    ['/bin/dd if=/a,b:c', '/bin/dd if\\=/a\\,b\\:c'],
  ],
  supervisorenv: [
    ['', '""'], ['100%', '"100%%"'], ['say "hi" x', "'say \"hi\" x'"], ["it's", '"it\'s"'], ['a;b#c', '"a;b#c"'],
    ['a #b', '"a %(here).0s#b"'], ['a\u00a0;b', '"a\u00a0%(here).0s;b"'], ['%(ENV_X)s', '"%%%(here).0s(ENV_X)s"'],
  ],
  supervisorvalue: [['/srv/50%', '/srv/50%%'], ['a#b;c d', 'a#b;c d'], ['', '']],
  supervisorword: [
    ['', "''"], ['/usr/bin/node', '/usr/bin/node'], ["it's", `'it'"'"'s'`], ['100%', "'100%%'"],
    [' #a', "' %(here).0s#a'"],
  ],
  systemdenv: [['a "b" \\ 5% $x', 'a \\"b\\" \\\\ 5%% $x'], ['\n\r\t\u0001\u007f', '\\n\\r\\t\\x01\\x7f']],
  systemdpath: [['/srv/a%b', '/srv/a%%b'], ['/usr/bin/a@b', '/usr/bin/a@b'], ['/srv/', '/srv/'], ['/', '/']],
  systemdword: [['', '""'], ['$HOME ${A} 5%', '"$$HOME $${A} 5%%"'], [';', '";"'], ['"\n', '"\\"\\n"']],
  yaml: [['no', '"no"'], ['a"\\\n', '"a\\"\\\\\\n"'],
    ['\u007f\u0085\u2028\ufeff\uffff', '"\\u007f\\u0085\\u2028\\ufeff\\uffff"']],
};

const refused: Record<EncoderName, [string, string][]> = {
  comment: [
    ['a\nb', 'control character'], ['\r', 'control character'], ['\u001b[1m', 'control character'],
    ['\u0085', 'control character'], ['\u2028', 'control character'], ['a\\', 'backslash'],
  ],
  configobj: [['a\nb', 'line break'], ['a\r', 'line break'], ['%(x)s', '"%("'], [`a'b"c`, 'both kinds']],
  cron: [['date +%F', '%'], ['a; b', 'only letters'], ['a\nb', 'only letters'], ['', 'only letters'],
    [' a', 'blank'], ['a'.repeat(901), '900']],
  envfile: [['\uffff', 'noncharacter'], ['\ufdd0', 'noncharacter'], ['\u{1fffe}', 'noncharacter']],
  int: [['', 'integer'], ['007', 'integer'], ['+1', 'integer'], ['-0', 'integer'],
    ['1e3', 'integer'], ['1\n', 'integer']],
  name: [['', 'a name'], ['2nd', 'a name'], ['-a', 'a name'], ['a b', 'a name'], ['a\n', 'a name'],
    ['a'.repeat(64), 'a name']],
  nginx: [['a\nb', 'line break'], ['a\rb', 'line break'], ['a'.repeat(3999), '4000 bytes'],
    ['$'.repeat(500), '4000 bytes']],
  nginxraw: [['a\nb', 'line break'], ['ł'.repeat(2000), '4000 bytes']],
  pem: [
    ['', 'PEM'], ['key', 'PEM'], ['-----BEGIN KEY-----\n-----END KEY-----', 'PEM'],
    ['-----BEGIN KEY-----\nProc-Type: 4\n-----END KEY-----', 'PEM'],
    ['-----BEGIN KEY-----\nAA\n-----END KEY-----\n\n', 'PEM'],
    ['-----BEGIN KEY-----\r\nAA\r\n-----END KEY-----', 'PEM'],
  ],
  path: [['', 'a path'], ['/a b', 'a path'], ['/a/../b', 'segment ..'], ['..', 'segment ..'],
    ['-a', 'dash'], ['/a\n', 'a path']],
  redis: [],
  redissha256: [['', 'empty']],
  sh: [],
  sqlstring: [],
  sudoers: [
    ['', 'plain words'], ['true', 'absolute'], ['/bin/rm *', 'wildcards'], ['/bin/a "b"', 'quotes'],
    ['/bin/a\n', 'plain'], ['/bin/../x', 'segments'], ['/bin/a !b', 'plain'],
  ],
  supervisorenv: [['a\nb', 'line break'], ['a\r', 'line break'], [`a'b"c`, 'both kinds'],
    ['"a', 'start or end'], ["a'", 'start or end']],
  supervisorvalue: [['a\nb', 'line break'], ['a ;b', 'comment'], ['a\u00a0#b', 'comment'], ['#a', 'comment'],
    [' a', 'white space'], ['a\u3000', 'white space']],
  supervisorword: [['a\nb', 'line break'], ['a\r', 'line break']],
  systemdenv: [['\uffff', 'noncharacter']],
  systemdpath: [['srv', 'start with /'], ['/a b', 'only letters'], ['/a:b', 'only letters'], ['/a/../b', 'segment'],
    ['/a/..', 'segment'], ['/a/.', 'segment'], ['/a/./b', 'segment'], ['//a', '//']],
  systemdword: [['\ufdd0', 'noncharacter']],
  yaml: [],
};

const names = Object.keys(encoders) as EncoderName[];
const encodersAt = (table: Record<EncoderName, [string, string][]>): [EncoderName, string, string][] =>
  names.flatMap(name => table[name].map(([value, text]): [EncoderName, string, string] => [name, value, text]));

const refusalOf = (encode: () => unknown): Inexpressible => {
  try {
    encode();
  } catch (error) {
    if (error instanceof Inexpressible) return error;
    throw error;
  }
  throw new Error('this should be refused');
};

describe('encoders', () => {
  it.each(encodersAt(exact))('%s of %j', (name, value, text) => {
    expect(encoders[name](value)).toBe(text);
  });

  it.each(encodersAt(refused))('%s refuses %j', (name, value, reason) => {
    const refusal = refusalOf(() => encoders[name](value));
    expect(refusal).toMatchObject({ grammar: name, message: refusal.reason });
    expect(refusal.reason).toContain(reason);
  });

  it.each(names)('%s refuses NUL and lone surrogates', name => {
    for (const value of ['a\0b', 'a\ud83d', '\udd25a']) {
      expect(refusalOf(() => encoders[name](value)).grammar).toBe(name);
    }
  });

  it.each(names)('%s gives a reason without the value', name => {
    const secret = 'hunter2';
    for (const trap of knownTraps) {
      try {
        encoders[name](`${secret}${trap}${secret}\n`);
      } catch (error) {
        expect((error as Inexpressible).reason).not.toContain(secret);
        expect((error as Inexpressible).reason).toMatch(/^[a-z][^\n]*[^.\n]$/);
      }
    }
  });
});

describe('placeholder', () => {
  it.each([
    ['sh', [{ secret: 'dbPassword' }], '@vgen(sh:<dbPassword>)'],
    ['envfile', ['postgres://u:', { secret: 'a' }, '@h/x?y=1'], '@vgen(envfile:postgres://u:<a>@h/x?y=1)'],
    ['yaml', ['a b\nł%<)', { secret: 'A_1' }], '@vgen(yaml:a%20b%0A%C5%82%25%3C%29<A_1>)'],
  ] as const)('%s %j', (encoder, parts, text) => {
    expect(placeholder(encoder, parts)).toBe(text);
  });

  it('is refused here where no secret could make it expressible', () => {
    expect(refusalOf(() => placeholder('nginx', ['a\n', { secret: 'a' }])).reason).toContain('line break');
    expect(refusalOf(() => placeholder('supervisorenv', ['"', { secret: 'a' }])).reason).toContain('start or end');
    expect(refusalOf(() => placeholder('redis', ['a\0', { secret: 'a' }])).reason).toContain('NUL');
    expect(refusalOf(() => placeholder('sh', ['a\ud83d', '\udd25'])).reason).toContain('surrogate');
  });

  it('needs a part and plain names', () => {
    expect(() => placeholder('sh', [])).toThrow(RangeError);
    for (const secret of ['', '1a', '../a', 'a>b', 'a\n']) {
      expect(() => placeholder('sh', [{ secret }])).toThrow(RangeError);
    }
  });

  it('cannot be opened by text beside it', () => {
    expect(() => refusePlaceholder('a @vgen (')).not.toThrow();
    expect(refusalOf(() => refusePlaceholder('a @vgen(sh:<a>)')).grammar).toBe('placeholder');
  });

  it('exists for the encoders of the host only', () => {
    expect([...hostEncoders].sort())
      .toEqual([
        'configobj', 'envfile', 'nginx', 'pem', 'redis', 'redissha256', 'sh', 'sqlstring', 'supervisorenv', 'yaml',
      ]);
  });
});

describe('have', () => {
  it('finds programs and nothing else', () => {
    expect([have('sh'), have('no-such-program'), have('sbin')]).toEqual([true, false, false]);
  });
});
