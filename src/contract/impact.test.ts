import { describe, expect, it } from 'vitest';
import type { Keeper } from './component.ts';
import type { ChangedPath, Listed, Running, RunningSlot, RunningUnit } from './action.ts';
import { exposure, impact, listed } from './impact.ts';

const UNIT = (name: string): string => `/etc/systemd/system/${name}`;
const PROGRAM = (name: string): string => `/etc/keeper/${name}.conf`;

const KEEPER: Keeper = {
  runtime: 'keeper', unit: 'keeper.service', programFile: /^\/etc\/keeper\/[^/]*\.conf$/,
  programsIn: text => text.split('\n').filter(Boolean),
};

const list = (
  units: Record<string, string | null> = {}, triggers: Record<string, string[]> = {},
  texts: Record<string, string> = {},
): Listed => listed({
  units: new Map(Object.entries(units)), files: Object.entries(triggers)
    .map(([path, all]) =>
      ({ path, triggers: all, mode: '', owner: '', check: null, secrets: [], from: '', slot: null })),
  slots: [...new Set(Object.values(triggers).flat().filter(one => one.startsWith('slot:'))
    .map(one => one.slice('slot:'.length)))],
  answers: [], variables: [],
}, path => texts[path] ?? null, [KEEPER]);
const up: RunningUnit = { isKnown: true, isUp: true, isGood: true, isEnabled: true, state: 'active' };
const down: RunningUnit = { ...up, isUp: false, isGood: false, state: 'inactive' };
const absent: RunningUnit = { ...down, isKnown: false, isEnabled: null };
const slot = (more: Partial<RunningSlot> = {}): RunningSlot =>
  ({ role: 'next', port: null, isRunning: true, runtime: 'systemd', isBad: false, stale: [], waiting: [], ...more });

function host(
  units: Record<string, RunningUnit> = {}, slots: Record<string, RunningSlot> = {}, more: Partial<Running> = {},
): Running {
  return {
    unit: name => units[name] ?? up, slots: new Map(Object.entries(slots)), apps: new Map(), absent: [],
    isUnfinished: false, ...more,
  };
}
const change = (...paths: string[]): ChangedPath[] => paths.map(path => ({ path, what: 'change' }));
const remove = (...paths: string[]): ChangedPath[] => paths.map(path => ({ path, what: 'remove' }));

/** What is done, as `action what`, with what it interrupts. */
const done = (former: Listed, tree: Listed, changed: ChangedPath[], is: Running): string[] =>
  impact(former, tree, changed, is, [KEEPER]).map(({ action, what, downtime }) => `${action} ${what}${downtime === null ? '' : `: ${downtime}`}`);

describe('units', () => {
  const tree = list({ 'a.service': 'a', 'b.service': null }, {
    '/1': ['reload:a.service'], '/2': ['restart:a.service'], '/3': ['restart:b.service', 'reload:a.service'],
  });

  it('reload before they restart, each once, with all that calls for it', () => {
    expect(done(tree, tree, change('/1'), host())).toEqual(['reload a.service']);
    expect(done(tree, tree, change('/1', '/3'), host())).toEqual(['reload a.service', 'restart b.service']);
    expect(impact(tree, tree, change('/1', '/3'), host(), [])[0]?.because).toEqual(['/1', '/3']);
  });

  it('are not reloaded as well where they restart, and say what that interrupts', () => {
    expect(done(tree, tree, change('/1', '/2'), host())).toEqual(['restart a.service: a']);
  });

  it('that are down are not touched by a change, and started because they shall run', () => {
    expect(done(tree, tree, change('/2'), host({ 'a.service': down }))).toEqual(['start a.service']);
    expect(done(tree, tree, [], host({ 'a.service': { ...up, isEnabled: false } }))).toEqual(['enable a.service']);
  });

  it('that run all the same between two restarts of systemd\'s are started', () => {
    expect(done(tree, tree, [], host({ 'b.service': { ...up, isGood: false, state: 'activating' } })))
      .toEqual(['start b.service']);
  });

  it('that neither list names are reloaded too', () => {
    const ssh = list({}, { '/etc/ssh/sshd_config': ['reload:ssh.service', 'confirm'] });
    expect(done(ssh, ssh, change('/etc/ssh/sshd_config'), host()))
      .toEqual(['reload ssh.service', 'confirm over a new connection, or all is put back']);
  });

  it('that are new start, and are enabled where the tree brings their file', () => {
    const more = list({ 'x.service': null, 'y.timer': null }, { [UNIT('y.timer')]: [] }, {
      [UNIT('y.timer')]: '[Timer]\n[Install]\nWantedBy=timers.target\n',
    });
    const is = host({ 'x.service': absent, 'y.timer': absent });
    expect(done(list(), more, [{ path: UNIT('y.timer'), what: 'add' }], is))
      .toEqual(['start x.service', 'enable y.timer', 'start y.timer']);
  });

  it('whose program is not there are not started', () => {
    const needs =
      list({ 'n.service': null }, {}, { [UNIT('n.service')]: '[Service]\nExecStart=/usr/local/bin/n --x\n' });
    expect(done(list(), needs, [], host({ 'n.service': absent }, {}, { absent: ['/usr/local/bin/n'] }))).toEqual([]);
    expect(done(list(), needs, [], host({ 'n.service': absent }, {}, { absent: ['/usr/local/bin/other'] })))
      .toEqual(['start n.service']);
  });
});

