// With VGEN_KEEP=1 (npm run test:host -- NAME --keep): hosts stay up after the
// tests of a file until somebody ends them.
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { beforeEachStop, type Fleet } from '../src/rehearse/fleet.ts';
import { sleep } from '../src/process/sleep.ts';

let running = 0;

/** Says how to get into the hosts, and waits until the file that it names is gone. */
async function hold(fleet: Fleet): Promise<void> {
  // what a test stops itself is not what is looked for
  if (running > 0) return;
  const flag = join(dirname(fleet.sshConfig), 'keep');
  writeFileSync(flag, '');
  console.log([
    '', 'The hosts stay up:',
    ...[...fleet.hosts.values()].flatMap(host => [
      `  ${host.name.padEnd(10)} ssh -F ${fleet.sshConfig} ${host.name}`,
      ...host.processes.length === 0 ? ['             (its power is off)']
        : [`             nsenter --target ${host.leader} --all --wd=/ bash    # its console, without network`],
    ]),
    `To end them: Ctrl-C, or rm ${flag}`, '',
  ].join('\n'));
  while (existsSync(flag)) await sleep(250);
}

if (process.env['VGEN_KEEP']) {
  beforeEach(() => { running++; });
  afterEach(() => { running--; });
  beforeEachStop(hold);
}
