// The points of the crash matrix, and what has to hold at each of them.
import { expect } from 'vitest';
import { dice } from '../draw.ts';
import { Victim } from './killer.ts';
import type { Step, When } from './killer.ts';
import { bin, password } from './machine.ts';
import type { Letter } from './pair.ts';

export interface Point {
  readonly script: 'install' | 'undo' | 'power loss' | 'deploy' | 'switch' | 'rollback';
  readonly title: string;
  readonly at: number;
  readonly when: When;
  /** The tree that has to be there before; null: any. */
  readonly from: Letter | null;
  readonly check: Check;
}

export type Check = (victim: Victim, point: Point) => Promise<void>;

/** Three answers of each app in turns, each from a connection of its own; a failed one is no line. */
const ask = 'for i in 1 2 3; do curl -sf -m 5 http://127.0.0.1:8000/; curl -sf -m 5 http://127.0.0.1:8010/; done';
/** Redis may be on its way up, where the script died while it was restarted. */
const askRedis = `for (( i = 0; i < 100; i++ )); do
  pong=$(REDISCLI_AUTH=${password} redis-cli ping 2>&1) && [[ $pong == PONG ]] && break
  sleep 0.1
done; echo "$pong"`;

/** What is killed while it goes from one tree to another ends there when it is run again. */
export const install = (to: Letter, number: number): Check => async (victim, { at, when }) => {
  const [before, after] = await victim.killed(victim.install(to), at, when, `${ask}; ${askRedis}`);
  serves(before, after);
  await victim.converges(to, number % 5 === 0);
};

/** As `install`, but its successor is killed as well, at step `second`: where it puts back what the first one did. */
export const installTwice = (to: Letter, first: number): Check => async (victim, { at, when }) => {
  await victim.parts(victim.meets(victim.install(to), first, 'before'));
  const [before, after] = await victim.killed(victim.install(to, true), at, when, `${ask}; ${askRedis}`);
  serves(before, after);
  await victim.converges(to, at % 5 === 0);
};

/** The machine stopped while a line of the journal was written: what that line would have told of was never begun. */
export const halfLine = (to: Letter): Check => async (victim, { at }) => {
  const journal = '/var/lib/vgen/journal';
  const [, there] = await victim.parts(victim.meets(victim.install(to), at, 'before'),
    `[[ -s ${journal} ]] && printf 'new\\t/etc/hosts' >>${journal} && echo there`);
  expect(there).toBe('there');
  await victim.converges(to, true);
  expect(await victim.machine.ask('grep -c localhost /etc/hosts')).not.toBe('0');
};

/**
 * A first install on a bare host is killed again and again, each time up to `stride` steps further on, until it gets
 * through.
 */
export async function firstInstall(stride: number): Promise<number> {
  const victim = await Victim.bare();
  const roll = dice('first install');
  try {
    let killed = 0;
    for (let at = 1 + Math.floor(roll() * stride); ; at += Math.ceil((0.5 + roll() / 2) * stride), killed++) {
      const [said = ''] = await victim.parts(victim.meets(
        victim.install('a', killed > 0), at, roll() < 0.5 ? 'before' : 'after'));
      if (!said.includes('/run/killer/ended\n')) {
        expect(said).toMatch(/^0\n/);
        break;
      }
    }
    expect(killed).toBeGreaterThan(1);
    const again = await victim.machine.run(victim.install('a', true));
    expect(again.text).toContain('one: nothing to do');
    const active = await victim.machine.ask('systemctl is-active nginx redis-server supervisor beat only-a | sort -u');
    expect(active).toBe('active');
    expect(await victim.machine.ask("ls /usr/sbin/policy-rc.d 2>&1; find /etc /opt /usr/sbin -name '*.vgen-*'"))
      .toMatch(/No such file or directory$/);
    return killed;
  } finally {
    await victim.machine.stop();
  }
}

function serves(before: string, after: string): void {
  expect(before.split('\n').length).toBe(7);
  expect(after).toBe(before);
  expect(after).toMatch(/PONG$/);
}

/** The machine loses its power at a step, and boots with what is on the disk then. */
export const powerLoss = (to: Letter): Check => async (victim, { at }) => {
  const { machine } = victim;
  const release = (text: string) => text.split('\n').map(line => line.split(' ', 2).join(' ')).join('\n');
  const before = await machine.ask(ask);
  // The connection dies with the host: its answer does not matter.
  const run = victim.parts(victim.meets(victim.install(to), at, 'stop')).catch(() => undefined);
  await machine.ask('until [[ -e /run/killer/ended ]]; do sleep 0.05; done');
  await machine.host.powerOff();
  await run;
  await machine.host.boot();
  const after = await machine.ask(`ask() { ${ask}; }
    for (( i = 0; i < 100; i++ )); do
      (( $(ask | wc -l) != 6 )) || break
      sleep 0.1
    done; ask`);
  expect(release(after)).toBe(release(before));
  await victim.converges(to, true);
};

