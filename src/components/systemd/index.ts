// Runs slots as systemd services: one hardened unit per slot, its environment in a file that root alone reads.
import { component, type FileSpec, type Offers } from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import { expandPlain } from '../../kit/expand.ts';
import type { Host, Model, Slot } from '../../contract/model.ts';
import { knownNames } from '../../kit/nearest.ts';
import { programPath, slotLog, slotUnit } from '../../kit/slot-unit.ts';
import type { Systemd } from './schema.ts';

function files(slot: Slot, host: Host, section: Systemd, offers: Offers): FileSpec[] {
  const [program = '', ...words] = slot.app.command.map(word => expandPlain(word, { host, slot }));
  return slotUnit(slot, host, offers, {
    program: { at: [...slot.app.at, 'command', 0], text: programPath(program, slot) },
    words: words.map((text, i) => ({ at: [...slot.app.at, 'command', i + 1], text })),
    stop: section.stop, settings: ['systemd'],
    relax: [...section.relax[slot.app.name] ?? [], ...section.jit ? ['jit'] as const : []], home: null,
  });
}

const check = (section: Systemd, model: Model): Diagnostic[] => {
  const apps = model.apps.filter(app => app.runtime === 'systemd').map(({ name }) => name);
  return Object.keys(section.relax).filter(name => !apps.includes(name)).map(name => error(
    'systemd/unknown-app', ['systemd', 'relax', name], `no app "${name}" runs as a systemd unit`,
    { onKey: true, hint: knownNames(name, apps, 'apps with "runtime: systemd"') },
  ));
};

export const systemd = component<Systemd>({
  name: 'systemd',
  summary: 'Process manager of apps with "runtime: systemd".',
  key: 'systemd',
  schema: () => import('./schema.ts'),
  runtime: 'default',
  check: ({ section, model }) => check(section, model),
  offer: ({ apps }) => apps.filter(app => app.runtime === 'systemd').map(slotLog),
  plan: ({ apps, host, section }, offers) => ({
    files: apps.filter(app => app.runtime === 'systemd')
      .flatMap(app => app.slots.flatMap(slot => files(slot, host, section, offers))),
  }),
});
