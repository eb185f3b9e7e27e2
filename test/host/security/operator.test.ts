// A host that somebody else has taken over, against the operator: what it answers moves no cursor, forges no row, ends
// no run over the fleet and fills no memory.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { missing } from '../../../src/rehearse/requirements.ts';
import { inventoryOf, Site } from '../../fleet/hosts.ts';

const lack = missing();
const OBEYED = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/;

describe.skipIf(lack !== null)(`a host against the operator (${lack ?? 'this machine can boot hosts'})`, () => {
  let site: Site;
  const answerWith = (script: string) => site.host('evil').run(`cat >/opt/vgen/bin/vgen; chmod 755 /opt/vgen/bin/vgen`, {
    stdin: `#!/bin/bash\n${script}\n`,
  });

  beforeAll(async () => {
    site = await Site.boot(['evil', 'good'], inventoryOf(['evil', 'good']));
    for (const args of [['build'], ['secrets', 'push'], ['apply']]) {
      const { code, stdout, stderr } = await site.vgen(args);
      expect(code, stdout + stderr).toBe(0);
    }
  }, 600_000);
  afterAll(async () => site?.stop());

  it.each([
    ['no list of apps', `echo '{"good":true,"apps":{},"units":[]}'`], ['a null', `echo '{"good":true,"apps":[null]}'`],
    ['a number for a name', `echo '{"good":true,"apps":[],"units":[{"name":1,"up":true}]}'`],
    ['no JSON', 'echo "{"'], ['NUL', `printf '\\0\\0'`], ['a million brackets', 'head -c 1000000 /dev/zero | tr "\\\\0" "["'],
  ])('its status is %s: the other host is told all the same', async (_, script) => {
    await answerWith(script);
    const { code, stdout, stderr } = await site.vgen(['status']);
    expect([code, stderr]).toEqual([1, '']);
    expect(stdout).toMatch(/^evil +unknown /m);
    expect(stdout).toMatch(/^good +/m);
  });

  it('its words forge no row and move no cursor, in a terminal and as JSON', async () => {
    const slot = '{"slot":"blue","release":"r\\\\nforged  good","reason":"\\\\u001b]52;c;aGk=\\\\u0007\\\\u009b2J","bad":"","pending":""}';
    await answerWith(`printf '%b' '{"good":true,"apps":[{"name":"site","live":${slot},"next":${slot}}],"units":[]}'`
      .replaceAll('\\\\u', '\\\\\\\\u').replaceAll('\\\\n', '\\\\\\\\n'));
    for (const args of [['status'], ['status', '--json']]) {
      const { stdout } = await site.vgen(args);
      expect(stdout).toContain('forged');
      expect(stdout).not.toMatch(/^forged/m);
      expect(stdout).not.toMatch(OBEYED);
    }
  });

  it('nor do logs of runs, audit lines and what a command prints there', async () => {
    await site.host('evil').run(`printf '%s\\n' '{"time":"2026","who":"me\\u001b[2A\\nforged","action":"x"}' null 7 \\
      >>/var/log/vgen/audit.jsonl`);
    for (const args of [['audit'], ['audit', '--json'], ['exec', `printf '\\033]52;c;aGk=\\007\\033[2Ax\\r\\n'`]]) {
      const { code, stdout, stderr } = await site.vgen(args);
      expect(code, stderr).toBe(0);
      expect(stdout + stderr).not.toMatch(OBEYED);
      expect(stdout).not.toMatch(/^forged/m);
    }
  });

  it('a time beyond all times in its lock is said, and ends nothing', async () => {
    await site.host('evil').run(`printf 'id\\t99999999999999\\t-1\\tme\\t\\t\\tapply\\t\\t\\n' >/var/lib/vgen/fleet.lock`);
    const { stdout, stderr } = await site.vgen(['status', '--on', 'evil']);
    expect(stderr).toBe('');
    expect(stdout).toContain('locked by me since a time that is none');
    await site.host('evil').run('rm /var/lib/vgen/fleet.lock');
  });

  it('an answer without an end is ended', async () => {
    // the shell that sshd starts reads it first
    await site.host('evil').run('echo "exec cat /dev/zero" >/root/.bashrc');
    const { code, stdout } = await site.vgen(['status']);
    expect(code).toBe(2);
    expect(stdout).toMatch(/^evil +unreachable .*its answer has no end/m);
    expect(stdout).toMatch(/^good +\S+ +1 /m);
  });
});