/** A release that is killed on its way into next: live is not touched, and the same release gets there after all. */
export const deploy: Check = async (victim, { at, when }) => {
  const script = victim.script('deploy', `demo /root/artifacts/v3 --release d-${at}`);
  const [before, after] = await victim.killed(script, at, when, ask);
  expect(before.split('\n').length).toBe(6);
  expect(after).toBe(before);
  const [said, next, now] = await victim.parts(`${script} 2>&1; echo "code $?"`, 'curl -s http://127.0.0.1:8001/', ask);
  expect(said).toMatch(/code 0$/);
  expect(next).toMatch(/^v3 /);
  expect(now).toBe(before);
  await sound(victim);
};

/** Whenever a switch is killed, live is one of the two without a failed request, and the next switch works. */
export const switching = (prefix: string): Check => async (victim, { at, when }) => {
  const [next = ''] = await victim.parts('curl -s http://127.0.0.1:8001/');
  const [before, after] = await victim.killed(`${prefix}${victim.script('switch')}`, at, when, ask);
  const [was, is] = [oneOf(before), oneOf(after)];
  expect([was, next]).toContain(is);
  const [said, now = ''] = await victim.parts(`${victim.script('switch')} 2>&1; echo "code $?"`, ask);
  expect(said).toMatch(/code 0$/);
  expect(oneOf(now), said).toBe(is === was ? next : was);
  await sound(victim);
};

/** Run again, a killed rollback ends where it would have ended: it neither goes back to what was left, nor further. */
export const rollback = (prepare: (victim: Victim) => string): Check => async (victim, { at, when }) => {
  const state = '/var/lib/vgen/apps/demo';
  const live = 'basename "$(readlink -f /opt/demo/live/release)"';
  const [, left, target] = await victim.parts(`{ ${prepare(victim)}; } 2>&1`, live,
    `left=$(${live}); tac ${state}/history | cut -f 4 | grep -vxF -m 1 "$left"`);
  const [before, after] = await victim.killed(victim.script('rollback'), at, when, ask);
  oneOf(before);
  oneOf(after);
  const [said = '', now, bad] =
    await victim.parts(`${victim.script('rollback')} 2>&1; echo "code $?"`, live, `ls ${state}/bad`);
  expect(said).toMatch(/code 0$/);
  expect(now, said).toBe(target);
  expect(bad?.split('\n')).toContain(left);
  await sound(victim);
};

/** What demo answered, of six answers, three of each app in turns: always the same. */
function oneOf(answers: string): string {
  const lines = answers.split('\n');
  expect(lines.length).toBe(6);
  const [demo = '', ...others] = new Set(lines.filter((_, index) => index % 2 === 0));
  expect(others).toEqual([]);
  return demo;
}

/** The pair of links names both slots, history ends with what is live, and nothing half done lies about. */
async function sound(victim: Victim): Promise<void> {
  const [seen, status = ''] = await victim.parts(`cd /opt/demo
    printf '%s\\n' live next | xargs -n 1 readlink | sort | tr '\\n' ' '
    [[ $(tail -n 1 /var/lib/vgen/apps/demo/history | cut -f 3) == "$(readlink live)" ]] && echo agrees
    find /opt/demo -name '*.vgen-new' -o -name '.new.*'
    ls /var/lib/vgen/apps/demo | grep -vE '^(releases|history|bad|steady.*)$'
    ls -A releases | wc -l`, `${bin}/vgen status --json`);
  expect(seen).toMatch(/^blue green agrees\n[1-4]$/);
  const { apps } = JSON.parse(status) as { apps: { name: string; live: { healthy: boolean } }[] };
  expect(apps.map(app => [app.name, app.live.healthy])).toEqual([['demo', true], ['tick', true]]);
}

/** Short enough for a line: the function and its command with what it was called with, without numbers of one run. */
export function nameOf({ name }: Step): string {
  return name.replace(/[0-9a-f]{8}-[0-9a-f-]{27}\S*|[0-9a-f]{64}/g, '…').replaceAll('\t', ' ').slice(0, 110);
}
