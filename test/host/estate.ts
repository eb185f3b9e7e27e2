// Several real hosts and an inventory of them: built, given its secrets and applied by the command line.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { bootFleet, type Fleet, type FleetOptions } from '../../src/rehearse/fleet.ts';
import { missing } from '../../src/rehearse/requirements.ts';
import type { Answer } from './machine.ts';
import { cli, vgen, write } from '../vgen.ts';

/** Why hosts cannot be booted here; null if they can. */
export const lack = missing();
export const because = lack ?? 'this machine can boot them';

export class Estate {
  readonly dir = mkdtempSync(join(tmpdir(), 'vgen-estate-'));
  readonly fleet: Fleet;
  readonly #secrets: Readonly<Record<string, string>>;
  /** Of every command, besides the secrets: the directory is its home, and bin/ in it has its own programs. */
  get #environment(): Readonly<Record<string, string>> {
    return {
      VGEN_SSH_CONFIG: this.fleet.sshConfig, VGEN_OWNER: 'tester', HOME: this.dir,
      PATH: `${join(this.dir, 'bin')}:${process.env['PATH'] ?? ''}`, ...this.#secrets,
    };
  }

  private constructor(fleet: Fleet, secrets: Readonly<Record<string, string>>) {
    this.fleet = fleet;
    this.#secrets = secrets;
  }

  /** Boots hosts; `secrets` are in the environment of every command. */
  static async boot(options: FleetOptions, secrets: Readonly<Record<string, string>> = {}): Promise<Estate> {
    return new Estate(await bootFleet(options), secrets);
  }

  /** Runs vgen; its words are split at blanks. It must end with `code`. */
  async vgen(code: number, words: string): Promise<string> {
    const ran = await vgen(this.dir, words.split(' '), this.#environment);
    expect(ran.code, `vgen ${words}\n${ran.stdout}${ran.stderr}`).toBe(code);
    return `${ran.stdout}${ran.stderr}`;
  }

  /** Runs a command line of a shell, where `vgen` is the one that was built. */
  sh(command: string): Promise<{ code: number | null; text: string }> {
    mkdirSync(join(this.dir, 'bin'), { recursive: true });
    if (!existsSync(join(this.dir, 'bin/vgen'))) symlinkSync(cli, join(this.dir, 'bin/vgen'));
    return new Promise((done, failed) => {
      const child = spawn('bash', ['-c', `set -euo pipefail; ${command}`], {
        cwd: this.dir, env: {
          ...process.env, XDG_CACHE_HOME: join(this.dir, '.cache'), XDG_STATE_HOME: join(this.dir, '.state'),
          ...this.#environment,
        },
      });
      let text = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', data => { text += String(data); });
      child.on('error', failed);
      child.on('close', code => done({ code, text }));
    });
  }

  /** Makes the hosts what the inventory says. */
  async apply(inventory: string, flags = ''): Promise<string> {
    write(this.dir, { 'inventory.yaml': inventory });
    await this.vgen(0, 'build');
    if (/^secrets:/m.test(inventory)) await this.vgen(0, 'secrets push');
    return this.vgen(0, `apply${flags && ` ${flags}`}`);
  }

  async run(host: string, script: string, fresh = false): Promise<Answer> {
    const found = this.fleet.hosts.get(host);
    if (!found) throw new Error(`there is no host ${host}`);
    const { code, stdout, stderr } = await found.run(script, { timeoutSeconds: 120, fresh });
    return { code, text: `${stdout}${stderr}`, stdout: stdout.trim() };
  }

  /** What a script prints; it must succeed. */
  async ask(host: string, script: string): Promise<string> {
    const { code, text, stdout } = await this.run(host, script);
    expect(code, `${host}: ${script}\n${text}`).toBe(0);
    return stdout;
  }

  async stop(): Promise<void> {
    await this.fleet.stop();
    rmSync(this.dir, { recursive: true, force: true });
  }
}
