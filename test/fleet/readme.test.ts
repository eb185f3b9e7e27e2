// The commands of README.md that go to the fleet ("sh fleet"), as they stand there, with the example on two real hosts.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bootFleet, type Fleet } from '../../src/rehearse/fleet.ts';
import { commandsOf } from '../readme.ts';
import { because, lack } from './fixture.ts';

const root = join(import.meta.dirname, '../..');

describe.skipIf(lack !== null)(`README.md over the fleet (${because})`, () => {
  const work = mkdtempSync(join(tmpdir(), 'vgen-readme-fleet-'));
  let fleet: Fleet;

  beforeAll(async () => {
    fleet = await bootFleet({ hosts: [
      { name: 'eu1', addresses: ['203.0.113.10', '10.8.0.1'] }, { name: 'us1', addresses: ['198.51.100.20', '10.8.0.2'] },
    ] });
    for (const host of fleet.hosts.values()) {
      for (const name of ['ngrokToken', 'redisPassword', 'smtpPass', 'smtpUser', 'turnKey']) {
        await host.run(`install -D -m 0600 /dev/stdin /etc/vgen/secrets/${name}`, { stdin: `value of ${name}` });
      }
      // the agent is not in Debian; something that runs stands for it
      await host.run(`printf '#!/bin/sh\\nexec sleep infinity\\n' > /usr/local/bin/ngrok; chmod 755 /usr/local/bin/ngrok`);
    }
    mkdirSync(join(work, 'bin'));
    mkdirSync(join(work, 'build'));
    symlinkSync(join(root, 'dist/cli.js'), join(work, 'bin/vgen'));
    execFileSync('cp', ['-a', join(root, 'out'), join(root, 'inventory.example.yaml'), work]);
    symlinkSync('inventory.example.yaml', join(work, 'inventory.yaml'));
  });
  afterAll(async () => {
    await fleet?.stop();
    rmSync(work, { recursive: true, force: true });
  });

  const commands = commandsOf('sh fleet');
  it('has commands to run', () => expect(commands.length).toBeGreaterThan(8));

  it.each(commands.map((command, i) => [command, i] as const))('%s', (command, i) => {
    const program = readFileSync(join(root, 'test/vanilla/peerbook.py'), 'utf8').replaceAll('@RELEASE@', `release ${i}`)
      .replace('\n', `\nprint('release ${i} starts', flush=True)\n`);
    writeFileSync(join(work, 'build/peerbook'), program, { mode: 0o755 });
    const { status, stdout, stderr } = spawnSync('bash', ['-c', command], { cwd: work, encoding: 'utf8', timeout: 300_000, env: {
      ...process.env, VGEN_SSH_CONFIG: fleet.sshConfig, XDG_STATE_HOME: join(work, 'state'), PATH: `${join(work, 'bin')}:${process.env['PATH'] ?? ''}`,
    } });
    expect(status, stdout + stderr).toBe(0);
    expect(stdout).toMatch(command.includes(' logs ') ? /^us1: release 1 starts$/m : /us1|eu1/);
  }, 300_000);
});
