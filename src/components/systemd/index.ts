// Runs slots as systemd services: one hardened unit per slot, its environment in a file that root alone reads.
import { component, type FileSpec, type Offers } from '../../component.ts';
import { environmentOf } from '../../environment.ts';
import { expandPlain, secretsIn } from '../../expand.ts';
import type { Host, Slot } from '../../model.ts';
import type { Systemd } from './schema.ts';

function files(slot: Slot, host: Host, section: Systemd, offers: Offers): FileSpec[] {
  const env = environmentOf(slot, host, offers);
  const [program = '', ...words] = slot.app.command.map(word => expandPlain(word, { host, slot }));
  const onChange = [{ do: 'slot', app: slot.app.name, slot: slot.name }] as const;
  const common = { at: slot.at, app: slot.app.name, name: slot.name, unit: slot.unit };
  return [
    {
      kind: 'file', path: `/etc/systemd/system/${slot.unit}.service`, mode: '0644', owner: 'root:root', at: slot.at,
      from: {
        template: 'systemd/etc/systemd/system/{unit}.service.njk',
        view: {
          ...common, user: slot.app.user, release: slot.release, settings: { at: ['systemd'], stop: section.stop, jit: section.jit }, words: words.map((text, i) => ({ at: [...slot.app.at, 'command', i + 1], text })),
          program: { at: [...slot.app.at, 'command', 0], text: program.startsWith('./') ? `${slot.release}/${program.slice(2)}` : program },
        },
      },
      secrets: [], onChange, check: 'systemd',
    },
    {
      kind: 'file', path: `/etc/vgen/env/${slot.unit}.env`, mode: '0600', owner: 'root:root', at: slot.at,
      from: { template: 'systemd/etc/vgen/env/{unit}.env.njk', view: { ...common, env } },
      secrets: secretsIn(env.map(({ value }) => value)), onChange, check: null,
    },
  ];
}

// a constant of its own: tsc does not rewrite an import() inside "export default"
const schema = () => import('./schema.ts');

export default component<Systemd>({
  name: 'systemd',
  summary: 'Process manager of apps with "runtime: systemd".',
  key: 'systemd',
  schema,
  runtime: true,
  // LogsDirectory is the app's own; its standard output is the journal's, which limits itself
  offer: ({ apps }) => apps.filter(app => app.runtime === 'systemd').flatMap(app => [
    { kind: 'log', path: `/var/log/${app.name}/*.log`, owner: `${app.user}:${app.user}`, then: null, why: `what app "${app.name}" writes itself`, at: app.at },
    { kind: 'package', name: 'logrotate', why: 'what apps write', at: app.at },
  ]),
  plan: ({ apps, host, section }, offers) =>
    apps.filter(app => app.runtime === 'systemd').flatMap(app => app.slots.flatMap(slot => files(slot, host, section, offers))),
});
