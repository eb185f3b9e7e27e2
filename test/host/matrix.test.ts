// The crash matrix: each script is killed at its steps, those commands that change something, and run again. The steps
// are what a first run of the script shows, so they follow the engine. A run takes a sample that has every script and
// is drawn anew each time; VGEN_SEED=… repeats one, and VGEN_FULL=1 (npm run test:full) takes every step there is.
import { afterAll, describe, it } from 'vitest';
import { dice, draw, full, seed } from '../draw.ts';
import { Victim } from './killer.ts';
import type { Step, When } from './killer.ts';
import { because, lack } from './machine.ts';
import {
  deploy, firstInstall, halfLine, install, installTwice, nameOf, powerLoss, rollback, switching,
} from './matrix.ts';
import type { Check, Point } from './matrix.ts';
import type { Letter } from './pair.ts';
import { Pool } from './pool.ts';

/** As many at once: half of an install is waiting. */
const hosts = 3;
const start = Date.now();
const seconds = () => (Date.now() - start) / 1000;

/** What a step does, whatever it does it to; for supervisor, what it is told is a step of its own. */
const command = ({ name }: Step) => name.replace(/ \[(?!start|stop|update|reread).*/, '').replace(/ extra-\w/, '');

/** What is to be killed: a script with what it is done to, from which tree on. */
interface Way {
  readonly script: Point['script'];
  readonly kind: string;
  readonly from: Letter | null;
  /** When all of them die; without it before and after the command in turns, and which comes first is drawn. */
  readonly when?: When;
}

/** Points at `count` of `among`, which are some of all `steps`. */
function pointsAt(
  way: Way, steps: Step[], among: Step[], count: number, check: (index: number) => Check,
): Point[] {
  const { script, kind, from } = way;
  const name = `${script}${kind} ${way.when ?? 'in turns'}`;
  const odd = dice(name)() < 0.5 ? 0 : 1;
  return draw(name, among, count, command).map((step, index) => {
    const when = way.when ?? (index % 2 === odd ? 'before' : 'after');
    return {
      script, from, at: step.at, when, check: check(index),
      title: `${script}${kind} ${step.at} of ${steps.length}, ${when} ${nameOf(step)}`,
    };
  });
}

async function scriptPoints(victim: Victim): Promise<Point[]> {
  const points: Point[] = [];
  for (const [kind, prefix] of [['', ''], [' by two renames', 'env KILL_HOST=other ']] as const) {
    const steps = await victim.steps(`${prefix}${victim.script('switch')}`);
    for (const when of ['before', 'after'] as const) {
      points.push(...pointsAt({ script: 'switch', kind, from: null, when }, steps, steps, 2, () => switching(prefix)));
    }
  }
  const deployed = await victim.steps(victim.script('deploy', 'demo /root/artifacts/v3 --release other'));
  points.push(...pointsAt({ script: 'deploy', kind: '', from: null }, deployed, deployed, 4, () => deploy));
  await victim.parts(victim.script('switch'));
  const back = await victim.steps(victim.script('rollback'));
  // Once this file is gone, a rollback is done, and another one would rightly go further back.
  const end = back.findIndex(({ name }) => name.includes('rm -f -- "$app_state/switching"'));
  if (end < 0) throw new Error(`no step of a rollback ends it:\n${back.map(({ name }) => name).join('\n')}`);
  for (const [when, among] of [['before', back.slice(0, end + 1)], ['after', back.slice(0, end)]] as const) {
    points.push(...pointsAt({ script: 'rollback', kind: '', from: null, when }, back, among, 2,
      () => rollback(next => next.script('switch'))));
  }
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
  const onlyNew = (steps: Step[]) => steps.filter(step => !known.has(command(step)));
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
  const onTheWay = (kind: string, from: Letter, to: Letter, steps: Step[], among: Step[], count: number) =>
    pointsAt({ script: 'install', kind, from }, steps, among, count, index => install(to, index));
  return [
    ...turns(onTheWay(' a→b', 'a', 'b', there, there, 5), onTheWay(' b→a', 'b', 'a', back, back, 5)),
    ...pointsAt({ script: 'undo', kind: ' a→b', from: 'a' }, undo, begin, 3, () => installTwice('b', middle)),
    ...pointsAt({ script: 'undo', kind: ' with half a line of the journal', from: 'a' }, there, [there[middle - 1]!], 1,
      () => halfLine('b')),
    ...pointsAt({ script: 'power loss', kind: ' a→b', from: 'a', when: 'stop' }, there,
      there.slice(Math.floor(there.length / 3)), 2, () => powerLoss('b')),
    ...turns(
      onTheWay(' a→c', 'a', 'c', slow, onlyNew(slow), 2),
      onTheWay(' c→a', 'c', 'a', slowBack, onlyNew(slowBack), 2),
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
    const killed = await firstInstall(full ? 12 : 128);
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
      full ? 'every point' : `a sample; VGEN_SEED=${seed} repeats it, VGEN_FULL=1 takes all`,
      'killed         points  converged  seconds',
      ...names.map(name => row(name, points.filter(({ script }) => script === name).length, done.get(name) ?? [])),
      row('first install', first.length, first),
      row('all', points.length + first.length, [...done.values()].flat()),
      `${seconds().toFixed(0)} s on ${hosts} hosts at once, ${ready.toFixed(0)} of them to boot and to find the points`,
    ].join('\n'));
  });
});
