// OpenSSH to a host: the system's ssh and rsync, with the user's configuration, agent and jump hosts. One
// connection per host is made by the first command and shared by the next ones (ControlMaster).
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { Failure } from '../../contract/diagnostic.ts';
import { shWord } from '../../escape/sh.ts';
import { endAll, runProcess, type Ended, type ProcessOptions } from '../../process/run.ts';
import { endMaster } from './master.ts';
import type { Target } from './targets.ts';

export interface ScriptOptions extends ProcessOptions {
  /** Arguments of the script. */
  readonly args?: readonly string[];
  /** A separate connection, made anew: proves that one can be made. */
  readonly fresh?: boolean;
  /** No connection is kept for what may follow; one that is there is used. */
  readonly single?: boolean;
}

export interface ScriptAnswer {
  /** Exit code of the script; 255 when the host was not reached or the connection broke. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Why there is no exit code of the script, in ssh's words; null when there is one. */
  readonly unreachable: string | null;
}

/** Seconds that the shared connection outlives its last use, also that of a vgen that was killed. */
const PERSIST = 30;

/** What rsync ends with when its connection could not be made or broke: rsync(1), exit values. */
const BROKEN = [10, 12, 30, 35, 255];

/** The connections of one run, with a private directory for sockets, configuration and pinned keys. */
export class Session {
  readonly #dir: string;
  readonly #config: string | null;
  readonly #connections: Connection[] = [];

  /**
   * `config` is read in place of the user's and the system's ssh_config; default is the file named by VGEN_SSH_CONFIG.
   * Throws a Failure when it is not there.
   */
  constructor(config: string | null = process.env['VGEN_SSH_CONFIG'] || null) {
    this.#config = config === null ? null : resolve(config);
    if (this.#config !== null && !existsSync(this.#config)) {
      throw new Failure(`there is no ssh configuration ${this.#config}`);
    }
    // the path of a socket has at most some 100 characters, so it is not below TMPDIR
    const runtime = process.env['XDG_RUNTIME_DIR'];
    this.#dir = mkdtempSync(join(runtime && existsSync(runtime) && runtime.length < 40 ? runtime : '/tmp', 'vgen-'));
  }

