import { describe, expect, it } from 'vitest';
import { answerEndings, connectionEndings, type Ending } from './ending.ts';
import type { ListedAnswer, ListedVariable } from './manifest.ts';

/** `NAME PATH BY WHAT` each. */
const answers = (...lines: readonly string[]): ListedAnswer[] => lines.map(line => {
  const [name = '', path = '', by = '', what = ''] = line.split(' ');
  return { name, path, by, what };
});
const said = (ending: Ending): string =>
  `${ending.action} ${ending.what}: ${ending.downtime === null ? 'no downtime' : 'down'} (${ending.because.join()})`;
const after = (former: readonly string[], now: readonly string[], live: readonly string[] = ['web', 'back']): string[] =>
  answerEndings(answers(...former), answers(...now), app => live.includes(app)).map(said);

describe('what is seen from outside', () => {
  const front = ['a.example / app web', 'a.example /api app back'];

  it('is the same, or new: nothing to be told', () => {
    expect(after(front, front)).toEqual([]);
    expect(after(front, [...front, 'b.example / app web'])).toEqual([]);
    expect(after([], front)).toEqual([]);
  });

  it('ends with a domain, a site, a path', () => {
    expect(after([...front, 'b.example / app web'], front))
      .toEqual(['end b.example: down (it is no longer served here)']);
    expect(after(front, [])).toEqual(['end a.example: down (it is no longer served here)']);
    expect(after(['a.example /x app web', 'a.example /y app web'], ['a.example /y app web']))
      .toEqual(['end a.example/x: down (no path of it is served there any more (404))']);
  });

  it('is the maintenance page, said once for all paths; and the end of it', () => {
    const closed = ['a.example / maintenance front'];
    expect(after(front, closed)).toEqual(['close a.example: down (the maintenance page (503) from now on)']);
    expect(after(closed, front, [])).toEqual([
      'route a.example: no downtime (app web from now on, the maintenance page before)',
      'route a.example/api: no downtime (app back from now on, the maintenance page before)',
    ]);
  });

  it('is another app, which may have nothing live', () => {
    const moved = ['a.example / app web', 'a.example /api app other'];
    expect(after(front, moved, ['web', 'back', 'other']))
      .toEqual(['route a.example/api: no downtime (app other from now on, app back before)']);
    expect(after(front, moved))
      .toEqual(['end a.example/api: down (app other from now on, of which nothing is live (502); app back before)']);
  });

  it('is what answers for a path above where a path goes, and for one below where it comes', () => {
    expect(after(front, ['a.example / app web']))
      .toEqual(['route a.example/api: no downtime (app web from now on, app back before)']);
    expect(after(['a.example / app web'], ['a.example / app web', 'a.example /docs dir /srv/docs']))
      .toEqual(['route a.example/docs: no downtime (dir /srv/docs from now on, app web before)']);
    expect(after(['a.example /api app web'], ['a.example /api app web', 'a.example /apis dir /srv'])).toEqual([]);
  });

  it('is found among paths that begin alike', () => {
    expect(after(['a.example /a app web', 'a.example /a-b app web', 'a.example /a/b app back'], ['a.example /a app web']))
      .toEqual(['end a.example/a-b: down (no path of it is served there any more (404))',
        'route a.example/a/b: no downtime (app web from now on, app back before)']);
  });

  it('is read in one pass, however much a host says', () => {
    const many = Array.from({ length: 20_000 }, (_, i) => `a.example /${i} app web`);
    expect(after(many, ['a.example / app web'])).toEqual([]);
    expect(after(many.map((line, i) => line.replace('a.', `a${i}.`)), ['*.example / app web'])).toEqual([]);
  });

  it('is what a wildcard serves where a name goes', () => {
    expect(after(['www.a.example / app web', '*.a.example / app web'], ['*.a.example / app web'])).toEqual([]);
    expect(after(['www.a.example / app web', '*.a.example / dir /srv'], ['*.a.example / dir /srv']))
      .toEqual(['route www.a.example: no downtime (dir /srv from now on, app web before)']);
    expect(after(['*.a.example / app web'], ['www.a.example / app web']))
      .toEqual(['end *.a.example: down (it is no longer served here)']);
  });
});

describe('what live itself asks', () => {
  const variable = (value: string): ListedVariable[] => [{ app: 'web', name: 'DB_URL', value, why: 'web uses db' }];
  const broken = (was: string, is: string, apps = ['web']): string =>
    connectionEndings(variable(was), variable(is), apps).map(({ because }) => because.join()).join();

  it('ends with a port, a password or a protocol that changes where it leads to', () => {
    expect(broken('redis://:${a}@127.0.0.1:6379', 'redis://:${a}@127.0.0.1:6400'))
      .toBe('web uses db: new port at once, and live keeps the former until its switch');
    expect(broken('redis://:${a}@127.0.0.1:6379', 'rediss://:${b}@127.0.0.1:6400'))
      .toBe('web uses db: new protocol and port and password at once, and live keeps the former until its switch');
    expect(broken('redis://127.0.0.1:6379', 'redis://:${a}@127.0.0.1:6379')).toContain('new password at once');
    expect(broken('mongodb://web:${a}@10.0.0.1:1,10.0.0.2:1/web', 'mongodb://web:${b}@10.0.0.1:1,10.0.0.2:1/web'))
      .toContain('new password at once');
  });

  it('goes on with another user, another database, a further member, another server', () => {
    for (const [was, is] of [
      ['postgresql://web:${a}@10.0.0.1:5432/web?x', 'postgresql://ada:${b}@10.0.0.1:5432/shop?x'],
      ['mongodb://web:${a}@10.0.0.1:1/web', 'mongodb://web:${a}@10.0.0.1:1,10.0.0.2:1/web'],
      ['redis://:${a}@127.0.0.1:6379', 'redis://:${b}@10.0.0.2:6400'], ['/etc/vgen/tls/ca.pem', '/etc/vgen/tls/b.pem'],
    ] as const) expect(broken(was, is), is).toBe('');
  });

  it('is not asked of an app whose live takes up its files, nor where it is used no more', () => {
    expect(broken('redis://127.0.0.1:6379', 'redis://127.0.0.1:6400', [])).toBe('');
    expect(connectionEndings(variable('redis://127.0.0.1:6379'), [], ['web'])).toEqual([]);
  });
});
