// Runs slots under supervisord: one file and one program per slot, so that one slot's restart never touches the other.
import { component, type FileSpec, type Offers } from '../../contract/component.ts';
import type { Path } from '../../contract/diagnostic.ts';
import { environmentOf, type Variable } from '../../kit/environment.ts';
import { filesOf, ofSlot, restart, type FileDetails } from '../../kit/files.ts';
import { expandPlain, secretsIn } from '../../kit/expand.ts';
import type { Host, Slot } from '../../contract/model.ts';
import type { Supervisor } from './schema.ts';

const { template } = filesOf('supervisor');
const UNIT = 'supervisor.service';

/**
 * A program's environment; supervisor sets neither HOME nor USER when it changes the
 * user (manual, "Subprocess Environment").
 */
function environment(slot: Slot, host: Host, offers: Offers): Variable[] {
  const written = environmentOf(slot, host, offers);
  const given = [
    { name: 'HOME', value: slot.app.dir, at: slot.app.at }, { name: 'USER', value: slot.app.user, at: slot.app.at },
  ];
  return [...written, ...given.filter(({ name }) => !written.some(one => one.name === name))]
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function program(slot: Slot, host: Host, section: Supervisor, env: readonly Variable[]): object {
  return {
    at: slot.at, app: slot.app.name, name: slot.name, unit: slot.unit, user: slot.app.user, directory: slot.release,
    command: slot.app.command.map((word, i) => ({
      at: [...slot.app.at, 'command', i], text: commandWord(expandPlain(word, { host, slot }), i, slot),
    })),
    settings: { at: ['supervisor'], stop: section.stop },
    log: { at: ['supervisor', 'log'], size: section.log.size, keep: section.log.keep },
    secret: hasSecrets(env), env: env.map(({ name, value, at }) => ({ name, at, value })),
  };
}

/** "./x" is in the release: supervisor would look for it from the directory that it runs in. */
const commandWord = (word: string, i: number, slot: Slot): string =>
  (i === 0 && word.startsWith('./') ? `${slot.release}/${word.slice(2)}` : word);

const hasSecrets = (env: readonly Variable[]): boolean => env.some(({ value }) => typeof value !== 'string');

export const supervisor = component<Supervisor>({
  name: 'supervisor',
  summary: 'Process manager of apps with "runtime: supervisor".',
  key: 'supervisor',
  schema: () => import('./schema.ts'),
  runtime: true,
  keeper: {
    unit: UNIT, programFile: /^\/etc\/supervisor\/conf\.d\/[^/]*\.conf$/,
    programsIn: text => [...text.matchAll(/^\[(?:program|group):([^\]]+)\]/gm)].map(([, name = '']) => name),
  },
  offer: ({ apps, host }) => (apps.some(app => app.runtime === 'supervisor') ? [
    { kind: 'package', name: 'supervisor', why: 'runs the slots', at: host.at },
    {
      kind: 'unit', name: UNIT, downtime: 'every app that supervisor runs on the host', why: 'runs the slots',
      at: host.at,
    },
  ] : []),
  plan: ({ apps, host, section }, offers) => {
    const slots = apps.filter(app => app.runtime === 'supervisor').flatMap(app => [...app.slots]);
    if (slots.length === 0) return {};
    const programs = slots.map(slot => {
      const env = environment(slot, host, offers);
      return { slot, env, view: program(slot, host, section, env) };
    });
    const sealed = programs.filter(({ env }) => hasSecrets(env));
    const file = (path: string, at: Path, view: object, details: FileDetails & { as?: string }): FileSpec =>
      template(`/etc/supervisor/${path}`, at, view, { check: 'supervisor', ...details });
    return { files: [
      file('supervisord.conf', ['supervisor'], {}, { onChange: [restart(UNIT)] }),
      // its limit is taken up at the next start: a restart would end every program
      template(`/etc/systemd/system/${UNIT}.d/vgen.conf`, ['supervisor'],
        { files: 65536, stop: Math.max(90, section.stop + 10) }, { check: 'systemd' }),
      ...programs.map(({ slot, view }) => file(`conf.d/${slot.unit}.conf`, slot.at, view,
        { as: '/etc/supervisor/conf.d/{unit}.conf', ...ofSlot(slot) })),
      // one for each slot: what is live keeps its program while the other's changes
      ...sealed.map(({ slot, env, view }) => file(`secrets/${slot.unit}.conf`, slot.at, view, {
        as: '/etc/supervisor/secrets/{unit}.conf', mode: '0600', ...ofSlot(slot),
        secrets: secretsIn(env.map(({ value }) => value)),
      })),
    ] };
  },
});
