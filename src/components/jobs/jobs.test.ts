import { expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';

const apps = `apps: { api: ${app('hosts: a, user: www')} }\n`;

it('run in the live release of their app, as its user, where it is', async () => {
  const { text, found, trees } =
    await compiled(`${apps}jobs: { clean: { app: api, calendar: daily, command: "./clean --all \${host.name}" } }\n`);
  expect(found).toEqual([]);
  const service = text('a', 'etc/systemd/system/vgen-job-clean.service');
  expect(service).toMatch(
    /^User=www\nWorkingDirectory=\/opt\/api\/live\/release\nExecStart=\/opt\/api\/live\/release\/clean "--all" "a"$/m,
  );
  expect(text('a', 'etc/systemd/system/vgen-job-clean.timer')).toMatch(/^OnCalendar=daily\nPersistent=yes$/m);
  expect(trees.get('a')?.plan.units.map(({ name }) => name)).toContain('vgen-job-clean.timer');
  expect(trees.get('b')?.plan.units).toEqual([]);
});

it('run as root everywhere without an app', async () => {
  const { text, found } =
    await compiled(
      'jobs: { clean: { calendar: weekly, command: [/usr/bin/find, /tmp, "-name", "a b"], timeout: 2m } }\n',
    );
  expect(found).toEqual([]);
  expect(text('b', 'etc/systemd/system/vgen-job-clean.service'))
    .toMatch(/^User=root\nExecStart=\/usr\/bin\/find "\/tmp" "-name" "a b"\nTimeoutStartSec=120$/m);
});

it('are hardened, those of root as well, but for what the inventory allows them', async () => {
  const { text, found } = await compiled(`jobs:
  tight: { calendar: daily, command: /bin/true, writes: [/etc/letsencrypt, /srv/a] }
  loose: { calendar: daily, command: /bin/true, relax: [capabilities, files, home, syscalls] }
  other: { calendar: daily, command: /bin/true, user: www }
`);
  expect(found).toEqual([]);
  const [tight, loose, other] =
    ['tight', 'loose', 'other'].map(name => text('a', `etc/systemd/system/vgen-job-${name}.service`));
  expect(tight).toContain(
    '\nProtectSystem=strict\nStateDirectory=vgen-job-tight\nReadWritePaths= -/etc/letsencrypt -/srv/a\n',
  );
  expect(tight).toMatch(/^CapabilityBoundingSet=CAP_CHOWN (?!.*CAP_SYS_)/m);
  expect(tight).toMatch(/^ProtectHome=yes$/m);
  expect(loose).toMatch(/^ProtectSystem=full\nStateDirectory=vgen-job-loose$/m);
  expect(loose).not.toMatch(/ProtectHome|CapabilityBoundingSet|SystemCallFilter|ReadWritePaths/);
  expect(other).toMatch(/^ProtectSystem=full$/m);
  expect(other).toMatch(/^SystemCallFilter=~@privileged @resources$/m);
  expect(other).toMatch(/^CapabilityBoundingSet=$/m);
});

it.each([
  ['{ calendar: daily, command: ./x }', ['jobs/program jobs.j.command']],
  ['{ calendar: daily, command: x, app: api }', ['jobs/program jobs.j.command']],
  ['{ calendar: daily, command: /bin/x, app: api, hosts: b }', ['jobs/app-elsewhere jobs.j.hosts']],
  ['{ calendar: "a;b", command: /bin/x }', ['schema/form jobs.j.calendar']],
  ['{ calendar: daily, command: /bin/x, writes: [/srv, /tmp] }', ['jobs/writes jobs.j.writes[1]']],
  ['{ calendar: daily, command: /bin/x, writes: [/tmpfs, /homes/a, /devices] }', []],
  [
    '{ calendar: daily, command: /bin/x, writes: [/root/a, /dev/sda], relax: [home] }',
    ['jobs/writes jobs.j.writes[1]'],
  ],
  ['{ calendar: daily, command: /bin/x, writes: [/home/a, /dev/sda], relax: [devices, home] }', []],
])('%s', async (written, wanted) => expect((await compiled(`${apps}jobs: { j: ${written} }\n`)).found).toEqual(wanted));
