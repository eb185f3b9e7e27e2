/** One systemd-nspawn container: its processes, from power on to power off. */
import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { makeGroups, removeGroupsNow } from './cgroup.ts';
import { bridge, namespaceFile } from './network.ts';
import { childrenOf, isAlive, markOf, signal } from '../process/marks.ts';
import { environment, lastLines } from '../process/run.ts';
import { sleep } from '../process/sleep.ts';
import type { ProcessMark } from '../process/marks.ts';

/** A folder or file of the machine that hosts see. */
export interface Bind {
  from: string;
  to: string;
  /** Whether hosts may change it; default false. */
  writable?: boolean | undefined;
}

export interface ContainerOptions {
  slot: number;
  /** Unique on this machine and at most 12 characters, since `vb-<machine>` names its plug. */
  machine: string;
  hostname: string;
  root: string;
  /** The file that takes what the host prints on its console. */
  log: string;
  /** The fleet's control groups; empty where systemd is this machine's PID 1. */
  groups: string[];
  binds: Bind[];
  /** Allow what a container engine inside needs (all capabilities, keyrings, bpf). */
  nested: boolean;
}

export interface Container {
  nspawn: ProcessMark;
  /** The host's PID 1. */
  leader: ProcessMark;
  groups: string[];
}

/** Arguments: how many groups to join, these, then the program to become with its arguments. */
const joinGroups = `
  left=$1
  shift
  while [ "$left" -gt 0 ]; do
    echo $$ > "$1/cgroup.procs" || exit
    shift
    left=$((left - 1))
  done
  exec "$@"`;

/** systemd's signal for an orderly power off, SIGRTMIN+4 (systemd(1)); SIGRTMIN is 34 in glibc. */
const orderlyPowerOff = 34 + 4;

/**
 * Turns a host on; it is not booted yet when this returns.
 * @throws Error with the end of nspawn's output when it does not start.
 */
export async function powerOn(options: ContainerOptions): Promise<Container> {
  const log = openSync(options.log, 'w');
  // setpriv: when this process is killed, nspawn gets SIGTERM and with --kill-signal kills the host at once.
  // (On SIGKILL of nspawn itself the host lives on.) Each execs what follows, so the pid is nspawn's.
  const groups = makeGroups(options.groups, options.machine);
  const child = spawn('sh', [
    '-c', joinGroups, 'sh', String(groups.length), ...groups,
    'setpriv', '--pdeathsig=TERM', 'nsenter', `--net=${namespaceFile(options.slot)}`,
    'systemd-nspawn', ...flags(options),
  ], { env: environment(), detached: true, stdio: ['ignore', log, log] });
  closeSync(log);
  child.on('error', () => undefined);
  child.unref();
  const nspawn = child.pid === undefined ? null : markOf(child.pid);
  const deadline = Date.now() + 20_000;
  while (nspawn !== null && isAlive(nspawn) && Date.now() < deadline) {
    const leader = childrenOf(nspawn.pid).find(mark => isInit(mark.pid));
    if (leader !== undefined) return { nspawn, leader, groups };
    await sleep(20);
  }
  if (nspawn !== null) signal(nspawn, 'SIGTERM');
  throw new Error(`${options.hostname} did not start\n${lastLines(readFileSync(options.log, 'utf8'), 10)}`);
}

/** Takes the power away: nothing inside gets a chance to finish. Returns when all of it is gone. */
export async function cutPower(container: Container): Promise<void> {
  signal(container.leader, 'SIGKILL');
  await gone(container, 10);
}

/**
 * Shuts down in order, as `systemctl poweroff` would.
 * @throws Error when the host is still running after `seconds`; then the power is cut.
 */
export async function shutDown(container: Container, seconds: number): Promise<void> {
  signal(container.leader, orderlyPowerOff);
  await gone(container, seconds).catch(async (cause: unknown) => {
    await cutPower(container);
    throw cause;
  });
}

async function gone({ nspawn, leader, groups }: Container, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (isAlive(nspawn) || isAlive(leader)) {
    if (Date.now() > deadline) throw new Error(`the host (process ${leader.pid}) still ran after ${seconds} s`);
    await sleep(20);
  }
  removeGroupsNow(groups);
}

function flags({ machine, hostname, root, groups, binds, nested }: ContainerOptions): string[] {
  return [
    '--boot', '--quiet', `--directory=${root}`, `--machine=${machine}`, `--hostname=${hostname}`,
    `--network-bridge=${bridge}`, '--resolv-conf=off', '--timezone=off', '--link-journal=no',
    '--private-users=no', '--kill-signal=SIGKILL', '--register=no',
    '--rlimit=RLIMIT_CORE=0', '--rlimit=RLIMIT_NOFILE=1024:524288',
    // With systemd as this machine's PID 1 the host gets a separate scope; elsewhere it has the groups above.
    ...groups.length === 0 ? ['--property=MemoryMax=2G', '--property=TasksMax=8192'] : ['--keep-unit'],
    ...nested ? ['--capability=all', '--system-call-filter=add_key keyctl bpf'] : [],
    ...binds.map(({ from, to, writable }) => `--bind${writable === true ? '' : '-ro'}=${from}:${to}`),
  ];
}

/** nspawn's helper becomes the host's PID 1 by exec: in its pid namespace it has number 1 (proc(5), NSpid). */
function isInit(pid: number): boolean {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return /^NSpid:.*\t1$/m.test(status) && /^Name:\tsystemd$/m.test(status);
  } catch {
    return false;
  }
}
