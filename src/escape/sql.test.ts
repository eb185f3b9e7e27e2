import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expressible, inTemporaryDirectory, withTexts } from '../../test/programs.ts';
import { encoders } from './index.ts';

/** Where Debian has the programs of the newest PostgreSQL that is installed; null if there is none. */
const all = '/usr/lib/postgresql';
const bin = (existsSync(all) ? readdirSync(all).sort() : []).map(version => join(all, version, 'bin'))
  .findLast(dir => existsSync(join(dir, 'initdb'))) ?? null;

/** PostgreSQL refuses to run as root; its package makes the user. */
const asPostgres = (directory: string, program: string, words: string[]): string =>
  execFileSync('setpriv', ['--reuid=postgres', '--regid=postgres', '--init-groups', join(bin ?? '', program), ...words],
    {
      cwd: directory, encoding: 'utf8', maxBuffer: 2 ** 26,
      env: { PATH: process.env['PATH'] ?? '', LC_ALL: 'C', PGCLIENTENCODING: 'UTF8' },
    });

describe('sqlstring', () => {
  const able = process.getuid?.() === 0 && bin !== null;
  it.skipIf(!able)('PostgreSQL reads back every value, with and without standard strings (needs: root; apt-get '
    + 'install postgresql)', () =>
    inTemporaryDirectory(async directory => {
      const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
      chmodSync(directory, 0o755);
      mkdirSync(join(directory, 'run'));
      chownSync(join(directory, 'run'), id('-u'), id('-g'));
      const data = join(directory, 'run/data');
      asPostgres(directory, 'initdb', ['--pgdata', data, '--auth=peer', '--encoding=UTF8', '--locale=C', '--no-sync']);
      asPostgres(directory, 'pg_ctl', [
        'start', '--wait', '--silent', '--pgdata', data, '--log', join(data, 'log'), '-o',
        `-k ${directory}/run -c listen_addresses= -c fsync=off`,
      ]);
      try {
        await withTexts(150, async texts => {
          const all = expressible(encoders.sqlstring, texts);
          expect(all).toHaveLength(texts.length);
          for (const standard of ['on', 'off']) {
            const questions = all.map(({ encoded }) => `SELECT encode(convert_to(${encoded}, 'UTF8'), 'hex');\n`);
            const ask = `SET standard_conforming_strings = ${standard};\n${questions.join('')}`;
            writeFileSync(join(directory, 'ask.sql'), ask);
            const answer = asPostgres(directory, 'psql', [
              '--no-psqlrc', '--quiet', '-At', '-v', 'ON_ERROR_STOP=1', '-h', join(directory, 'run'), '-f',
              join(directory, 'ask.sql'), 'postgres',
            ]);
            expect(answer.split('\n').slice(0, -1)).toEqual(all.map(({ text }) => Buffer.from(text).toString('hex')));
          }
        });
      } finally {
        asPostgres(directory, 'pg_ctl', ['stop', '--silent', '--mode=immediate', '--pgdata', data]);
      }
    }), 60_000);
});
