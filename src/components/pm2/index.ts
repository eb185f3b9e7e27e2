// Runs slots under pm2, each in a separate unit: pm2 stays in the foreground, has a home that goes with it,
// and reads its ecosystem file from the slot's directory, which no release touches. It resolves the
// release's link when it starts, and a slot gets another release only while it is stopped; so pm2 never
// runs a release that its slot had before.
import { component, type FileSpec, type Offers } from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import { expandPlain } from '../../kit/expand.ts';
import { filesOf, ofSlot } from '../../kit/files.ts';
import type { App, Host, Model, Slot } from '../../contract/model.ts';
import { knownNames } from '../../kit/nearest.ts';
import { programPath, slotLog, slotUnit } from '../../kit/slot-unit.ts';
import type { Pm2 } from './schema.ts';

const { template } = filesOf('pm2');

const mine = (app: App): boolean => app.runtime === 'pm2';
const isNode = (program: unknown): boolean => typeof program === 'string' && /^\/.*\/node(js)?$/.test(program);

/** In a cluster, pm2 loads the script itself: the program has to be Node.js, and its first word the script. */
const clusters = (app: App): boolean =>
  isNode(app.command[0]) && typeof app.command[1] === 'string' && !app.command[1].startsWith('-');

function check(section: Pm2, model: Model): Diagnostic[] {
  const apps = new Map(model.apps.filter(mine).map(app => [app.name, app]));
  const unknown = (['workers', 'relax'] as const)
    .flatMap(key => Object.keys(section[key]).filter(name => !apps.has(name)).map(name => error(
      'pm2/unknown-app', ['pm2', key, name], `no app "${name}" runs under pm2`,
      { onKey: true, hint: knownNames(name, [...apps.keys()], 'apps with "runtime: pm2"') },
    )));
  const wrong = Object.entries(section.workers).flatMap(([name, workers]) => {
    const app = apps.get(name);
    if (!app || workers === 1 || clusters(app)) return [];
    return [error(
      'pm2/cluster', ['pm2', 'workers', name], `app "${name}" is not a Node.js script, which "workers" requires`, {
        hint: 'such as command: /usr/bin/node server.js ${slot.port}',
        see: { message: 'its command', at: [...app.at, 'command'] },
      },
    )];
  });
  return [...unknown, ...wrong];
}

function ecosystem(slot: Slot, host: Host, section: Pm2): object {
  const [program = '', ...words] = slot.app.command.map(word => expandPlain(word, { host, slot }));
  const workers = section.workers[slot.app.name] ?? 1;
  const script = isNode(program) ? words.shift() ?? '' : program;
  return {
    at: slot.at, app: slot.app.name, name: slot.name, unit: slot.unit, release: slot.release, workers,
    stop: section.stop * 1000, words,
    script: script.startsWith('/') ? script : programPath(script.startsWith('./') ? script : `./${script}`, slot),
    // "none": a program runs by itself
    interpreter: isNode(program) ? program : 'none', mode: workers > 1 ? 'cluster' : 'fork',
  };
}

function files(slot: Slot, host: Host, section: Pm2, offers: Offers): FileSpec[] {
  const path = `${slot.dir}/ecosystem.config.js`;
  return [
    template(path, slot.at, ecosystem(slot, host, section), {
      as: '/opt/{app}/{slot}/ecosystem.config.js', ...ofSlot(slot),
    }),
    ...slotUnit(slot, host, offers, {
      program: { at: ['pm2', 'binary'], text: section.binary },
      words: ['start', path].map(text => ({ at: slot.at, text })),
      // pm2 stops its processes first, and may take as long as each of them
      stop: section.stop + 5, settings: ['pm2'], relax: [...section.relax[slot.app.name] ?? [], 'jit'],
      home: 'PM2_HOME',
    }),
  ];
}

export const pm2 = component<Pm2>({
  name: 'pm2',
  summary: 'Process manager of apps with "runtime: pm2".',
  key: 'pm2',
  schema: () => import('./schema.ts'),
  runtime: true,
  check: ({ section, model }) => check(section, model),
  offer: ({ apps, section }) => (apps.some(mine) ? [
    { kind: 'package', name: 'nodejs', why: 'runs pm2', at: ['pm2'] },
    ...apps.filter(mine).map(slotLog),
    {
      kind: 'program', path: section.binary, url: 'https://pm2.keymetrics.io', npm: 'pm2', why: 'runs the slots',
      at: ['pm2', 'binary'],
    },
  ] : []),
  plan: ({ apps, host, section }, offers) => ({
    files: apps.filter(mine).flatMap(app => app.slots.flatMap(slot => files(slot, host, section, offers))),
  }),
});
