// uploads.mjs DOMAIN CA: requests over HTTP/2 to nginx on this network's loopback, four at a time, every fifth of them
// an upload of 64 kB, until standard input ends; then one line of JSON. The app answers with its release and what came,
// which is compared; how often a client saw another release than before is counted.
import { connect } from 'node:http2';

const [, , domain, ca] = process.argv;
const body = 'x'.repeat(65_536);
const result = { requests: 0, uploads: 0, failed: 0, failures: [], flips: [] };
let isOver = false;
process.stdin.on('data', () => undefined).on('end', () => { isOver = true; });

/** One request; resolves to the release that answered it. */
function ask(session, sent) {
  return new Promise((resolve, reject) => {
    // with a length: nginx passes a body on as it comes, and the stand-in does not read chunks
    const stream = session.request({
      ':authority': domain, ':path': '/upload', ...sent ? { ':method': 'POST', 'content-length': sent.length } : {},
    }, { endStream: !sent });
    let [status, text] = [0, ''];
    stream.setEncoding('utf8');
    stream.on('response', headers => { status = headers[':status']; }).on('data', data => { text += data; });
    stream.on('error', reject).on('end', () => {
      const [release = '', ...rest] = text.split('\n');
      if (status === 200 && release !== '' && rest.join('\n') === (sent ? `${sent}\n` : '')) resolve(release);
      else reject(new Error(`HTTP ${status}, ${text.length} bytes`));
    });
    if (sent) stream.end(sent);
  });
}

async function client(number) {
  let [session, last] = [null, null];
  result.flips[number] = 0;
  for (let count = 0; !isOver; count++) {
    // nginx ends a session after a number of requests, announced by GOAWAY: the next one is over a new session
    if (session === null || session.closed || session.destroyed) {
      session = connect('https://127.0.0.1', { ca, servername: domain });
      session.on('error', () => undefined);
    }
    const sent = count % 5 === 0 ? body : '';
    result.requests++;
    if (sent) result.uploads++;
    try {
      const release = await ask(session, sent);
      if (last !== null && release !== last) result.flips[number]++;
      last = release;
    } catch (cause) {
      result.failed++;
      if (result.failures.length < 10) result.failures.push(`HTTP/2: ${cause.message}`);
      session.destroy();
      session = null;
    }
  }
  session?.close();
}

await Promise.all(Array.from({ length: 4 }, (_, number) => client(number)));
process.stdout.write(JSON.stringify(result));
