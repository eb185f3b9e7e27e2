import { describe, expect, it } from 'vitest';
import { host, installed, sum, tree } from '../../../test/seen.ts';
import { isNothing, planFor } from './compare.ts';

const FILE = 'file /etc/x 0644 root:root - - - files';
const NEW = ['tree abc', 'host a'];
const changes = (...args: Parameters<typeof planFor>): string[] =>
  planFor(...args).changes.map(({ kind, what, name, why, byHand }) =>
    `${what} ${kind} ${name}: ${why}${byHand ? ' (local edit)' : ''}`);

describe('what a live slot keeps until its switch', () => {
  const LIVE = 'slot web/blue live r1 running systemd - - /opt/web 127.0.0.1:8000 20000';
  const ends = (...args: Parameters<typeof planFor>): string[] => planFor(...args).actions
    .filter(({ action }) => action === 'end')
    .map(({ what, because, downtime }) => `${what}: ${downtime} (${because.join()})`);

  const OWN = 'file /etc/e 0644 root:root slot:web/blue - - apps web/blue';
  /** The file in the record as the slot's, and as it is now. */
  const own = (content: string, { adopted = '-', left = 'yes', mode = '0644' } = {}): string[] => [
    `record file /etc/e ${content} slot:web/blue ${sum(1)} ${adopted} ${mode} root:root - web/blue`,
    `path /etc/e f ${Number(mode)} root:root ${left === 'yes' ? content : sum(8)} ${left} 1.2.3`, LIVE,
  ];
  const now = tree([OWN, 'slot web blue']);
  const next = tree([OWN, 'slot web blue'], { '/etc/e': sum(2) });
  const told = (wanted: typeof now, ...is: readonly string[]): unknown[] => {
    const { changes: found, actions, notes } = planFor(wanted, host(`tree ${now.id}`, 'host a', ...is));
    return [found.map(({ name, why, byHand }) => `${name}: ${why}${byHand ? ' (local edit)' : ''}`),
      actions.map(({ action, what }) => `${action} ${what}`), notes];
  };

  it('waits, and is nothing else', () => {
    expect(told(next, ...own(sum(1)))).toEqual([
      [], ['wait for the switch web/blue'], ['web/blue is live: a file of it waits for the next switch: no downtime'],
    ]);
    expect(told(now, ...own(sum(1)))).toEqual([[], [], []]);
  });

  it('is nothing to do once it is adopted, also with another mode', () => {
    for (const mode of ['644', '600']) {
      expect(told(now, ...own(sum(9), { adopted: 'adopted', mode })))
        .toEqual([[], [], ['/etc/e stays as somebody changed it (adopted)']]);
    }
  });

  it('is a local edit as elsewhere where somebody changed it, adopted or not, and says what it waits for', () => {
    const edited = '/etc/e: text; waits for the switch of web/blue (local edit)';
    for (const is of [own(sum(1), { left: 'content' }), own(sum(9), { adopted: 'adopted' })]) {
      expect(told(next, ...is)[0]).toEqual([edited]);
    }
    // a record of --force: what is there counts as vgen's, and no source is known
    const forced = own(sum(9)).map(line => line.replace(`slot:web/blue ${sum(1)}`, 'slot:web/blue -'));
    expect(told(now, ...forced, 'waiting /etc/e web/blue').slice(0, 2)).toEqual([[], []]);
  });

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

describe('what has not taken up its files', () => {
  it('is told with them, or without where the host names none', () => {
    const wanted = tree(['file /etc/x 0644 root:root slot:web/blue - - apps web/blue', 'slot web blue']);
    const note = (paths: string): string[] => planFor(wanted, host(...NEW, `pending web/blue ${paths}`)).notes.slice();
    expect(note('/etc/x')).toContain('web/blue keeps its former /etc/x until the next switch');
    expect(note('')).toContain('web/blue keeps its former configuration until the next switch');
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
    const other = planFor(tree([FILE], { '/etc/x': sum(2) }), adopted);
    expect([other.changes.map(({ byHand }) => byHand), other.notes]).toEqual([[true], []]);
    // what the tree wants is there already
    expect(planFor(tree([FILE], { '/etc/x': sum(9) }), adopted).changes).toEqual([]);
  });

  it('that somebody made what the tree wants are no local edits, whatever their mode', () => {
    expect(changes(tree([FILE], { '/etc/x': sum(2) }),
      host(...NEW, ...installed('/etc/x', { content: sum(2), mode: '600', left: 'content' }))))
      .toEqual(['change file /etc/x: mode 0644, is 0600']);
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

  it('is looked for behind links, which have to be root\'s too', () => {
    const behind = (...lines: readonly string[]): string[] =>
      planFor(tree(['file /srv/a/x 0644 root:root - - - files']), host(...NEW, ...lines)).obstacles.slice();
    const link = 'path /srv/a l 777 root:root ../data/a - 1.2.3';
    expect(behind(link, 'path /srv/../data d 755 root:root - - 1.2.3')).toEqual([]);
    expect(behind(link, 'path /srv/../data d 777 root:root - - 1.2.3'))
      .toEqual([expect.stringMatching(/^\/srv\/\.\.\/data belongs to root:root, mode 777; .*: chown root/)]);
    expect(behind(link, 'path /srv/../data/a l 777 root:root /mnt/ - 1.2.3', 'path /mnt d 755 web:web - - 1.2.3'))
      .toEqual([expect.stringMatching(/^\/mnt belongs to web:web/)]);
    expect(behind('path /srv/a l 777 web:web /mnt - 1.2.3'))
      .toEqual(['/srv/a is a link of web to /mnt; root writes nothing below it: remove it']);
    // in a circle
    expect(behind(link, 'path /srv/../data/a l 777 root:root /srv/a - 1.2.3')).toEqual([]);
  });

  it('of the tree is as it is behind a link', () => {
    const made = tree(['directory /opt/x 0755 root:root']);
    const is = (mode: string): string[] => changes(made, host(
      ...NEW, 'path /opt/x l 777 root:root /mnt - 1.2.3', `path /mnt d ${mode} root:root - - 1.2.3`,
    ));
    expect([is('755'), is('700')]).toEqual([[], ['change directory /opt/x: mode 0755, is 0700']]);
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
