// The tests' app for Node.js, with an IPC channel of a cluster or without: as server.pl, it says who it is, and what
// the Redis of CACHE_URL answers.
const { createServer } = require('node:http');
const { connect } = require('node:net');

const cache = () => new Promise(resolve => {
  const { hostname, port, password, protocol } = new URL(process.env.CACHE_URL ?? 'none:');
  if (protocol !== 'redis:') return resolve(false);
  const socket = connect(Number(port), hostname, () =>
    socket.write(`${password ? `AUTH ${decodeURIComponent(password)}\r\n` : ''}PING\r\n`));
  let text = '';
  const end = answer => {
    resolve(answer);
    socket.destroy();
  };
  socket.setTimeout(2000, () => end(false)).on('error', () => end(false)).on('close', () => end(false));
  socket.on('data', data => {
    text += data;
    if (/^(\+PONG|-)/m.test(text)) end(/^\+PONG/m.test(text));
  });
});

createServer(async ({ url }, answer) => {
  answer.statusCode = url !== '/cache' || await cache() ? 200 : 500;
  answer.end('@VERSION@\n');
}).listen(Number(process.argv[2]), '127.0.0.1');
