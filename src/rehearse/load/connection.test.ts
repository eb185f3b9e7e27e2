import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { createServer as createSocketServer } from 'node:net';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { HttpConnection, Cut, readResponse } from './connection.ts';

const haveOpenssl = spawnSync('openssl', ['version']).status === 0;
const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

const listen = (server: Server): Promise<HttpConnection> => new Promise(resolve => {
  servers.push(server);
  server.listen(0, '127.0.0.1', () =>
    resolve(HttpConnection.open({ address: '127.0.0.1', port: (server.address() as AddressInfo).port })));
});
const serve = (listener: RequestListener): Promise<HttpConnection> => listen(createServer(listener));
const raw = (text: string, end: boolean): Promise<HttpConnection> => listen(createSocketServer(socket => {
  socket.on('error', () => undefined);
  socket.once('data', () => (end ? socket.end(text) : socket.write(text)));
}));
const get = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

describe('an answer of a real server', () => {
  it('with a length, in chunks, or without a body, over one connection', async () => {
    let count = 0;
    const connection = await serve((_, response) => {
      count += 1;
      if (count === 1) response.end('one');
      else if (count === 2) {
        response.write('t'.repeat(70_000));
        response.write('wo');
        response.end();
      } else response.writeHead(204).end();
    });
    expect(await connection.ask(get)).toMatchObject({ status: 200, body: Buffer.from('one'), closes: false });
    expect((await connection.ask(get)).body.toString()).toBe(`${'t'.repeat(70_000)}wo`);
    expect(await connection.ask(get)).toMatchObject({ status: 204, body: Buffer.alloc(0) });
    connection.end();
  });

  it('may announce the end of the connection', async () => {
    const connection = await serve((_, response) => response.setHeader('Connection', 'close').end('bye'));
    expect(await connection.ask(get)).toMatchObject({ status: 200, closes: true });
    connection.end();
  });
});

describe('a fault', () => {
  it.each([
    ['an answer that is cut', 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort', true, Cut],
    ['no answer at all', '', true, Cut],
    ['more than the answer', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab', false, Error],
    ['an answer without a length', 'HTTP/1.1 200 OK\r\n\r\n', false, Error],
    ['something else', 'SSH-2.0-OpenSSH\r\n\r\n', false, Error],
  ])('%s', async (_, text, end, kind) => {
    const connection = await raw(text, end);
    await expect(connection.ask(get)).rejects.toBeInstanceOf(kind);
    await expect(connection.ask(get)).rejects.toThrow();
  });

  it('a connection that nobody takes', async () => {
    await expect(HttpConnection.open({ address: '127.0.0.1', port: 1 })).rejects.toThrow(/ECONNREFUSED/);
  });
});

it('waits for what is not there yet', () => {
  const text = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n';
  for (let length = 0; length < text.length; length += 1) {
    expect(readResponse(Buffer.from(text.slice(0, length)))).toBeNull();
  }
  expect(readResponse(Buffer.from(text))).toMatchObject({ body: Buffer.from('abc') });
});

describe.skipIf(!haveOpenssl)('over TLS (needs: apt-get install openssl)', () => {
  /** A key and a certificate for a.test that it signs itself. */
  const made = (): { key: string; cert: string } => {
    const directory = mkdtempSync(join(tmpdir(), 'vgen-tls-'));
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1',
      '-subj', '/CN=a.test', '-addext', 'subjectAltName=DNS:a.test',
      '-keyout', join(directory, 'key'), '-out', join(directory, 'cert'),
    ], { stdio: 'ignore' });
    const [key = '', cert = ''] = ['key', 'cert'].map(name => readFileSync(join(directory, name), 'utf8'));
    rmSync(directory, { recursive: true });
    return { key, cert };
  };
  const one = haveOpenssl ? made() : { key: '', cert: '' };
  const open = (name: string, ca: string): Promise<HttpConnection> => new Promise((resolve, reject) => {
    const server = createSecureServer(one, (_, response) => response.end('secret'));
    servers.push(server);
    server.listen(0, '127.0.0.1', () => HttpConnection.open({
      address: '127.0.0.1', port: (server.address() as AddressInfo).port, tls: { name, ca },
    }).then(resolve, reject));
  });

  it('asks who has the right certificate', async () => {
    const connection = await open('a.test', one.cert);
    expect((await connection.ask(get)).body.toString()).toBe('secret');
    connection.end();
  });

  it('asks nobody who has the certificate of another, or one from elsewhere', async () => {
    await expect(open('b.test', one.cert)).rejects.toThrow(/does not match certificate's altnames/);
    await expect(open('a.test', made().cert)).rejects.toThrow(/self-signed|unable to verify|signature/);
  });
});
