import { readFileSync } from 'node:fs';
import { cutPower, powerOn, shutDown } from './container.ts';
import type { Container, ContainerOptions } from './container.ts';
import { setPlug } from './network.ts';
import type { OwnDisk } from './own-disk.ts';
import { isAlive, signal } from '../process/marks.ts';
import { lastLines, run } from '../process/run.ts';
import type { ProcessMark } from '../process/marks.ts';
import type { Outcome, ToolOptions } from '../process/run.ts';
import { configFile, openMaster } from './ssh.ts';

export interface HostScriptOptions {
  /** Data for the script's standard input; default none. */
  stdin?: string | Buffer | undefined;
  /** Default 300. */
  timeoutSeconds?: number | undefined;
  /** Over a separate connection, not the one that is kept open. */
  fresh?: boolean | undefined;
}

export interface HostOptions {
  /** Position in the fleet. */
  index: number;
  name: string;
  address: string;
  runDir: string;
  container: ContainerOptions;
  /** Null: what is written is kept, whatever happens to the host. */
  disk: OwnDisk | null;
  /** Called when the processes of the host have changed. */
  onProcesses: () => void;
  onProgress: (line: string) => void;
}

/** Seconds that a host may take to boot or to shut down. */
const patience = 90;

/** A Debian host that boots, crashes and answers by ssh as a server does. */
export class RehearsalHost {
  readonly name: string;
  /** Where this machine reaches the host. */
  readonly address: string;
  /** The host's file system as this machine sees it; there also when the power is off. */
  readonly root: string;
  /** How long the last boot took. */
  bootSeconds = 0;
  readonly #options: HostOptions;
  #container: Container | null = null;
  #master: ProcessMark | null = null;

  constructor(options: HostOptions) {
    this.name = options.name;
    this.address = options.address;
    this.root = options.container.root;
    this.#options = options;
  }

  /** The processes on this machine that are the host; none when the power is off. */
  get processes(): ProcessMark[] {
    return this.#container === null ? [] : [this.#container.nspawn, this.#container.leader];
  }

  /**
   * The host's PID 1 as this machine numbers it, for nsenter(1).
   * @throws Error when the power is off.
   */
  get leader(): number {
    if (this.#container === null) throw new Error(`${this.name} is off`);
    return this.#container.leader.pid;
  }

  /**
   * Turns the host on and waits until ssh answers and systemd has started everything.
   * @throws Error with the end of the console when it does not come up in 90 s.
   */
  async boot(): Promise<void> {
    if (this.#container !== null) throw new Error(`${this.name} is already running`);
    const start = performance.now();
    const container = this.#container = await powerOn(this.#options.container);
    this.#options.onProcesses();
    const deadline = Date.now() + patience * 1000;
    await this.#connect(() => Date.now() > deadline || !isAlive(container.leader));
    const state = this.#master === null ? 'without an answer by ssh'
      : (await this.run('systemctl is-system-running --wait', { timeoutSeconds: patience })).stdout.trim();
    if (state === 'degraded') {
      const failed = await this.run('systemctl --failed --plain --no-legend --no-pager');
      this.#options.onProgress(`${this.name} is degraded: ${failed.stdout.trim()}`);
    } else if (state !== 'running') {
      const console = lastLines(readFileSync(this.#options.container.log, 'utf8'), 15);
      throw new Error(`${this.name} did not boot, it is ${state}\n${console}`);
    }
    this.bootSeconds = (performance.now() - start) / 1000;
  }

  /**
   * Runs a bash script as root by ssh. Code 255 is also what ssh says when it cannot connect or the connection breaks.
   * @throws Error when it still runs after `timeoutSeconds`; the script itself may live on inside.
   */
  async run(script: string, options: HostScriptOptions = {}): Promise<Outcome> {
    // sshd hands the one argument to root's login shell, bash -c, as it is.
    const own = options.fresh === true ? ['-o', 'ControlPath=none'] : [];
    return run('ssh', ['-F', configFile(this.#options.runDir), ...own, this.name, '--', script], withTimeout(options));
  }

  /**
   * As `run`, but by the host's console: without network, sshd or firewall in between.
   * @throws Error when the power is off.
   */
  async console(script: string, options: HostScriptOptions = {}): Promise<Outcome> {
    const target = ['--target', String(this.leader), '--all', '--wd=/'];
    const clean = ['env', '-i', 'HOME=/root', 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'];
    return run('nsenter', [...target, ...clean, 'bash', '-c', script], withTimeout(options));
  }

  /**
   * Makes `remoteDir` the same as `localDir`: links, modes, owners, times; what else is in `remoteDir` is deleted.
   * @throws Error with rsync's words.
   */
  async push(localDir: string, remoteDir: string): Promise<void> {
    await this.#rsync(['--delete', `${localDir}/`, `${this.name}:${remoteDir}/`]);
  }

  /**
   * Copies a file or a folder into `remoteDir`, under its name.
   * @throws Error with rsync's words.
   */
  async send(localPath: string, remoteDir: string): Promise<void> {
    await this.#rsync([localPath, `${this.name}:${remoteDir}/`]);
  }

  /**
   * Takes the power away, as a crash: what was not written yet by the programs inside is lost, and on a disk of its own
   * also what was written and not synced.
   */
  async powerOff(): Promise<void> {
    if (this.#container === null) return;
    this.#options.disk?.losePower();
    await this.#off(cutPower);
    this.#options.disk?.comeBack();
  }

  /** @throws Error when the host takes more than 90 s; then its power is cut. */
  async shutdown(): Promise<void> {
    await this.#off(container => shutDown(container, patience));
  }

  /** Pulls the network plug. The host keeps its addresses and does not notice but for the silence. */
  async cut(): Promise<void> {
    await this.#plug('down');
  }

  /** Puts the plug back and waits (at most 90 s) until ssh answers again. */
  async mend(): Promise<void> {
    await this.#plug('up');
    const deadline = Date.now() + patience * 1000;
    await this.#connect(() => Date.now() > deadline);
  }

  async #rsync(args: string[]): Promise<void> {
    const { code, stderr } = await run('rsync', [
      '-a', '--numeric-ids', '--mkpath', '-e', `ssh -F ${configFile(this.#options.runDir)}`, ...args,
    ], { timeoutSeconds: 300 });
    if (code !== 0) throw new Error(`rsync ${args.at(-2)} ${args.at(-1)} ended with code ${code}\n${stderr.trim()}`);
  }

  async #plug(state: 'up' | 'down'): Promise<void> {
    await setPlug(this.#options.container.slot, this.#options.container.machine, state);
  }

  async #connect(isOver: () => boolean): Promise<void> {
    this.#disconnect();
    this.#master = await openMaster(this.#options.runDir, this.#options, isOver);
  }

  #disconnect(): void {
    if (this.#master !== null) signal(this.#master, 'SIGTERM');
    this.#master = null;
  }

  async #off(end: (container: Container) => Promise<void>): Promise<void> {
    const container = this.#container;
    if (container === null) return;
    this.#disconnect();
    try {
      await end(container);
    } finally {
      if (!isAlive(container.leader)) this.#container = null;
      this.#options.onProcesses();
    }
  }
}

function withTimeout({ stdin, timeoutSeconds = 300 }: HostScriptOptions): ToolOptions {
  return { stdin, timeoutSeconds };
}
