import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expressible, have, inTemporaryDirectory, withTexts } from '../../test/programs.ts';
import { encoders } from './index.ts';

const request = (words: readonly string[]): string =>
  `*${words.length}\r\n${words.map(word => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;

// All requests in one connection; QUIT ends it, so that the answer is whole when the connection ends.
const ask = async (socket: string, requests: readonly (readonly string[])[]): Promise<string> => {
  const connection = connect(socket);
  connection.write([...requests, ['QUIT']].map(request).join(''));
  const chunks: Buffer[] = [];
  for await (const chunk of connection) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
};

const withRedis = (lines: readonly string[], use: (socket: string) => Promise<void>): Promise<void> =>
  inTemporaryDirectory(async directory => {
    const socket = join(directory, 'socket');
    const file = join(directory, 'redis.conf');
    writeFileSync(file, ['port 0', `unixsocket ${socket}`, `dir ${directory}`, 'save ""', ...lines, ''].join('\n'));
    const redis = spawn('redis-server', [file], { stdio: ['ignore', 'pipe', 'ignore'] });
    const ended = once(redis, 'exit');
    let log = '';
    redis.stdout.on('data', data => { log += data; });
    try {
      for (let tries = 0; tries < 100 && redis.exitCode === null; tries++) {
        if (await ask(socket, [['PING']]).then(() => true, () => false)) break;
        await sleep(20);
      }
      await use(socket).catch((cause: unknown) => { throw new Error(`redis: ${log.slice(0, 2000)}`, { cause }); });
    } finally {
      redis.kill('SIGKILL');
      await ended;
    }
  });

describe('redis', () => {
  const needs = '(needs: apt-get install redis-server)';

  it.skipIf(!have('redis-server'))(`redis reads back every password, in clear and as sha256 ${needs}`, () =>
    withTexts(300, async texts => {
      const clear = expressible(text => encoders.redis(`>${text}`), texts);
      const hashed = expressible(encoders.redissha256, texts);
      expect(clear).toHaveLength(texts.length);
      const lines = [
        ...clear.map(({ encoded }, i) => `user c${i} on ${encoded} +ping`),
        ...hashed.map(({ encoded }, i) => `user h${i} on ${encoded} +ping`),
      ];
      await withRedis(lines, async socket => {
        const answer = await ask(socket, [
          ...clear.flatMap(({ text }, i) => [['AUTH', `c${i}`, text], ['AUTH', `c${i}`, `${text}x`]]),
          ...hashed.map(({ text }, i) => ['AUTH', `h${i}`, text]),
        ]);
        const seen = answer.split('\r\n').map(line => line.split(' ')[0]).slice(0, -2);
        expect(seen).toEqual([...clear.flatMap(() => ['+OK', '-WRONGPASS']), ...hashed.map(() => '+OK')]);
      });
    }));

  it.skipIf(!have('redis-server'))(`redis gives back the very bytes of a value ${needs}`, () =>
    withTexts(100, async texts => {
      const all = texts.join('');
      await withRedis([`masterauth ${encoders.redis(all)}`], async socket => {
        expect(await ask(socket, [['CONFIG', 'GET', 'masterauth']]))
          .toBe(`*2\r\n$10\r\nmasterauth\r\n$${Buffer.byteLength(all)}\r\n${all}\r\n+OK\r\n`);
      });
    }));
});
