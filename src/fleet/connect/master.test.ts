import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endMaster } from './master.ts';

const dir = mkdtempSync(join(tmpdir(), 'vgen-master-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What is said to a socket, and what `endMaster` makes of the answer. */
function told(name: string, answer: (socket: Socket) => void): Promise<{ ended: boolean; words: number[] }> {
  const bytes: Buffer[] = [];
  const server = createServer(socket => socket.on('error', () => undefined).on('data', chunk => {
    bytes.push(chunk);
    answer(socket);
  }));
  return new Promise(resolve => {
    server.listen(join(dir, name), () => void endMaster(join(dir, name), 200).then(ended => {
      server.close();
      const all = Buffer.concat(bytes);
      resolve({ ended, words: Array.from({ length: all.length / 4 }, (_, i) => all.readUInt32BE(4 * i)) });
    }));
  });
}

describe('the end of a shared connection', () => {
  it('is asked for as PROTOCOL.mux says, and had once the master is gone', async () => {
    expect(await told('gone', socket => socket.destroy()))
      .toEqual({ ended: true, words: [8, 0x1, 4, 8, 0x1000_0005, 1] });
  });

  it('is not believed of a master that stays', async () => {
    expect((await told('stays', () => undefined)).ended).toBe(false);
  });

  it('is nothing to ask for where there is none', async () => {
    expect(await endMaster(join(dir, 'none'))).toBe(true);
  });
});
