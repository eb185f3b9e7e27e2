import { describe, expect, it } from 'vitest';
import { host, installed, sum, tree } from '../../../test/seen.ts';
import { isNothing, planFor } from './compare.ts';

const FILE = 'file /etc/x 0644 root:root - - - files';
const NEW = ['tree abc', 'host a'];
const changes = (...args: Parameters<typeof planFor>): string[] =>
  planFor(...args).changes.map(({ kind, what, name, why, byHand }) =>
    `${what} ${kind} ${name}: ${why}${byHand ? ' (local edit)' : ''}`);

describe('live that is down', () => {
  const slots = tree(['slot web blue', 'slot web green']);
  const is = (process: string): string[] => [
    ...NEW, 'dead web', `slot web/blue live r1 ${process} systemd - - /opt/web 127.0.0.1:8000`,
  ];

  it('is something, and an apply of what runs fails', () => {
    const plan = planFor(slots, host(...is('running')));
    expect(isNothing(plan)).toBe(false);
    expect(plan.actions).toEqual([]);
    expect(plan.down).toEqual([{ app: 'web', why: expect.stringMatching(
      /^live does not answer: its process runs, and is not restarted by an apply, which fails; see: vgen logs web/,
    ) as string }]);
  });

  it('is started where its process does not run', () => {
    expect(planFor(slots, host(...is('stopped'))).down)
      .toEqual([{ app: 'web', why: 'live does not answer: an apply starts web/blue' }]);
  });

  it('may be mended by what an apply does', () => {
    const wanted = tree(['file /etc/x 0644 root:root reload:nginx.service - - nginx', 'slot web blue', 'slot web green'],
      { '/etc/x': sum(2) });
    const up = 'unit nginx.service active running loaded enabled';
    expect(planFor(wanted, host(...is('running'), ...installed('/etc/x'), up)).down)
      .toEqual([{ app: 'web', why: 'live does not answer: an apply fails if it does not answer after what it does here' }]);
  });

  it('of an app that goes is nothing to be told', () => {
    expect(planFor(tree([]), host(...NEW, 'dead web')).down).toEqual([]);
  });
});

describe('what a live slot keeps until its switch', () => {
  const LIVE = 'slot web/blue live r1 running systemd - - /opt/web 127.0.0.1:8000 20000';
  const ends = (...args: Parameters<typeof planFor>): string[] => planFor(...args).actions
    .filter(({ action }) => action === 'end')
    .map(({ what, because, downtime }) => `${what}: ${downtime} (${because.join()})`);

  it('is told where the datastore changes what it leads to', () => {
    const path = '/etc/e';
    const wanted = tree([
      `file ${path} 0600 root:root slot:web/blue - - apps web/blue`, 'slot web blue',
      'variable web DB_URL redis://127.0.0.1:6400 uses-db',
    ], { [path]: sum(2) });
    const was = 'applied variable web DB_URL redis://127.0.0.1:6379 uses-db';
    expect(ends(wanted, host(...NEW, ...installed(path), LIVE, was))).toEqual([
      'DB_URL of web: what web asks there, until its switch '
        + '(uses-db: new port at once, and live keeps the former until its switch)',
    ]);
    // a live slot that does not run takes up its files
    expect(ends(wanted, host(...NEW, ...installed(path), LIVE.replace('running', 'stopped'), was))).toEqual([]);
  });

  it('is told where the value of a secret is new for the other side too', () => {
    const paths = ['/etc/e', '/etc/redis'];
    const wanted = tree([
      'file /etc/e 0644 root:root slot:web/blue - token apps web/blue',
      'file /etc/redis 0644 root:root - - token,other redis', 'slot web blue', 'secret token', 'secret other',
    ]);
    const is = (...contents: readonly string[]): string[] => ends(wanted, host(
      ...NEW, 'secret token', 'secret other', LIVE,
      ...paths.flatMap((path, i) => installed(path, { content: contents[i] ?? '' })),
    ));
    expect(is('different', 'different')).toEqual([
      'token of web: what web asks with it, until its switch '
        + '(a new value, at once in /etc/redis; live keeps the former until its switch)',
    ]);
    expect([is('different', 'same'), is('same', 'different'), is('same', 'same')]).toEqual([[], [], []]);
  });
});

