/** ssh to the hosts of a fleet, by a dedicated configuration file: nothing of the user's is read or written. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, markOf, signal } from '../process/marks.ts';
import { demand, environment } from '../process/run.ts';
import { sleep } from '../process/sleep.ts';
import type { ProcessMark } from '../process/marks.ts';

export interface SshTarget {
  name: string;
  /** Where the machine reaches it. */
  address: string;
  /** Other addresses to know it by. */
  aliases: string[];
  root: string;
}

/** Makes a dedicated ed25519 key pair for the fleet in `dir` and returns the public half. */
export async function makeKey(dir: string): Promise<string> {
  await generate(identityFile(dir), 'vgen-rehearsal');
  return readFileSync(`${identityFile(dir)}.pub`, 'utf8');
}

/** Gives a host that is not booted yet its host key, in its file system. */
export async function makeHostKey(root: string): Promise<void> {
  await generate(join(root, 'etc/ssh/ssh_host_ed25519_key'), 'root@rehearsal');
}

export function identityFile(dir: string): string {
  return join(dir, 'id_ed25519');
}

export function configFile(dir: string): string {
  return join(dir, 'ssh_config');
}

export function knownHostsFile(dir: string): string {
  return join(dir, 'known_hosts');
}

/** Writes ssh_config(5) and known_hosts for hosts whose keys are made: every key is known before the first contact. */
export function writeConfig(dir: string, targets: SshTarget[]): void {
  writeFileSync(knownHostsFile(dir), targets.map(({ name, address, aliases, root }) => {
    const [type, key] = readFileSync(join(root, 'etc/ssh/ssh_host_ed25519_key.pub'), 'utf8').split(' ');
    return `${[name, address, ...aliases].join(',')} ${type} ${key}\n`;
  }).join(''));
  const hosts = targets.map(({ name, address, aliases }, index) => [
    `Host ${[name, address, ...aliases].join(' ')}`,
    `  HostName ${address}`,
    `  HostKeyAlias ${name}`,
    `  ControlPath ${socketFile(dir, index)}`,
  ].join('\n'));
  writeFileSync(configFile(dir), `${hosts.join('\n')}
Host *
  User root
  IdentityFile ${identityFile(dir)}
  IdentitiesOnly yes
  UserKnownHostsFile ${knownHostsFile(dir)}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  BatchMode yes
  ConnectTimeout 5
  ServerAliveInterval 3
  ServerAliveCountMax 3
  LogLevel ERROR
`);
}

/** The control socket of the host with that number in the list given to `writeConfig`. */
export function socketFile(dir: string, index: number): string {
  return join(dir, `${index}.sock`);
}

/**
 * Waits until ssh answers and keeps that connection open; later calls of ssh ride on it (ControlMaster) as long as it
 * lives, and connect by themselves after it. Returns null when `isOver` says that there is nothing to wait for.
 */
export async function openMaster(
  dir: string, target: { name: string; index: number }, isOver: () => boolean,
): Promise<ProcessMark | null> {
  const socket = socketFile(dir, target.index);
  while (!isOver()) {
    rmSync(socket, { force: true });
    const child = spawn('setpriv', [
      '--pdeathsig=TERM', 'ssh', '-F', configFile(dir), '-o', 'ConnectTimeout=1', '-M', '-N', target.name,
    ], { env: environment(), stdio: 'ignore' });
    child.on('error', () => undefined);
    child.unref();
    const mark = child.pid === undefined ? null : markOf(child.pid);
    while (mark !== null && isAlive(mark) && !isOver()) {
      if (existsSync(socket)) return mark;
      await sleep(15);
    }
    if (mark !== null) signal(mark, 'SIGKILL');
    await sleep(50);
  }
  return null;
}

async function generate(file: string, comment: string): Promise<void> {
  await demand('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', file]);
}
