// Namespaces of their own (mounts, network, processes) in which a host's /etc, /opt, /run and /var are those of a
// scratch directory. All in it ends with its first process, and that one with this process: it reads our pipe.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Server, Socket } from 'node:net';
import { layOut } from './scratch.ts';
import type { Tree } from './trees.ts';

export interface Ran { readonly code: number; readonly stdout: string; readonly stderr: string }
export interface RunOptions { readonly env?: Readonly<Record<string, string>>; readonly user?: string }

export interface Inside {
  /** The scratch directory, seen from outside. */
  readonly root: string;
  /** Of the process that holds the namespaces. */
  readonly pid: number;
  run(program: string, words: readonly string[], options?: RunOptions): Promise<Ran>;
  /** Starts what does not end by itself; it ends with the namespaces. */
  start(program: string, words: readonly string[], options?: RunOptions): { said(): string };
  /** A TCP server in the network of the namespace, used from here. */
  listen(port: number): Promise<Server>;
  /** A TCP connection in the network of the namespace, used from here. */
  connect(port: number, host?: string): Promise<Socket>;
}

const FIRST_PROCESS = `
set -eu
root=$1; shift
ip link set lo up
for part in etc opt run var; do mount --bind "$root/$part" "/$part"; done
for dir; do mount -t overlay overlay -o "lowerdir=$root/over$dir:$dir" "$dir"; done
echo ready
while read -r _; do :; done`;

/** Runs in the network namespace and hands the sockets that it opens to this process. */
const SOCKET_OPENER = `
const net = require('node:net');
process.on('disconnect', () => process.exit());
process.on('message', ({ id, listen, connect }) => {
  const failed = error => process.send({ id, error: error.message });
  if (listen) {
    const server = net.createServer({ pauseOnConnect: true }).on('error', failed);
    server.listen(listen, () => process.send({ id }, server, () => server.close()));
  } else {
    const socket = net.connect(connect).on('error', failed);
    socket.on('connect', () => { socket.pause(); process.send({ id }, socket); });
  }
});`;

const environment = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C.UTF-8' };

/** Gives `use` a host of the tree in namespaces of its own, and ends all in them afterwards. */
export async function inside<T>(tree: Tree, use: (host: Inside) => Promise<T>): Promise<T> {
  const host = await enter(tree);
  try {
    return await use(host);
  } finally {
    await host.leave();
  }
}

/** Makes namespaces that last until `leave`. */
export async function enter(tree: Tree): Promise<Inside & { leave(): Promise<void> }> {
  const scratch = layOut(tree);
  const holder = spawn('unshare', ['--mount', '--net', '--pid', '--fork', '--kill-child', '--mount-proc',
    '--propagation', 'private',
    '--', 'bash', '-c', FIRST_PROCESS, 'bash', scratch.root, ...scratch.overlaid],
      { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(holder, 'exit');
  let opener: Opener | null = null;
  const leave = async (): Promise<void> => {
    opener?.end();
    holder.stdin.end();
    const late = setTimeout(() => holder.kill('SIGKILL'), 2000);
    if (holder.exitCode === null && holder.signalCode === null) await ended;
    clearTimeout(late);
    scratch.remove();
  };
  const [ready] = await Promise.race([once(holder.stdout, 'data'), ended]);
  if (!Buffer.isBuffer(ready)) {
    await leave();
    throw new Error('the namespaces could not be made');
  }
  const pid = holder.pid ?? 0;
  const command = (program: string, words: readonly string[], { env = {}, user }: RunOptions): [string, string[],
      object] => [
    'nsenter',
    [`--mount=/proc/${pid}/ns/mnt`, `--net=/proc/${pid}/ns/net`, `--pid=/proc/${pid}/ns/pid_for_children`, '--',
      ...(user ? ['setpriv', '--reuid', user, '--regid', user, '--init-groups', '--'] : []), program, ...words],
    { env: { ...environment, ...env }, cwd: '/' },
  ];
  const open = (request: object): Promise<unknown> => (opener ??= openerIn(pid)).ask(request);
  return {
    root: scratch.root, pid, leave,
    run: (program, words, options = {}) => new Promise(resolve => {
      const [file, args, how] = command(program, words, options);
      const most = { encoding: 'utf8', timeout: 20_000, killSignal: 'SIGKILL', maxBuffer: 2 ** 26 } as const;
      const child = execFile(file, args, { ...how, ...most }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : child.exitCode ?? -1, stdout, stderr }));
      child.stdin?.end();
    }),
    start: (program, words, options = {}) => {
      let said = '';
      const child = spawn(...command(program, words, options));
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', data => { said += String(data); });
      return { said: () => said };
    },
    listen: port => open({ listen: { port, host: '127.0.0.1' } }) as Promise<Server>,
    connect: (port, host = '127.0.0.1') => open({ connect: { port, host } }) as Promise<Socket>,
  };
}

interface Opener { ask(request: object): Promise<unknown>; end(): void }

function openerIn(pid: number): Opener {
  const child: ChildProcess = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, '--', process.execPath, '-e',
    SOCKET_OPENER],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const waiting = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  let last = 0;
  child.on('message', (message, handle) => {
    const { id, error } = message as { id: number; error?: string };
    if (error === undefined) waiting.get(id)?.resolve(handle);
    else waiting.get(id)?.reject(new Error(error));
  });
  return {
    ask: request => new Promise((resolve, reject) => {
      waiting.set(++last, { resolve, reject });
      child.send({ id: last, ...request });
    }),
    end: () => child.disconnect(),
  };
}

/** Asks until the answer is what is wanted, for at most ten seconds. */
export async function until<T>(ask: () => T | Promise<T>, good: (answer: T) => boolean): Promise<T> {
  for (const end = Date.now() + 10_000; ;) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (Date.now() > end) throw new Error(`still not: ${JSON.stringify(answer)}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