describe('what goes', () => {
  it('is stopped where its file goes, timers before their services, before anything else', () => {
    const former = list({ 'j.service': 'j', 'j.timer': null, 'a.service': null }, {
      [UNIT('j.service')]: ['restart:j.service'], [UNIT('j.timer')]: ['restart:j.timer'], '/a': ['reload:a.service'],
    });
    const tree = list({ 'a.service': null }, { '/a': ['reload:a.service'] });
    expect(done(former, tree, [...change('/a'), ...remove(UNIT('j.service'), UNIT('j.timer'))], host()))
      .toEqual(['stop j.timer: j.timer', 'stop j.service: j', 'reload a.service']);
  });

  it('is left running where its file is Debian\'s, without a reload for files that go', () => {
    const former = list({ 'nginx.service': 'all' }, { '/etc/nginx/nginx.conf': ['reload:nginx.service'] });
    expect(done(former, list(), remove('/etc/nginx/nginx.conf'), host())).toEqual(['leave running nginx.service']);
    expect(done(former, list(), remove('/etc/nginx/nginx.conf'), host({ 'nginx.service': down }))).toEqual([]);
  });

  it('of a file that goes, a unit that stays hears', () => {
    const former = list({ 'a.service': null }, { '/a': ['reload:a.service'] });
    expect(done(former, list({ 'a.service': null }), remove('/a'), host())).toEqual(['reload a.service']);
  });

  it('interrupts an app only with its live slot', () => {
    const former =
      list({}, { [UNIT('web-blue.service')]: ['slot:web/blue'], [UNIT('web-green.service')]: ['slot:web/green'] });
    const gone = remove(...former.triggers.keys());
    const looked = host({}, { 'web/blue': slot({ role: 'live' }), 'web/green': slot() });
    expect(done(former, list(), gone, looked)).toEqual(['stop web-green.service', 'stop web-blue.service: the app']);
    const assumed = host({}, { 'web/blue': slot({ role: 'either' }), 'web/green': slot({ role: 'either' }) });
    expect(done(former, list(), gone, assumed)).toEqual([
      'stop web-green.service: the app, if the slot is live', 'stop web-blue.service: the app, if the slot is live',
    ]);
  });

  it('is no template of a unit, under whose own name nothing runs', () => {
    expect(done(list({}, { [UNIT('job@.service')]: [] }), list(), remove(UNIT('job@.service')), host())).toEqual([]);
  });
});