describe('files', () => {
  it('that are as the tree has them are no change', () => {
    expect(isNothing(planFor(tree([FILE]), host(...NEW, ...installed('/etc/x'))))).toBe(true);
  });

  it('are new, or differ in text, mode or owner', () => {
    expect(changes(tree([FILE]), host())).toEqual(['add file /etc/x: new']);
    const other = tree(['file /etc/x 0600 adm:adm - - - files'], { '/etc/x': sum(2) });
    expect(changes(other, host(...NEW, ...installed('/etc/x'))))
      .toEqual(['change file /etc/x: text; mode 0600, is 0644; owner adm:adm, is root:root']);
  });

  it('that somebody edited are local edits; another mode alone is set right', () => {
    expect(changes(tree([FILE]), host(...NEW, ...installed('/etc/x', { mode: '666', left: 'metadata' }))))
      .toEqual(['change file /etc/x: mode 0644, is 0666']);
    expect(changes(tree([FILE]), host(...NEW, ...installed('/etc/x', { content: sum(9), left: 'content' }))))
      .toEqual(['change file /etc/x: text (local edit)']);
  });

  it('that were adopted stay until the tree changes them', () => {
    const adopted = host(...NEW, ...installed('/etc/x', { content: sum(9), adopted: 'adopted' }));
    const kept = planFor(tree([FILE]), adopted);
    expect(kept.changes).toEqual([]);
    expect(kept.notes).toEqual(['/etc/x stays as somebody changed it (adopted)']);
    expect(changes(tree([FILE], { '/etc/x': sum(2) }), adopted)).toEqual(['change file /etc/x: text (local edit)']);
  });

  it('with secrets are told same or different, never their hash', () => {
    const held =
      tree(['file /etc/s 0600 root:root restart:a.service - token files', 'secret token', 'unit a.service - why']);
    const is = (content: string): string[] => changes(held, host(
      ...NEW, 'secret token', `path /etc/s f 600 root:root ${content} yes 1.2.3`,
      'unit a.service active running loaded enabled',
    ));
    expect(is('same')).toEqual([]);
    expect(is('different')).toEqual(['change file /etc/s: text or secrets']);
  });

  it('that are no longer listed go, come back as they were, or are kept where somebody changed them', () => {
    const gone = (...more: string[]): string[] => changes(tree([]), host(...NEW, ...installed('/etc/x'), ...more));
    expect(gone()).toEqual(['remove file /etc/x: no longer in the tree']);
    expect(gone('original /etc/x')).toEqual(['restore file /etc/x: what was there before vgen comes back']);
    expect(changes(tree([]), host(...NEW, ...installed('/etc/x', { left: 'content' }))))
      .toEqual(['keep file /etc/x: no longer in the tree, but changed by somebody on the host']);
  });

  it('that go do so in the order of the engine: what something runs from last, each backwards', () => {
    const unit = '/etc/systemd/system/j.service';
    const is = host(...NEW, ...[unit, '/etc/a', '/etc/z'].flatMap(path => installed(path)));
    expect(planFor(tree([]), is).changes.map(({ name }) => name)).toEqual(['/etc/z', '/etc/a', unit]);
  });
});

describe('links, directories, users, packages', () => {
  it('are compared each in its way', () => {
    const wanted = tree([
      'package nginx why', 'user ada /srv/ada /bin/sh adm,users why', 'directory /opt/x 0755 root:root',
      'link /etc/l there', 'first-link /opt/live blue',
    ]);
    expect(changes(wanted, host())).toEqual([
      'add package nginx: not installed', 'add user ada: not there', 'add directory /opt/x: new',
      'add link /etc/l: to there', 'add link /opt/live: to blue',
    ]);
    const is = host(...NEW, 'package nginx', 'record user ada adm,backup', 'user ada /home/ada:/bin/sh '
      + 'adm,backup', 'path /opt/x d 700 root:root - - 1.2.3',
      'path /etc/l l 777 root:root elsewhere - 1.2.3', 'path /opt/live l 777 root:root green - 1.2.3');
    expect(changes(wanted, is)).toEqual([
      'change user ada: home /srv/ada, is /home/ada; joins users; leaves backup',
      'change directory /opt/x: mode 0755, is 0700',
      'change link /etc/l: leads to elsewhere, not to there',
    ]);
  });
});

