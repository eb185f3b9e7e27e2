// A timer of systemd for every job: of the inventory, and those that components offer.
import { component, JOB_RELAXATIONS, type FileSpec, type JobRelaxation, type Offers, type OnChange }
  from '../../contract/component.ts';
import { error, type Diagnostic } from '../../contract/diagnostic.ts';
import { seconds } from '../../kit/duration.ts';
import { filesOf, restart } from '../../kit/files.ts';
import { expandPlain } from '../../kit/expand.ts';
import type { App, Host, Model, Text } from '../../contract/model.ts';
import type { Jobs } from './schema.ts';

type Job = Jobs[string];

const { template } = filesOf('jobs');

const timerOf = (name: string): string => `vgen-job-${name}.timer`;

/** The app as the model has it: what a reference leads to lacks the names that are derived. */
const appOf = (job: Job, model: Model): App | null => model.apps.find(({ name }) => name === job.app?.name) ?? null;

const runsOn = (job: Job, host: Host, model: Model): boolean => {
  if (job.hosts !== null) return job.hosts.has(host);
  return appOf(job, model)?.hosts.has(host) ?? true;
};

const firstOf = (text: Text | undefined): string =>
  (typeof text === 'string' ? text : typeof text?.parts[0] === 'string' ? text.parts[0] : '');

/** Directories in whose place a job has others, whatever `writes` says; systemd.exec(5). */
const REPLACED: readonly { readonly path: string; readonly relax: JobRelaxation | null }[] = [
  { path: '/tmp', relax: null }, { path: '/var/tmp', relax: null }, { path: '/home', relax: 'home' },
  { path: '/root', relax: 'home' }, { path: '/run/user', relax: 'home' }, { path: '/dev', relax: 'devices' },
];

/** What a job may not reach although `writes` names it. */
const hidden = (job: Job): Diagnostic[] => job.writes.flatMap((path, i) => {
  const found = REPLACED.find(one => path === one.path || path.startsWith(`${one.path}/`));
  if (!found || (found.relax !== null && job.relax.includes(found.relax))) return [];
  const message = `job "${job.name}" cannot write to "${path}": ${found.relax === null
    ? `it has a ${found.path} of its own` : `${found.path} is hidden from it`}`;
  return [error('jobs/writes', [...job.at, 'writes', i], message, {
    hint: found.relax === null
      ? `remove it and write to its own ${found.path}; what others read belongs in another directory, such as `
        + `/var/lib/vgen-job-${job.name}`
      : `choose another directory, such as /var/lib/vgen-job-${job.name}, or add "${found.relax}" to "relax"`,
  })];
});

function check(section: Jobs, model: Model): Diagnostic[] {
  return Object.values(section).flatMap(job => [...programs(job, model), ...hidden(job)]);
}

function programs(job: Job, model: Model): Diagnostic[] {
  const app = appOf(job, model);
  const start = firstOf(job.command[0]);
  if (!start.startsWith('/') && !(app && start.startsWith('./'))) {
    const name = start.replace(/^\.\//, '');
    const what = app ? 'neither an absolute path nor a path in the release' : 'not an absolute path';
    return [error('jobs/program', [...job.at, 'command'], `program "${start}" is ${what}`, {
      hint: app ? `write "./${name}" for a program in the live release, "/usr/bin/${name}" for one on the host`
        : `such as "/usr/bin/${name}"; set "app" to run "./${name}" from its release`,
    })];
  }
  const elsewhere = app && job.hosts && [...job.hosts].find(host => !app.hosts.has(host));
  if (!elsewhere) return [];
  const message = `job "${job.name}" runs on host "${elsewhere.name}", where app "${app.name}" does not run`;
  return [error('jobs/app-elsewhere', [...job.at, 'hosts'], message, {
    hint: 'remove "hosts", which defaults to the hosts of the app', see: { message: `app "${app.name}"`, at: app.at },
  })];
}

interface View {
  readonly at: readonly (string | number)[];
  readonly name: string;
  readonly why: string;
  readonly calendar: string;
  readonly words: readonly string[];
  readonly user: string;
  readonly dir: string | null;
  readonly timeout: number;
  readonly writes: readonly string[];
  readonly relax: readonly JobRelaxation[];
}

function viewOf(job: Job, host: Host, model: Model): View {
  const app = appOf(job, model);
  const dir = app && `${app.dir}/live/release`;
  const words = job.command.map(word => expandPlain(word, { host }));
  return {
    at: job.at, name: job.name, why: `job ${job.name}`, calendar: job.calendar, user: job.user ?? app?.user ?? 'root',
    dir, timeout: seconds(job.timeout), writes: job.writes, relax: job.relax,
    words: words.map((word, i) => (i === 0 && word.startsWith('./') && dir ? `${dir}/${word.slice(2)}` : word)),
  };
}

/** All jobs of a host. */
function jobsOn(host: Host, section: Jobs | null, model: Model, offers: Offers): View[] {
  return [
    ...Object.values(section ?? {}).filter(job => runsOn(job, host, model)).map(job => viewOf(job, host, model)),
    ...offers.on(host, 'job').map(({ name, calendar, command, user, relax, why, at }) => ({
      at, name, why, calendar, words: command, user, dir: null, timeout: 6 * 3600, writes: [], relax,
    })),
  ];
}

function files(job: View): FileSpec[] {
  const [program = '', ...words] = job.words;
  const unit = (ending: 'service' | 'timer', view: object, onChange: readonly OnChange[] = []): FileSpec => template(
    `/etc/systemd/system/vgen-job-${job.name}.${ending}`, job.at, { name: job.name, why: job.why, ...view },
    { as: `/etc/systemd/system/vgen-job-{job}.${ending}`, onChange, check: 'systemd' },
  );
  return [
    unit('service', {
      program, words: words.map((text, i) => ({ at: [...job.at, 'command', i + 1], text })), user: job.user,
      dir: job.dir, timeout: job.timeout, writes: job.writes, isRoot: job.user === 'root',
      allow: Object.fromEntries(JOB_RELAXATIONS.map(one => [one, job.relax.includes(one)])),
    }),
    unit('timer', { calendar: job.calendar }, [restart(timerOf(job.name))]),
  ];
}

export const jobs = component<Jobs | null>({
  name: 'jobs',
  summary: 'Timers for what is done again and again.',
  key: 'jobs',
  schema: () => import('./schema.ts'),
  check: ({ section, model }) => (section ? check(section, model) : []),
  offer: ({ host, section, model }) => Object.values(section ?? {}).filter(job => runsOn(job, host, model))
    .map(({ name, at }) => ({ kind: 'unit', name: timerOf(name), downtime: null, why: `job "${name}"`, at })),
  plan: ({ host, section, model }, offers) => ({
    files: jobsOn(host, section, model, offers).flatMap(files),
    units: offers.on(host, 'job').map(({ name, why, at }) => ({ name: timerOf(name), downtime: null, why, at })),
  }),
});
