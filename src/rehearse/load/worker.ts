/**
 * The load itself, a separate process: started inside a host's network, it reaches what listens on the host's
 * loopback. Its one argument is LoadOptions as JSON; it tells its parent `{ ready }`, then again and again `{ requests,
 * seen }` (how many changes of release each client has seen), and `{ result }`. It ends when it is told to stop and has
 * sent what was wanted, when its time has ended, or when its parent ends.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpConnection, Cut } from './connection.ts';
import type { LoadOptions } from './options.ts';
import { hostOf } from './socket.ts';
import { Flips, Tally } from './tally.ts';
import type { LoadResult } from './tally.ts';
import { WebSocketClient } from './websocket.ts';

/** Milliseconds between two requests of a client once the wanted number is sent and switches go on. */
const idle = 100;

const options = JSON.parse(process.argv[2] ?? '') as LoadOptions;
const tally = new Tally();
const flips = new Flips(options.clients);
const started = performance.now();
let stopping = false;
let aborted = false;
let waiting = options.clients;

/** The stand-in names its release in each answer; other apps are asked which slot answers, every other time. */
function ask(client: number, count: number): {
  request: string;
  check: (status: number, body: string) => string | null;
} {
  const head = (method: string, path: string, more = '') =>
    `${method} ${path} HTTP/1.1\r\nHost: ${hostOf(options)}\r\n${more}\r\n`;
  if (!options.standIn) {
    const isIdentity = count % 2 === 0;
    return {
      request: head('GET', isIdentity ? '/.vgen/slot' : options.path),
      check: (status, body) => {
        if (isIdentity ? status !== 200 : status < 200 || status > 399) throw new Error(`HTTP ${status}`);
        return isIdentity ? body.trim() : null;
      },
    };
  }
  const posted = !options.idempotent && (count + client) % 5 === 0
    ? `client ${client} posts ${count}, ${'x'.repeat(count % 200)}` : '';
  return {
    request: posted === '' ? head('GET', options.path)
      : head('POST', options.path, `Content-Length: ${posted.length}\r\n`) + posted,
    check: (status, body) => {
      if (status !== 200) throw new Error(`HTTP ${status}`);
      const [release = ''] = body.split('\n', 1);
      const wanted = `${release}\n${posted === '' ? '' : `${posted}\n`}`;
      if (release === '' || body !== wanted) throw new Error(`wrong body "${body.slice(0, 60)}"`);
      return release;
    },
  };
}

async function client(number: number): Promise<void> {
  let connection: HttpConnection | null = null;
  // After the last switch too everybody asks twice, so that everybody has seen it.
  let last = 2;
  for (let count = 0; !aborted && (!stopping || tally.requests < options.requests || last > 0); count += 1) {
    if (stopping) last -= 1;
    const { request, check } = ask(number, count);
    tally.requests += 1;
    if (request.startsWith('POST')) tally.posts += 1;
    try {
      connection ??= await HttpConnection.open(options);
      const begun = performance.now();
      const answer = await connection.ask(request);
      const now = performance.now();
      tally.answered(now - begun);
      const release = check(answer.status, answer.body.toString());
      if (release !== null) flips.seen(number, release, begun, now);
      if (answer.closes) {
        tally.reconnects += 1;
        connection.end();
        connection = null;
      }
    } catch (cause) {
      if (cause instanceof Cut) tally.resets += 1;
      tally.fail(`client ${number}: ${(cause as Error).message}`);
      connection?.end();
      connection = null;
      await sleep(idle);
    }
    if (count === 0) waiting -= 1;
    if (tally.requests >= options.requests && !stopping) await sleep(idle);
  }
  connection?.end();
}

const sockets = Array.from({ length: options.websockets }, () => new WebSocketClient(options, options.path));
const clients = Array.from({ length: options.clients }, (_, number) => client(number));
let told = false;
const ticker = setInterval(() => {
  if (!told && waiting === 0) {
    told = true;
    void Promise.all(sockets.map(socket => socket.settled)).then(() => process.send?.({ ready: true }));
  }
  process.send?.({ requests: tally.requests, seen: flips.perClient.least });
  if (performance.now() - started > options.seconds * 1000) aborted = true;
}, 50);

process.on('message', () => { stopping = true; });
process.on('disconnect', () => { aborted = true; });

await Promise.all(clients);
clearInterval(ticker);
for (const socket of sockets) socket.end();
const result: LoadResult = {
  seconds: (performance.now() - started) / 1000,
  requests: tally.requests, posts: tally.posts, failed: tally.failed, resets: tally.resets,
  reconnects: tally.reconnects,
  failures: [
    ...tally.failures,
    ...sockets.flatMap(({ report }) => report.dropped === null ? [] : [`websocket: ${report.dropped}`]),
  ],
  latency: tally.latency, sequence: flips.sequence, flips: flips.count, flipsPerClient: flips.perClient,
  websockets: {
    opened: sockets.filter(({ report }) => report.opened).length,
    dropped: sockets.filter(({ report }) => report.dropped !== null).length,
    echoes: sockets.reduce((sum, { report }) => sum + report.echoes, 0),
  },
};
if (process.connected) process.send?.({ result }, () => process.disconnect());
