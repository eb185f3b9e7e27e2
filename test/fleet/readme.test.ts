// The commands of README.md that go to the fleet ("sh fleet"), as they stand there, with the example on two real hosts.
import { spawnSync } from 'node:child_process';
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
      { name: 'eu1', addresses: ['203.0.113.10', '10.8.0.1'] },
      { name: 'us1', addresses: ['198.51.100.20', '10.8.0.2'] },
    ] });
    for (const host of fleet.hosts.values()) {
      // the agent is not in Debian; something that runs stands for it
      await host.run(`printf '#!/bin/sh\\nexec sleep infinity\\n' > /usr/local/bin/ngrok; chmod 755 `
        + `/usr/local/bin/ngrok`);
    }
    mkdirSync(join(work, 'bin'));
    mkdirSync(join(work, 'build'));
    symlinkSync(join(root, 'dist/cli.js'), join(work, 'bin/vgen'));
    // where the starter says that secrets come from
    mkdirSync(join(work, 'secrets'));
    writeFileSync(join(work, 'secrets/turn.key'), 'turn');
    writeFileSync(join(work, 'bin/pass'), '#!/bin/sh\necho token\n', { mode: 0o755 });
  });
  afterAll(async () => {
    await fleet?.stop();
    rmSync(work, { recursive: true, force: true });
  });

  const commands = commandsOf('sh fleet');
  const deployed = commands.findIndex(command => command.startsWith('vgen deploy'));
  it('has commands to run', () => expect(commands.length).toBeGreaterThan(8));

  it.each(commands.map((command, i) => [command, i] as const))('%s', (command, i) => {
    const program =
      readFileSync(join(root, 'test/host/vanilla/peerbook.py'), 'utf8').replaceAll('@RELEASE@', `release ${i}`)
        .replace('\n', `\nprint('release ${i} starts', flush=True)\n`);
    writeFileSync(join(work, 'build/peerbook'), program, { mode: 0o755 });
    const { status, stdout, stderr } =
      spawnSync('bash', ['-c', command], { cwd: work, encoding: 'utf8', timeout: 300_000, env: {
        ...process.env, REDIS_PASSWORD: 'redis', PB_SMTP_USER: 'user', PB_SMTP_PASS: 'smtp',
        VGEN_SSH_CONFIG: fleet.sshConfig,
        XDG_STATE_HOME: join(work, 'state'), PATH: `${join(work, 'bin')}:${process.env['PATH'] ?? ''}`,
      } });
    // doctor has something to say of names at ngrok that nobody registered
    expect([0, command.startsWith('vgen doctor') ? 1 : 0], stdout + stderr).toContain(status);
    if (command.includes(' logs ')) expect(stdout).toMatch(new RegExp(`^us1: release ${deployed} starts$`, 'm'));
    else expect(stdout + stderr).toMatch(/us1|eu1|inventory\.yaml|nothing to do|2 hosts/);
  }, 300_000);
});
