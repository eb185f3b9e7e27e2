// Ends the process that holds a shared connection, as "ssh -O exit" does and without starting another ssh: two packets
// over its socket, by PROTOCOL.mux of OpenSSH.
import { existsSync } from 'node:fs';
import { connect } from 'node:net';

const HELLO = 0x0000_0001;
const VERSION = 4;
const TERMINATE = 0x1000_0005;
const REQUEST = 1;

/** A length, then numbers of 32 bits. */
function packet(...numbers: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * (numbers.length + 1));
  [4 * numbers.length, ...numbers].forEach((number, i) => bytes.writeUInt32BE(number, 4 * i));
  return bytes;
}

/** Whether the connection behind the socket has ended, or there is none. Milliseconds in `timeout`. */
export function endMaster(socket: string, timeout = 1000): Promise<boolean> {
  if (!existsSync(socket)) return Promise.resolve(true);
  return new Promise(resolve => {
    const master = connect(socket);
    const done = (ended: boolean): void => {
      master.destroy();
      resolve(ended);
    };
    master.setTimeout(timeout, () => done(false));
    // it may be gone before its answer is
    master.on('error', () => done(!existsSync(socket)));
    master.on('close', () => done(true));
    master.resume();
    master.write(Buffer.concat([packet(HELLO, VERSION), packet(TERMINATE, REQUEST)]));
  });
}