describe('what stands in the way', () => {
  it('is another machine\'s tree, and secrets without a value', () => {
    expect(planFor(tree(['secret token']), host('tree abc', 'host b')).obstacles).toEqual([
      'this machine is b, the tree is for a', 'without a value on the host: token (vgen secrets push --on a)',
    ]);
  });
});

describe('a user that runs something', () => {
  it('keeps home and shell', () => {
    const wanted = tree(['user web /opt/new /usr/sbin/nologin - why']);
    const is = (runs: string): string[] => planFor(wanted, host(
      ...NEW, `user web /opt/old:/usr/sbin/nologin web ${runs}`,
    )).obstacles.slice();
    expect(is('runs')).toEqual([
      'user web runs something, and cannot get the home /opt/new meanwhile; stop it first, or name another user',
    ]);
    expect(is('-')).toEqual([]);
  });
});

describe('a directory above what root writes', () => {
  it.each([
    ['755 root:root', false], ['775 root:root', false], ['755 web:web', true], ['1777 root:root', true],
    ['775 root:web', true],
  ])('of mode and owner %s is refused: %s', (is, isRefused) => {
    const { obstacles } = planFor(tree([FILE]), host(...NEW, `path /etc d ${is} - - 1.2.3`));
    expect(obstacles).toEqual(isRefused ? [expect.stringContaining('chown root /etc && chmod go-w /etc')] : []);
  });

  it('is none where nothing is to be installed', () => {
    const wanted = tree([FILE]);
    const is = (id: string): string[] => planFor(wanted, host(
      `tree ${id}`, 'host a', ...installed('/etc/x'), 'path /etc d 777 root:root - - 1.2.3',
    )).obstacles.slice();
    expect([is(wanted.id), is('abc').length]).toEqual([[], 1]);
  });

  it('that the tree makes root\'s is none', () => {
    const made = tree(['file /etc/redis/x 0644 root:root - - - files', 'directory /etc/redis 0750 root:redis']);
    expect(planFor(made, host(...NEW, 'path /etc/redis d 2770 redis:redis - - 1.2.3')).obstacles).toEqual([]);
  });
});

describe('actions', () => {
  it('follow from what the host said of its units and slots', () => {
    const path = '/etc/nginx/nginx.conf';
    const wanted = tree([
      `file ${path} 0644 root:root reload:nginx.service - - nginx`, 'file /etc/e 0644 root:root slot:web/blue - - apps',
      'unit nginx.service all why', 'slot web blue',
    ],
      { [path]: sum(2), '/etc/e': sum(2) });
    const is = host(
      ...NEW, ...installed(path), ...installed('/etc/e'), 'record unit nginx.service',
      'unit nginx.service active running loaded enabled',
      'slot web/blue live r1 running systemd - -',
    );
    expect(planFor(wanted, is).actions).toEqual([
      { action: 'reload', what: 'nginx.service', because: [path], downtime: null },
      { action: 'wait for the switch', what: 'web/blue', because: ['/etc/e'], downtime: null },
    ]);
  });

  it('say what is left running as a note, which is nothing to do', () => {
    const plan = planFor(tree([]), host(
      ...NEW, 'record unit redis-server.service', 'unit redis-server.service active running loaded enabled',
    ));
    expect(isNothing(plan)).toBe(true);
    expect(plan.notes)
      .toEqual([expect.stringMatching(/^redis-server\.service is left running: no longer in the inventory/)]);
  });
});