  /** Nothing is sent before the first `run` or `push`. */
  connect(target: Target): Connection {
    const number = this.#connections.length;
    const file = join(this.#dir, `${number}.conf`);
    const keys = join(this.#dir, `${number}.keys`);
    const pinned = target.hostKey === null ? [] : [
      `HostKeyAlias ${target.name}`, `UserKnownHostsFile ${keys}`, 'GlobalKnownHostsFile /dev/null',
      'KnownHostsCommand none',
      'StrictHostKeyChecking yes', 'VerifyHostKeyDNS no', 'UpdateHostKeys no',
    ];
    if (target.hostKey !== null) writeFileSync(keys, `${target.name} ${target.hostKey}\n`, { mode: 0o600 });
    const included = this.#config === null ? [join(homedir(), '.ssh/config'), '/etc/ssh/ssh_config'] : [this.#config];
    // the first value of a key counts (ssh_config(5)): ours, then the user's, then what is good enough if nobody says
    writeFileSync(file, [
      'BatchMode yes', 'ForwardAgent no', 'ForwardX11 no', 'ClearAllForwardings yes',
      `Host ${target.destination}`,
      `ControlMaster auto`, `ControlPath ${join(this.#dir, String(number))}`, `ControlPersist ${PERSIST}`,
      ...target.user === null ? [] : [`User ${target.user}`],
      ...target.port === null ? [] : [`Port ${target.port}`],
      ...target.jump === null ? [] : [`ProxyJump ${target.jump}`],
      ...pinned,
      'Host *', ...included.map(path => `Include "${path}"`),
      `Host ${target.destination}`, ...target.address === null ? [] : [`HostName ${target.address}`],
      'Host *', 'ConnectTimeout 10', 'ServerAliveInterval 5', 'ServerAliveCountMax 3', '',
    ].join('\n'), { mode: 0o600 });
    const connection = new Connection(target, file, join(this.#dir, String(number)));
    this.#connections.push(connection);
    return connection;
  }

  /** Ends all connections and removes the directory. */
  async close(): Promise<void> {
    await Promise.all(this.#connections.map(connection => connection.close()));
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** As `close`, at once: the shared connections end by themselves within half a minute. */
  abandon(): void {
    endAll();
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** One host. A user other than root does everything by `sudo -n`. */
export class Connection {
  readonly target: Target;
  readonly #config: string;
  readonly #socket: string;
  #isOpen = false;

  constructor(target: Target, config: string, socket: string) {
    this.target = target;
    this.#config = config;
    this.#socket = socket;
  }

  /**
   * Runs a bash script as root. The text of a script can be seen in the host's list of processes: what is secret goes
   * through `stdin`. Throws a Failure only when there is no ssh on this machine.
   */
  async run(script: string, options: ScriptOptions = {}): Promise<ScriptAnswer> {
    // 255 is left to ssh itself, so that it always means that the connection failed
    const inner =
      's=$1; shift; if [ "$(id -u)" = 0 ]; then bash -c "$s" vgen "$@"; else sudo -n bash -c "$s" vgen "$@"; fi; '
        + 'c=$?; [ "$c" -ne 255 ] || c=254; exit "$c"';
    const words = options.fresh ? ['-o', 'ControlMaster=no', '-o', 'ControlPath=none']
      : options.single ? ['-o', 'ControlMaster=no'] : [];
    if (!options.fresh && !options.single) this.#isOpen = true;
    const command = `exec sh -c ${[inner, 'vgen', script, ...options.args ?? []].map(shWord).join(' ')}`;
    return this.#answer(await program(
      'ssh', ['-F', this.#config, ...words, '-T', this.target.destination, '--', command], options,
    ));
  }

  /**
   * Makes the host's directory the same as the local one, or with a file gives it that file; what else is in the
   * directory is deleted. Everything belongs to root there. The answer is rsync's.
   */
  async push(local: string, remote: string, options: ProcessOptions = {}): Promise<ScriptAnswer> {
    this.#isOpen = true;
    const source = statSync(local).isDirectory() ? `${local}/` : local;
    const root = 'S=$(test "$(id -u)" = 0 || echo sudo -n)';
    return this.#answer(await program('rsync', [
      '-a', '--no-owner', '--no-group', '--checksum', '--delete', '--numeric-ids', '-e', `ssh -F ${this.#config}`,
      '--rsync-path', `${root}; $S mkdir -p -m 0700 ${shWord(remote)} && $S rsync`, source,
      `${this.target.destination}:${remote}/`,
    ], options), BROKEN);
  }

  /** Ends the shared connection. */
  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (await endMaster(this.#socket)) return;
    await program('ssh', ['-F', this.#config, '-O', 'exit', this.target.destination], { timeout: 5000 });
  }

  #answer(ended: Ended, broken: readonly number[] = [255]): ScriptAnswer {
    const { code, stdout, stderr } = ended;
    if (code !== null && !broken.includes(code)) return { code, stdout, stderr, unreachable: null };
    const why = ended.timedOut ? 'no answer in time'
      : ended.saidTooMuch ? 'its answer has no end'
      : code === null ? 'ended from here' : reasonOf(stderr, this.target);
    return { code: 255, stdout, stderr, unreachable: why };
  }
}

const EITHER = 'so nothing was sent: either somebody stands in between, or the host was set up anew';

/** The last words of ssh; about host keys, what to do. */
function reasonOf(stderr: string, { name, destination, hostKey }: Target): string {
  const lines = stderr.trim().split('\n')
    .filter(line => line && !/^(Warning: Permanently added|rsync error|rsync: )/.test(line));
  const last = lines.at(-1)?.replace(/\r$/, '') ?? 'ssh ended without a word';
  if (!/Host key verification failed|REMOTE HOST IDENTIFICATION HAS CHANGED|No .* host key is known/.test(stderr)) {
    return last;
  }
  if (hostKey !== null) {
    return `its host key is not the one that hosts.${name}.ssh.hostKey pins, ${EITHER}; `
      + 'then look at /etc/ssh/ssh_host_ed25519_key.pub on its console and pin that';
  }
  return /IDENTIFICATION HAS CHANGED/.test(stderr)
    ? `its host key is not the one in your known_hosts, ${EITHER}; then: ssh-keygen -R ${destination}`
    : `its host key is not known here: pin it (hosts.${name}.ssh.hostKey), or connect once with: ssh ${destination}`;
}

async function program(name: string, args: readonly string[], options: ProcessOptions): Promise<Ended> {
  try {
    return await runProcess(name, args, options);
  } catch (cause) {
    throw new Failure(`${name} could not be started; it has to be installed on this machine`, { cause });
  }
}
