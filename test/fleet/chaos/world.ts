// What the chaos test runs on: two hosts with an app on systemd and one on supervisor, behind nginx, and an inventory
// some of whose values change from one operation to the next.
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { spawn, type ChildProcess } from 'node:child_process';
import { bootFleet, type Fleet } from '../../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../../src/rehearse/host.ts';
import { cli, start, write, type Ran } from '../../vgen.ts';
import { ended } from '../fixture.ts';
import type { Target } from './client.ts';

export const APPS = ['web', 'api'] as const;
export type AppName = (typeof APPS)[number];
export const HOSTS = ['one', 'two'] as const;

/** What the inventory can be: each key takes one of so many values. */
export const CHOICES = { motd: 3, gzip: 3, level: 3, port: 2, unit: 2, runtime: 2, job: 3, drain: 2 } as const;
export type World = Record<keyof typeof CHOICES, number>;

const SERVER = readFileSync(join(import.meta.dirname, '../server.pl'), 'utf8');

const app = (name: AppName, runtime: string, port: number, { level, drain, unit }: World): string => `  ${name}:
    runtime: ${runtime}
    ${unit ? `unit: ${name === 'web' ? 'site' : 'rest'}` : '# the unit is named as the app'}
    binary: ${name}
    command: ./${name} \${slot.port}
    slots: { blue: { port: ${port} }, green: { port: ${port + 1} } }
    health: /health
    wait: 15s
    steady: 1s
    drain: ${drain + 1}s
    env: { LEVEL: "${level}", TOKEN: "\${secret.token}" }
`;

const inventory = (world: World): string => `hosts:
  one: { address: 10.9.31.1 }
  two: { address: 10.9.32.1 }
secrets:
  token: { env: TOKEN }
files:
  /etc/motd: { content: "hello ${world.motd}\\n" }
${world.gzip ? `  /etc/nginx/conf.d/gzip.conf: { content: "gzip_comp_level ${world.gzip};\\n", reload: [nginx.service] }\n` : ''}${
  world.job ? `jobs:\n  sweep: { command: [/bin/true, "${world.job}"], calendar: daily }\n` : ''}apps:
${app('web', 'systemd', 20000 + 10 * world.port, world)}${
  app('api', world.runtime ? 'systemd' : 'supervisor', 20100, world)}sites:
${APPS.map(name => `  ${name}: { domains: [${name}.example], paths: { /: { app: ${name} } } }\n`).join('')}`;

export class Chaos {
  readonly dir = mkdtempSync(join(tmpdir(), 'vgen-chaos-'));
  readonly fleet: Fleet;
  readonly world: World = { motd: 0, gzip: 0, level: 0, port: 0, unit: 0, runtime: 0, job: 0, drain: 0 };
  /** The value of the secret that both apps have, at its source. */
  token = 't0ken';

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
    write(this.dir, { 'bin/vgen': `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n` });
    chmodSync(join(this.dir, 'bin/vgen'), 0o755);
  }

  static async boot(): Promise<Chaos> {
    return new Chaos(await bootFleet({
      hosts: [{ name: 'one', addresses: ['10.9.31.1'] }, { name: 'two', addresses: ['10.9.32.1'] }],
      packages: ['nginx-light', 'supervisor'], prepared: true, ownDisks: true,
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

  /** A release of an app that answers with this name; gives the path of the artifact. */
  artifact(name: AppName, release: string): string {
    const path = `${release}/${name}`;
    write(this.dir, { [path]: SERVER.replaceAll('@VERSION@', release) });
    chmodSync(join(this.dir, path), 0o755);
    return path;
  }

  start(...words: string[]): ChildProcess {
    return start(this.dir, words, this.#environment);
  }

  get #environment(): Record<string, string> {
    return {
      VGEN_SSH_CONFIG: this.fleet.sshConfig, VGEN_OWNER: 'chaos', TOKEN: this.token,
      XDG_CACHE_HOME: join(this.dir, '.cache'), XDG_STATE_HOME: join(this.dir, '.state'),
      PATH: `${join(this.dir, 'bin')}:${process.env['PATH'] ?? ''}`,
    };
  }

  /** Runs a command as vgen printed it, in a shell. */
  async asPrinted(command: string): Promise<Ran> {
    return ended(spawn('sh', ['-c', command], { cwd: this.dir, env: { ...process.env, ...this.#environment } }));
  }

  /** Runs vgen; `meanwhile` is given the process once it has been started. */
  async vgen(words: readonly string[], meanwhile?: (child: ChildProcess) => Promise<unknown>): Promise<Ran> {
    const child = this.start(...words);
    const end = ended(child);
    await meanwhile?.(child);
    return end;
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