describe('slots', () => {
  const tree =
    list({}, {
      '/blue': ['slot:web/blue'], '/green': ['slot:web/green'], '/both': ['slot:web/blue', 'slot:web/green'],
    });

  it('take their files up in next, and wait for the switch in live', () => {
    const is = host({}, { 'web/blue': slot({ role: 'live' }), 'web/green': slot() });
    expect(done(tree, tree, change('/both'), is)).toEqual(['restart next web/green', 'wait for the switch web/blue']);
    expect(done(tree, tree, change('/blue'), is)).toEqual(['wait for the switch web/blue']);
  });

  it('without a release have nothing to take up; of no list any more, they are not asked', () => {
    expect(done(tree, tree, change('/both'), host())).toEqual([]);
    expect(done(tree, list(), remove('/both'), host({}, { 'web/blue': slot() }))).toEqual([]);
  });

  it('that are down restart with new files, live too, and start without', () => {
    const is =
      host({}, { 'web/blue': slot({ role: 'live', isRunning: false }), 'web/green': slot({ isRunning: false }) });
    expect(done(tree, tree, change('/both'), is)).toEqual(['restart next web/green', 'restart web/blue']);
    expect(done(tree, tree, [], is)).toEqual(['start web/green', 'start web/blue']);
  });

  it('with a bad release are not started for nothing', () => {
    expect(done(tree, tree, [], host({}, { 'web/green': slot({ isRunning: false, isBad: true }) }))).toEqual([]);
  });

  it('take up at last what they had to leave while they were live', () => {
    expect(done(tree, tree, [], host({}, { 'web/green': slot({ stale: ['/green'] }) })))
      .toEqual(['restart next web/green']);
    expect(done(tree, tree, [], host({}, { 'web/green': slot({ role: 'live', stale: ['/green'] }) }))).toEqual([]);
  });
});

describe('what keeps programs and slots', () => {
  const conf = '/etc/keeper/settings';
  const tree = list({ 'keeper.service': 'its apps' }, {
    [conf]: ['restart:keeper.service'], [PROGRAM('job')]: [], [PROGRAM('web-blue')]: ['slot:web/blue'],
  }, {
    [PROGRAM('job')]: 'job\n', [PROGRAM('web-blue')]: 'web-blue\n',
  });

  it('restarts, unless a live slot runs under it', () => {
    expect(done(tree, tree, change(conf), host())).toEqual(['restart keeper.service: its apps']);
    expect(done(tree, tree, change(conf), host({}, { 'web/blue': slot({ role: 'live', runtime: 'keeper' }) })))
      .toEqual(['wait for a restart keeper.service']);
  });

  it('takes up programs that are no slots, unless it restarts or is down', () => {
    expect(done(tree, tree, change(PROGRAM('job'), PROGRAM('web-blue')), host())).toEqual(['update job: job']);
    expect(done(tree, tree, change(PROGRAM('job'), conf), host())).toEqual(['restart keeper.service: its apps']);
    expect(done(tree, tree, change(PROGRAM('job')), host({ 'keeper.service': down })))
      .toEqual(['start keeper.service']);
  });

  it('ends the programs of a file that goes', () => {
    expect(done(tree, list({ 'keeper.service': null }), remove(PROGRAM('job')), host())).toEqual(['stop job: job']);
  });
});

describe('ports', () => {
  it('open and close by the lines of the report', () => {
    const before = '# port\n80\ttcp\tall\tanyone\tweb\n6379\ttcp\t10.8.0.2\teu1\tredis\n';
    const after = '# other head\n80\ttcp\tall\tanyone\tweb\n443\ttcp\tall\tanyone\tweb\n';
    expect(exposure(before, after).map(({ action, what, because }) => [action, what, because[0]])).toEqual([
      ['close', 'port 6379/tcp at 10.8.0.2 to eu1', 'redis'], ['open', 'port 443/tcp to anyone', 'web'],
    ]);
    expect(exposure(before, before)).toEqual([]);
    expect(exposure(before, before.replace('\tweb', '\tweb, shop'))).toEqual([]);
  });
});

it('an install that was cut short is finished first', () => {
  expect(done(list(), list({ 'a.service': null }), [], host({ 'a.service': down }, {}, { isUnfinished: true })))
    .toEqual(['finish an install that was cut short', 'start a.service']);
});
