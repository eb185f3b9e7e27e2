// Three real hosts and a small inventory for them: nginx, a file, one app on systemd. The built command line is run as
// a user runs it, with the ssh configuration of the test hosts.
import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { missing } from '../../src/rehearse/requirements.ts';
import { cli } from '../vgen.ts';

/** Why hosts cannot be booted here; null if they can. */
export const lack = missing();
/** For the name of a suite that is skipped where hosts cannot be booted. */
export const because = lack ?? 'systemd-nspawn';

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both, for messages and for what may be in either. */
  readonly text: string;
}

const SERVER = readFileSync(join(import.meta.dirname, 'server.pl'), 'utf8');
const ADDRESSES: Readonly<Record<string, string>> = { a: '10.7.0.1', b: '10.7.0.2', c: '10.7.0.3' };

/** The inventory; `more` goes to its end. */
export const inventory = (more = '', motd = 'one'): string => `hosts:
  a: { address: ${ADDRESSES['a']}, region: eu, tags: [first] }
  b: { address: ${ADDRESSES['b']}, region: eu }
  c: { address: ${ADDRESSES['c']}, region: us }
apps:
  web:
    binary: web
    command: ./web \${slot.port}
    slots: { blue: { port: 20000 }, green: { port: 20001 } }
    listen: { live: 8000, next: 8001 }
    health: /health
    wait: 5s
    drain: 1s
${more.includes('/etc/motd') ? '' : `files:\n  /etc/motd: { content: "${motd}\\n" }\n`}${more}`;

/** A file of nginx that only these hosts get and that no nginx accepts. */
export const brokenOn = (hosts: string, motd = 'two'): string => inventory(`files:
  /etc/motd: { content: "${motd}\\n" }
  /etc/nginx/conf.d/broken.conf: { hosts: ${hosts}, content: "no such directive;\\n", reload: [nginx.service] }
`);

export class TestFleet {
  readonly dir = mkdtempSync(join(tmpdir(), 'vgen-fleet-'));
  readonly fleet: Fleet;

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
    mkdirSync(join(this.dir, 'run'));
    this.write(inventory());
  }

  static async boot(): Promise<TestFleet> {
    return new TestFleet(await bootFleet({
      hosts: Object.entries(ADDRESSES).map(([name, address]) => ({ name, addresses: [address] })),
      packages: ['nginx-light'], prepared: true,
    }));
  }

  host(name: string): RehearsalHost {
    return this.fleet.hosts.get(name) as RehearsalHost;
  }

  write(text: string, name = 'inventory.yaml'): void {
    writeFileSync(join(this.dir, name), text);
  }

  /** A release of the app that says this name; "sick" never gets healthy. */
  artifact(name: string): string {
    writeFileSync(join(this.dir, 'web'), SERVER.replaceAll('@VERSION@', name));
    chmodSync(join(this.dir, 'web'), 0o755);
    return 'web';
  }

  /** Where vgen keeps its sockets while it runs. */
  get runtime(): string {
    return join(this.dir, 'run');
  }

  start(
    args: readonly string[], env: Readonly<Record<string, string>> = {},
    program: readonly string[] = [process.execPath, cli],
  ): ChildProcess {
    return spawn(program[0] ?? '', [...program.slice(1), ...args], { cwd: this.dir, env: {
      ...process.env, NO_COLOR: '1', VGEN_SSH_CONFIG: this.fleet.sshConfig, VGEN_OWNER: 'tester',
      XDG_RUNTIME_DIR: this.runtime,
      XDG_STATE_HOME: join(this.dir, '.state'), XDG_CACHE_HOME: join(this.dir, '.cache'), ...env,
    } });
  }

  vgen(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return ended(this.start(args, env));
  }

  /** As `vgen`, of words without blanks; it must end with that code. */
  async expect(code: number, words: string): Promise<Ran> {
    const ran = await this.vgen(words.split(' '));
    expect(ran.code, `vgen ${words}\n${ran.text}`).toBe(code);
    return ran;
  }

  /** Writes an inventory and builds it. */
  async build(text: string): Promise<void> {
    this.write(text);
    await this.expect(0, 'build');
  }

  /** What a script prints on a host. */
  async ask(name: string, script: string): Promise<string> {
    const { stdout } = await this.host(name).run(script, { timeoutSeconds: 60 });
    return stdout.trim();
  }

  /** What a script prints on each of the hosts. */
  async all(script: string): Promise<string[]> {
    return Promise.all(Object.keys(ADDRESSES).map(name => this.ask(name, script)));
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The commands in a text: from "vgen" or "bash" after a colon, to the end of what is one. */
export const commandsIn = (text: string): string[] =>
  [...text.matchAll(/: ((?:vgen|bash \/)[^;\n]*?)(?=;|, or |, \/| \(|\n|$)/g)].map(([, command = '']) => command);

/** The end of a process, with all that it said. */
export function ended(child: ChildProcess): Promise<Ran> {
  return new Promise((resolve, reject) => {
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', data => { stdout += String(data); });
    child.stderr?.on('data', data => { stderr += String(data); });
    child.on('error', reject);
    child.on('close', code => resolve({ code, stdout, stderr, text: stdout + stderr }));
  });
}

interface Row {
  host: string;
  result: string;
  why: string;
  is: { live: Record<string, string>; next: Record<string, string>; generation: number | null } | null;
}

/** What came of each host, from `--json`: `{ a: 'done', … }`. */
export const resultsOf = (ran: Ran): Record<string, string> =>
  Object.fromEntries((JSON.parse(ran.stdout) as { hosts: Row[] }).hosts.map(({ host, result }) => [host, result]));
