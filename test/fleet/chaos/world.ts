// What the chaos test runs on: two hosts with an app on systemd and one on supervisor, behind nginx, and an inventory
// some of whose values change from one operation to the next.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { bootFleet, type Fleet } from '../../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../../src/rehearse/host.ts';
import { start, type Ran } from '../../vgen.ts';
import type { Target } from './client.ts';

export const APPS = ['web', 'api'] as const;
export type AppName = (typeof APPS)[number];
export const HOSTS = ['one', 'two'] as const;

/** What the inventory can be: each key takes one of so many values. */
export const CHOICES = { motd: 3, gzip: 3, level: 3, port: 2, job: 3, drain: 2 } as const;
export type World = Record<keyof typeof CHOICES, number>;

const SERVER = readFileSync(join(import.meta.dirname, '../server.pl'), 'utf8');

const app = (name: AppName, runtime: string, port: number, { level, drain }: World): string => `  ${name}:
    runtime: ${runtime}
    binary: ${name}
    command: ./${name} \${slot.port}
    slots: { blue: { port: ${port} }, green: { port: ${port + 1} } }
    health: /health
    wait: 15s
    steady: 1s
    drain: ${drain + 1}s
    env: { LEVEL: "${level}" }
`;

const inventory = (world: World): string => `hosts:
  one: { address: 10.9.31.1 }
  two: { address: 10.9.32.1 }
files:
  /etc/motd: { content: "hello ${world.motd}\\n" }
${world.gzip ? `  /etc/nginx/conf.d/gzip.conf: { content: "gzip_comp_level ${world.gzip};\\n", reload: [nginx.service] }\n` : ''}${
  world.job ? `jobs:\n  sweep: { command: [/bin/true, "${world.job}"], calendar: daily }\n` : ''}apps:
${app('web', 'systemd', 20000 + 10 * world.port, world)}${app('api', 'supervisor', 20100, world)}sites:
${APPS.map(name => `  ${name}: { domains: [${name}.example], paths: { /: { app: ${name} } } }\n`).join('')}`;

export class Chaos {
  readonly dir = mkdtempSync(join(tmpdir(), 'vgen-chaos-'));
  readonly fleet: Fleet;
  readonly world: World = { motd: 0, gzip: 0, level: 0, port: 0, job: 0, drain: 0 };

  private constructor(fleet: Fleet) { this.fleet = fleet; }

  static async boot(): Promise<Chaos> {
    return new Chaos(await bootFleet({
      hosts: [{ name: 'one', addresses: ['10.9.31.1'] }, { name: 'two', addresses: ['10.9.32.1'] }],
      packages: ['nginx-light', 'supervisor'], prepared: true,
    }));
  }

  host(name: string): RehearsalHost {
    return this.fleet.hosts.get(name) as RehearsalHost;
  }

  /** What clients ask on a host, or on both. */
  targets(host?: string): Target[] {
    return HOSTS.filter(name => host === undefined || name === host)
      .flatMap(name => APPS.map(one => ({ host: name, address: this.host(name).address, app: one })));
  }

  /** Writes the inventory of the world as it is, or with these values, which it keeps. */
  write(values: Partial<World> = {}): void {
    writeFileSync(join(this.dir, 'inventory.yaml'), inventory(Object.assign(this.world, values)));
  }

  /** A release of an app that answers with this name. */
  artifact(name: AppName, release: string): void {
    writeFileSync(join(this.dir, name), SERVER.replaceAll('@VERSION@', release));
    chmodSync(join(this.dir, name), 0o755);
  }

  start(...words: string[]): ChildProcess {
    return start(this.dir, words, { VGEN_SSH_CONFIG: this.fleet.sshConfig, VGEN_OWNER: 'chaos' });
  }

  /** Runs vgen; `meanwhile` is given the process once it has been started. */
  async vgen(words: readonly string[], meanwhile?: (child: ChildProcess) => Promise<unknown>): Promise<Ran> {
    const child = this.start(...words);
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', data => { stdout += String(data); });
    child.stderr?.on('data', data => { stderr += String(data); });
    const ended = new Promise<number | null>(resolve => child.on('close', resolve));
    await meanwhile?.(child);
    return { code: await ended, stdout, stderr };
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
