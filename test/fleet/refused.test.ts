// What an apply refuses on a real host, and that a dry run refuses the same; what it finds to do where the tree is
// installed already.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { because, inventory, lack, resultsOf, TestFleet } from './fixture.ts';

describe.skipIf(lack !== null)(`what vgen apply refuses (${because})`, () => {
  let fleet: TestFleet;

  beforeAll(async () => {
    fleet = await TestFleet.boot();
    await fleet.build(inventory());
    await fleet.expect(0, 'apply --on a');
  });
  afterAll(() => fleet?.stop());

  const files = () => fleet.ask('a', 'stat -c "%n %i %s %Y" /etc/motd /etc/nginx/nginx.conf /var/lib/vgen/installed.tsv');
  /** An apply on host a, dry and real: both refuse it for that reason, and the host is as before. */
  const refused = async (reason: RegExp, flags = ''): Promise<void> => {
    const before = await files();
    const words = `apply --on a --json ${flags}`.trim();
    for (const each of [`${words} --dry-run`, words]) {
      const ran = await fleet.vgen(each.split(' '));
      expect(ran.code, `vgen ${each}\n${ran.text}`).not.toBe(0);
      expect(resultsOf(ran)['a'], `vgen ${each}\n${ran.text}`).toMatch(/^(refused|failed)$/);
      expect(ran.stdout, each).toMatch(reason);
    }
    expect(await files()).toBe(before);
  };
  const done = async (flags = ''): Promise<void> =>
    expect(resultsOf(await fleet.expect(0, `apply --on a --json ${flags}`.trim()))).toEqual({ a: 'done' });

  it('local edits; adopted, they stay until --force overwrites them', async () => {
    await fleet.ask('a', 'echo edited >/etc/motd');
    await refused(/local edits.*\/etc\/motd/);
    // nothing else is to be done
    expect(resultsOf(await fleet.expect(0, 'apply --on a --json --adopt'))).toEqual({ a: 'same' });
    expect(resultsOf(await fleet.expect(0, 'apply --on a --json'))).toEqual({ a: 'same' });
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('edited');
    await done('--force');
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('one');
    expect(resultsOf(await fleet.expect(0, 'apply --on a --json --force'))).toEqual({ a: 'same' });
  });

  it('a link in the place of a file, although its target spells the digest of that file', async () => {
    const digest = createHash('sha256').update('one\n').digest('hex');
    expect(await fleet.ask('a', "awk '$2 == \"/etc/motd\" { print $3 }' /var/lib/vgen/installed.tsv")).toBe(digest);
    await fleet.ask('a', `ln -sfn ${digest} /etc/motd`);
    expect((await fleet.expect(1, 'drift --on a')).stdout).toContain('/etc/motd');
    await refused(/local edits.*\/etc\/motd/);
    await done('--force');
    expect(await fleet.ask('a', 'stat -c %F /etc/motd')).toBe('regular file');
  });

  it('a directory in the place of a file', async () => {
    await fleet.build(inventory('files:\n  /etc/motd: { content: "one\\n" }\n  /etc/taken: { content: "x\\n" }\n'));
    await fleet.ask('a', 'mkdir /etc/taken');
    await refused(/\/etc\/taken .*directory/);
    await fleet.ask('a', 'rmdir /etc/taken');
    await done();
  });

  it('a directory behind a link that is not root\'s alone, and a link of somebody else', async () => {
    await fleet.build(inventory('files:\n  /etc/motd: { content: "one\\n" }\n  /opt/led/x: { content: "x\\n" }\n'));
    await fleet.ask('a', 'mkdir -m 0777 /opt/to; ln -s to /opt/led; chown -h nobody /opt/led');
    await refused(/\/opt\/led is a link of nobody to to; root writes nothing below it: remove it/);
    await fleet.ask('a', 'chown -h root /opt/led');
    await refused(/\/opt\/to belongs to root:root, mode 777; .*chown root \/opt\/to && chmod go-w \/opt\/to/);
    await fleet.ask('a', 'chown root /opt/to && chmod go-w /opt/to');
    await done();
    expect((await fleet.expect(0, 'plan --on a')).stdout).toBe('a: nothing to do\n');
  });

  it('a secret that has no value on the host', async () => {
    await fleet.build(inventory('secrets: { token: { env: TOKEN } }\n')
      .replace('    binary: web\n', '    binary: web\n    env: { TOKEN: "${secret.token}" }\n'));
    await refused(/token/);
    await fleet.ask('a', 'install -d -m 0700 /etc/vgen/secrets && umask 077 && printf x >/etc/vgen/secrets/token');
    await done();
  });

  it('nothing of an installed tree, whose units it starts where they were stopped', async () => {
    await fleet.ask('a', 'systemctl stop nginx');
    expect((await fleet.expect(1, 'plan --on a')).stdout).toMatch(/start +nginx\.service/);
    await done();
    expect(await fleet.ask('a', 'systemctl is-active nginx')).toBe('active');
    expect(resultsOf(await fleet.expect(0, 'apply --on a --json'))).toEqual({ a: 'same' });
  });

  it('local edits of a file that waits for the switch of its slot', async () => {
    await fleet.build(inventory());
    await fleet.vgen(['apply', '--on', 'a']);
    await fleet.expect(0, `deploy web ${fleet.artifact('v1')} --switch --on a`);
    expect(await fleet.ask('a', 'readlink /opt/web/live')).toBe('green');
    const file = '/opt/web/green/nginx.conf';
    await fleet.ask('a', `echo '# by hand' >>${file}`);
    await fleet.build(inventory().replace('port: 20001', 'port: 20005'));
    expect((await fleet.expect(1, 'plan --on a')).stdout)
      .toContain(`${file}: text; waits for the switch of web/green; edited on the host`);
    await refused(/local edits.*\/opt\/web\/green\/nginx\.conf/);
    await fleet.expect(0, 'apply --on a --adopt');
    expect((await fleet.expect(0, 'plan --on a')).stdout).toContain(`${file} stays as somebody changed it (adopted)`);
    // the same tree once more: there is nothing to do now, and it says what waits
    expect((await fleet.expect(0, 'apply --on a --force')).stdout)
      .toMatch(/web\/green is live: \d+ files of it wait for the next switch/);
    expect((await fleet.expect(0, 'plan --on a')).stdout).not.toContain('adopted');
    await fleet.expect(0, `deploy web ${fleet.artifact('v2')} --switch --on a`);
    expect(await fleet.ask('a', `grep -c 'by hand' ${file} || grep -c 20005 ${file}`)).toBe('0\n1');
    expect((await fleet.expect(0, 'plan --on a')).stdout).toBe('a: nothing to do\n');
  }, 120_000);

  it('a tree that is older than one that the host has seen', async () => {
    const commit = (motd: string, seconds: number): void => {
      const date = `@${seconds} +0000`;
      const git = (...words: string[]) => execFileSync('git', words, {
        cwd: fleet.dir, encoding: 'utf8', env: {
          ...process.env, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date, GIT_CONFIG_GLOBAL: '/dev/null',
        },
      });
      git('init', '--quiet');
      git('add', 'out');
      git('-c', 'user.name=ada', '-c', 'user.email=ada@example.org', 'commit', '--quiet', '-m', motd);
    };
    await fleet.build(inventory('', 'newer'));
    commit('newer', 1_700_000_000);
    await done();
    await fleet.build(inventory('', 'older'));
    commit('older', 1_600_000_000);
    await refused(/older/);
    await done('--older');
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('older');
  });
});
