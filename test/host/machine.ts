// A rehearsal host for the engine's tests, with short words for what they all do.
import { rmSync } from 'node:fs';
import { expect } from 'vitest';
import { bootFleet } from '../../src/rehearse/fleet.ts';
import type { Fleet, FleetOptions } from '../../src/rehearse/fleet.ts';
import type { RehearsalHost } from '../../src/rehearse/host.ts';
import { missing } from '../../src/rehearse/requirements.ts';
import { makeArtifacts, Tree } from './tree.ts';

/** Why hosts cannot be booted here; null if they can. */
export const lack = missing();
/** For the name of a suite that is skipped where hosts cannot be booted. */
export const because = lack ?? 'this machine can boot one';

export const incoming = '/var/lib/vgen/incoming';
export const bin = '/opt/vgen/bin';
/** Hard for every grammar on its way: blank, hash, percent, quote, semicolon, dollar. */
export const key = `s3cr et#1%x"y;$z`;
export const password = 'hunter2-of-redis';

export interface Answer {
  readonly code: number | null;
  /** Both streams. */
  readonly text: string;
  readonly stdout: string;
}

export class Machine {
  /** All that vgen's scripts printed. */
  readonly heard: string[] = [];
  readonly host: RehearsalHost;
  readonly #fleet: Fleet;
  readonly #artifacts: string;
  readonly #trees: Tree[] = [];
  #order = 0;

  private constructor(fleet: Fleet, artifacts: string) {
    this.#fleet = fleet;
    this.#artifacts = artifacts;
    this.host = fleet.hosts.get('one')!;
  }

  /** A bare host with the versions of the tests' app in /root/artifacts. */
  static boot(...versions: string[]): Promise<Machine> {
    return Machine.#boot(versions, {});
  }

  /** As `boot`, but the fixture's packages are installed already. */
  static prepared(...versions: string[]): Promise<Machine> {
    return Machine.#boot(versions, { prepared: true });
  }

  static async #boot(versions: string[], options: Pick<FleetOptions, 'prepared' | 'ownDisks'>): Promise<Machine> {
    const fleet = await bootFleet({ hosts: [{ name: 'one', addresses: ['10.9.0.1'] }], ...options });
    const machine = new Machine(fleet, makeArtifacts(versions));
    await machine.host.push(machine.#artifacts, '/root/artifacts');
    return machine;
  }

  /** A host with the fixture on it, demo with r1 live in green and r2 in blue, tick with t1 live and t2 likewise. */
  static async bootWithApps(...versions: string[]): Promise<Machine> {
    return (await Machine.prepared('v1', 'v2', ...versions)).#withApps();
  }

  /** As `bootWithApps`, on a disk that loses what was not synced when the power goes. */
  static async bootOnOwnDisk(...versions: string[]): Promise<Machine> {
    return (await Machine.#boot(['v1', 'v2', ...versions], { prepared: true, ownDisks: true })).#withApps();
  }

  async #withApps(): Promise<Machine> {
    await this.putSecrets();
    const { code, text } = await this.install(this.tree());
    expect(code, text).toBe(0);
    for (const [app, letter, kind] of [['demo', 'r', ''], ['tick', 't', '.d']]) {
      await this.ask(`cd /root/artifacts; ${bin}/vgen deploy ${app} v1${kind} --release ${letter}1 &&
        ${bin}/vgen switch ${app} && ${bin}/vgen deploy ${app} v2${kind} --release ${letter}2`);
    }
    return this;
  }

  async putSecrets(): Promise<void> {
    const put = (name: string) => `umask 077; mkdir -p /etc/vgen/secrets; cat > /etc/vgen/secrets/${name}`;
    await this.host.run(put('demoKey'), { stdin: `${key}\n` });
    await this.host.run(put('redisPassword'), { stdin: password });
  }

  /** A tree of its own, removed in the end. */
  tree(): Tree {
    const tree = new Tree();
    this.#trees.push(tree);
    return tree;
  }

  async run(script: string): Promise<Answer> {
    const { code, stdout, stderr } = await this.host.run(script, { timeoutSeconds: 120 });
    if (script.includes(bin) || script.includes(incoming)) this.heard.push(stdout, stderr);
    return { code, text: `${stdout}${stderr}`, stdout: stdout.trim() };
  }

  /** As `run`, over a connection of its own. */
  async fresh(script: string): Promise<Answer> {
    const { code, stdout, stderr } = await this.host.run(script, { timeoutSeconds: 120, fresh: true });
    return { code, text: `${stdout}${stderr}`, stdout: stdout.trim() };
  }

  /** What a script prints; it must succeed. */
  async ask(script: string): Promise<string> {
    const { code, text, stdout } = await this.run(script);
    expect(code, `${script}\n${text}`).toBe(0);
    return stdout;
  }

  async push(tree: Tree): Promise<void> {
    await this.host.push(tree.dir, incoming);
  }

  /** Each tree is newer than the one before, as with commits. */
  async install(tree: Tree, ...options: string[]): Promise<Answer> {
    await this.push(tree);
    return this.run(`bash ${incoming}/install.sh --order ${++this.#order} ${options.join(' ')}`);
  }

  async installed(tree: Tree): Promise<string> {
    const { code, text } = await this.install(tree);
    expect(code, text).toBe(0);
    return text;
  }

  /** Runs a script in a process group of its own, in the foreground, and kills all of it after a while. */
  async kill(script: string, milliseconds: number): Promise<void> {
    await this.run(`setsid ${script} --foreground >/dev/null 2>&1 & pid=$!
      sleep ${milliseconds / 1000}; kill -9 -- -$pid; wait $pid; true`);
  }

  /** What the app answers on a port of nginx: version, slot, greeting. */
  async get(port: number): Promise<string> {
    return this.ask(`curl -s -m 5 http://127.0.0.1:${port}/`);
  }

  async slotOf(link: 'live' | 'next', app = 'demo'): Promise<string> {
    return this.ask(`readlink /opt/${app}/${link}`);
  }

  /** Everything that runs, by process; a restart of anything changes it. */
  async processes(): Promise<string> {
    return this.ask(`for unit in nginx redis-server supervisor beat tick-blue tick-green; do
      pid=$(systemctl show --property MainPID --value $unit)
      echo "$unit $pid $(cat /proc/$pid/task/$pid/children 2>/dev/null)"
    done`);
  }

  async stop(): Promise<void> {
    for (const tree of this.#trees) tree.remove();
    rmSync(this.#artifacts, { recursive: true });
    await this.#fleet.stop();
  }
}
