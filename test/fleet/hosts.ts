// Rehearsal hosts and an inventory of them in a directory, for tests that run vgen as a user does.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { vgen, write, type Ran } from '../vgen.ts';

/** The redis password of `inventoryOf`, in the environment of every run. */
export const password = 'p0is0n-redis-1';

/** Hosts with an app behind nginx, Redis with a password, and some files of their own. */
export const inventoryOf = (names: readonly string[], more = ''): string => `hosts:
${names.map((name, i) => `  ${name}: { address: 10.9.${i + 1}.1, tags: [${i === 0 ? 'edge' : 'inner'}] }\n`).join('')}
secrets:
  redisPassword: { env: REDIS_PASSWORD }
redis:
  cache: { hosts: all, password: redisPassword }
files:
  /etc/motd: { content: "one\\n" }
  /etc/nginx/conf.d/gzip.conf: { content: "gzip on;\\n", reload: [nginx.service] }
  /opt/tools/list.txt: { content: "list\\n", mode: "0640", owner: root:adm }
apps:
  site:
    command: [/usr/bin/python3, -m, http.server, --bind, 127.0.0.1, "\${slot.port}"]
    slots: { blue: { port: 20000 }, green: { port: 20001 } }
    listen: { live: 8000, next: 8001 }
    env: { GREETING: hello }
${more}`;

export class Site {
  readonly dir = mkdtempSync(join(tmpdir(), 'vgen-site-'));
  readonly fleet: Fleet;

  private constructor(fleet: Fleet) { this.fleet = fleet; }

  /** Boots hosts, on which its packages are installed unless they are `plain`, and writes the inventory of them. */
  static async boot(
    names: readonly string[], inventory = inventoryOf(names), { plain = false } = {},
  ): Promise<Site> {
    const hosts = names.map((name, i) => ({ name, addresses: [`10.9.${i + 1}.1`] }));
    const site = new Site(await bootFleet({ hosts, prepared: !plain }));
    write(site.dir, { 'inventory.yaml': inventory });
    return site;
  }

  host(name: string): RehearsalHost {
    const host = this.fleet.hosts.get(name);
    if (!host) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** Runs vgen in the directory, with ssh to the rehearsal hosts. */
  vgen(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
    return vgen(this.dir, args, {
      VGEN_SSH_CONFIG: this.fleet.sshConfig, REDIS_PASSWORD: password, XDG_STATE_HOME: join(this.dir, '.state'), ...env,
    });
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
