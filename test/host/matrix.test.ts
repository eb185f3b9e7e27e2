// The crash matrix: each script is killed at its steps, those commands that change something, and run again. The steps
// are what a first run of the script shows, so they follow the engine. VGEN_MATRIX=all takes every step of an install
// in both directions; else each kind of step is there, and of the many alike (a file staged, saved, swapped) some.
import { afterAll, describe, it } from 'vitest';
import { Victim } from './killer.ts';
import type { Step, When } from './killer.ts';
import { because, lack } from './machine.ts';
import { deploy, firstInstall, halfLine, install, installTwice, nameOf, powerLoss, rollback, switching } from './matrix.ts';
import type { Check, Point } from './matrix.ts';
import type { Letter } from './pair.ts';
import { Pool } from './pool.ts';

/** As many at once: half of an install is waiting. */
const hosts = 3;
const all = process.env['VGEN_MATRIX'] === 'all';
const start = Date.now();
const seconds = () => (Date.now() - start) / 1000;

/** What a step does, whatever it does it to; for supervisor, what it is told is a step of its own. */
const command = ({ name }: Step) => name.replace(/ \[(?!start|stop|update|reread).*/, '').replace(/ extra-\w/, '');

const evenly = <T>(list: T[], count: number): T[] => list.length <= count ? list
  : Array.from({ length: count }, (_, index) => list[Math.floor((index + 0.5) * list.length / count)]!);

/** One step of each kind, and of the rest so many that it makes `count`. */
function some(steps: Step[], count: number): Step[] {
  if (all) return steps;
  const first = steps.filter(step => steps.find(other => command(other) === command(step)) === step);
  const rest = evenly(steps.filter(step => !first.includes(step)), Math.max(0, count - first.length));
  return [...first, ...rest].sort((one, other) => one.at - other.at);
}

/** Points at these of all `steps`; half of them die before the command, half after it. */
function pointsAt(
  script: Point['script'], kind: string, from: Letter | null, steps: Step[], chosen: Step[], check: (index: number) => Check,
  when: (index: number) => When = index => index % 2 === 0 ? 'before' : 'after',
): Point[] {
  return chosen.map((step, index) => ({
    script, from, at: step.at, when: when(index), check: check(index),
    title: `${script}${kind} ${step.at} of ${steps.length}, ${when(index)} ${nameOf(step)}`,
  }));
}

async function scriptPoints(victim: Victim): Promise<Point[]> {
  const points: Point[] = [];
  for (const [kind, prefix] of [['', ''], [' by two renames', 'env KILL_HOST=other ']] as const) {
    const steps = await victim.steps(`${prefix}${victim.script('switch')}`);
    for (const when of ['before', 'after'] as const) {
      points.push(...pointsAt('switch', kind, null, steps, steps, () => switching(prefix), () => when));
    }
  }
  const deployed = await victim.steps(victim.script('deploy', 'demo /root/artifacts/v3 --release other'));
  points.push(...pointsAt('deploy', '', null, deployed, deployed, () => deploy));
  await victim.parts(victim.script('switch'));
  const back = await victim.steps(victim.script('rollback'));
  // Once its last step is done, a rollback is done, and another one would rightly go further back.
  const last = (index: number): When => index % 2 === 0 || index === back.length - 1 ? 'before' : 'after';
  points.push(...pointsAt('rollback', '', null, back, back, () => rollback(next => next.script('switch')), last));
  return points;
}

/** All between a and b in both directions; between a and c only what is no step there. */
async function installPoints(victim: Victim): Promise<Point[]> {
  const explore = async (to: Letter) => {
    const steps = await victim.steps(victim.install(to));
    victim.has = to;
    await victim.learn(to);
    return steps;
  };
  await victim.learn('a');
  const there = await explore('b');
  const back = await explore('a');
  const known = new Set([...there, ...back].map(command));
  const onlyNew = (steps: Step[], odd: number) => steps.filter(step => !known.has(command(step)))
    .filter((step, index, list) => all || list.findIndex(other => command(other) === command(step)) === index)
    .filter((_, index) => all || index % 2 === odd);
  const slow = await explore('c');
  const slowBack = await explore('a');
  // A run that finds what was left in the middle of a swap begins with putting it back.
  const middle = there.find(({ name }) => name.includes('daemon-reload'))?.at ?? Math.floor(there.length * 0.8);
  await victim.parts(victim.meets(victim.install('b'), middle, 'before'));
  const undo = await victim.steps(victim.install('b', true));
  await victim.installed('a');
  const begin = undo.slice(0, undo.findIndex(({ name }) => name.includes('require_secrets')) + 1 || 40);
  const turns = (one: Point[], other: Point[]) =>
    Array.from({ length: Math.max(one.length, other.length) }, (_, i) => [one[i], other[i]]).flat()
      .filter(point => point !== undefined);
  return [
    ...turns(
      pointsAt('install', ' a→b', 'a', there, some(there, 30), index => install('b', index)),
      pointsAt('install', ' b→a', 'b', back, some(back, 30), index => install('a', index), i => i % 2 === 0 ? 'after' : 'before'),
    ),
    ...pointsAt('undo', ' a→b', 'a', undo, some(begin, 12), () => installTwice('b', middle)),
    ...pointsAt('undo', ' with half a line of the journal', 'a', there, [there[middle - 1]!], () => halfLine('b')),
    ...pointsAt('power loss', ' a→b', 'a', there, evenly(there.slice(Math.floor(there.length / 3)), 4),
      () => powerLoss('b'), () => 'stop'),
    ...turns(
      pointsAt('install', ' a→c', 'a', slow, onlyNew(slow, 0), index => install('c', index)),
      pointsAt('install', ' c→a', 'c', slowBack, onlyNew(slowBack, 1), index => install('a', index)),
    ),
  ];
}

async function prepare() {
  const victims = await Promise.all(Array.from({ length: hosts }, () => Victim.boot('v3')));
  const [first, second] = victims as [Victim, Victim];
  const points = (await Promise.all([scriptPoints(first), installPoints(second)])).flat();
  return { pool: new Pool(victims), points, ready: seconds() };
}

const { pool, points, ready } = lack === null ? await prepare() : { pool: null, points: [], ready: 0 };

describe.skipIf(pool === null)(`crash matrix (${because})`, () => {
  const done = new Map<string, number[]>();

  for (const point of points) {
    it.concurrent(point.title, { timeout: 600_000 }, async () => {
      await pool?.use(point.from, async victim => {
        const from = Date.now();
        await point.check(victim, point);
        done.set(point.script, [...done.get(point.script) ?? [], (Date.now() - from) / 1000]);
      });
    });
  }

  it.concurrent('a first install, killed further on each time', { timeout: 600_000 }, async () => {
    const from = Date.now();
    const killed = await firstInstall();
    done.set('first install', Array.from({ length: killed }, () => (Date.now() - from) / 1000 / killed));
  });

  afterAll(async () => {
    await pool?.stop();
    const row = (name: string, count: number, times: number[]) => [
      name.padEnd(13), String(count).padStart(6), String(times.length).padStart(10),
      times.reduce((a, b) => a + b, 0).toFixed(0).padStart(8),
    ].join(' ');
    const first = done.get('first install') ?? [];
    const names = [...new Set(points.map(({ script }) => script))];
    console.log([
      'killed         points  converged  seconds',
      ...names.map(name => row(name, points.filter(({ script }) => script === name).length, done.get(name) ?? [])),
      row('first install', first.length, first),
      row('all', points.length + first.length, [...done.values()].flat()),
      `${seconds().toFixed(0)} s on ${hosts} hosts at once, ${ready.toFixed(0)} of them to boot and to find the points`,
    ].join('\n'));
  });
});
