// uploads.mjs DOMAIN CA: uploads of 64 kB over HTTP/2 to nginx on this network's loopback, four at a time, until
// standard input ends; then one line of JSON. The app answers with its release and what came, which is compared.
import { connect } from 'node:http2';

const [, , domain, ca] = process.argv;
const body = 'x'.repeat(65_536);
const result = { requests: 0, failed: 0, failures: [] };
let isOver = false;
process.stdin.on('data', () => undefined).on('end', () => { isOver = true; });

function upload(session) {
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': '/upload', ':authority': domain });
    let [status, text] = [0, ''];
    stream.setEncoding('utf8');
    stream.on('response', headers => { status = headers[':status']; }).on('data', data => { text += data; });
    stream.on('error', reject).on('end', () => {
      const sent = text.split('\n')[1];
      if (status === 200 && sent === body) resolve();
      else reject(new Error(`HTTP ${status}, ${text.length} bytes`));
    });
    stream.end(body);
  });
}

async function client() {
  let session = null;
  while (!isOver) {
    // nginx ends a session after a number of requests, announced by GOAWAY: the next one is over a new session
    if (session === null || session.closed || session.destroyed) {
      session = connect('https://127.0.0.1', { ca, servername: domain, checkServerIdentity: () => undefined });
      session.on('error', () => undefined);
    }
    result.requests++;
    try {
      await upload(session);
    } catch (cause) {
      result.failed++;
      if (result.failures.length < 10) result.failures.push(`upload: ${cause.message}`);
      session.destroy();
      session = null;
    }
  }
  session?.close();
}

await Promise.all(Array.from({ length: 4 }, client));
process.stdout.write(JSON.stringify(result));
