import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expressible, have, inTemporaryDirectory, withTexts } from '../../test/programs.ts';
import { encoders } from './index.ts';

interface Answer { type: string; body: string }

const answerOf = async (socket: string, path: string): Promise<Answer> => {
  const connection = connect(socket);
  connection.write(`GET ${path} HTTP/1.0\r\n\r\n`);
  const chunks: Buffer[] = [];
  for await (const chunk of connection) chunks.push(chunk as Buffer);
  const answer = Buffer.concat(chunks).toString();
  const end = answer.indexOf('\r\n\r\n');
  return {
    type: /\r\nContent-Type: (.*?)\r\n/s.exec(answer.slice(0, end + 2))?.[1] ?? '',
    body: answer.slice(end + 4),
  };
};

// nginx with one location for each pair of parameters, of which one is evaluated for variables and one is not.
const answers = (parameters: readonly string[]): Promise<Answer[]> => inTemporaryDirectory(async directory => {
  const socket = join(directory, 'socket');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map(name => `${name}_temp_path ${directory}/t;`);
  writeFileSync(join(directory, 'nginx.conf'), [
    `daemon off; master_process off; pid ${directory}/pid; error_log stderr;`,
    'events {}',
    `http { geo $dollar { default "$"; } access_log off; ${temporary.join(' ')}`,
    `server { listen unix:${socket};`,
    ...parameters.map((parameter, i) => `location = /${i} { ${parameter} }`),
    '} }', '',
  ].join('\n'));
  const arguments_ = ['-p', directory, '-e', 'stderr', '-c', 'nginx.conf'];
  const nginx = spawn('nginx', arguments_, {
    env: { PATH: `${process.env['PATH']}:/usr/sbin` }, stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(nginx, 'exit');
  let problems = '';
  nginx.stderr.on('data', data => { problems += data; });
  try {
    for (let tries = 0; tries < 100 && nginx.exitCode === null; tries++) {
      if (await answerOf(socket, '/').then(() => true, () => false)) break;
      await sleep(20);
    }
    const result: Answer[] = [];
    for (const i of parameters.keys()) result.push(await answerOf(socket, `/${i}`));
    return result;
  } catch (cause) {
    throw new Error(`nginx does not answer: ${problems.slice(0, 2000)}`, { cause });
  } finally {
    nginx.kill('SIGKILL');
    await ended;
  }
});

describe('nginx', () => {
  const needs = '(needs: apt-get install nginx-light)';

  it.skipIf(!have('nginx'))(`nginx reads back every value ${needs}`, () => withTexts(300, async texts => {
    const values = expressible(encoders.nginx, texts);
    const seen = await answers(values.map(({ encoded }) => `return 200 ${encoded};`));
    expect(seen.map(answer => answer.body)).toEqual(values.map(({ text }) => text));
  }));

  it.skipIf(!have('nginx'))(`nginx reads back every value where it evaluates no variables ${needs}`, () =>
    withTexts(300, async texts => {
      const values = expressible(encoders.nginxraw, texts);
      const seen = await answers(values.map(({ encoded }) => `default_type ${encoded}; return 200 "x";`));
      expect(seen.map(answer => answer.type)).toEqual(values.map(({ text }) => text));
    }));

  it.skipIf(!have('nginx'))(`nginx accepts the longest value ${needs}`, async () => {
    const longest = 'ł'.repeat(1999);
    expect(await answers([`return 200 ${encoders.nginx(longest)};`])).toMatchObject([{ body: longest }]);
    expect(() => encoders.nginx(`${longest}x`)).toThrow('longer than 4000 bytes');
  });
});
