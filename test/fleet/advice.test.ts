// Every command that vgen or the engine prints as a remedy is run as it was printed: it is whole and does what is said.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../vgen.ts';
import { because, commandsIn, ended, inventory, lack, TestFleet, type Ran } from './fixture.ts';

/** With names that none of vgen's defaults has, and a blank in one of them. */
const FLEET = ['-i', 'my site.yaml', '--on', 'a'];
const TREES = [...FLEET, '-o', 'trees'];

describe.skipIf(lack !== null)(`remedies that are printed (${because})`, () => {
  let fleet: TestFleet;
  const run = (words: readonly string[], owner = 'tester'): Promise<Ran> => fleet.vgen(words, { VGEN_OWNER: owner });
  /** Runs a command as it was printed, in a shell. */
  const asPrinted = (command: string, owner = 'tester'): Promise<Ran> =>
    ended(fleet.start([command], { VGEN_OWNER: owner, PATH: `${join(fleet.dir, 'bin')}:${process.env['PATH'] ?? ''}` },
      ['sh', '-c']));
  const works = async (command: string | undefined, code = 0): Promise<Ran> => {
    const ran = await asPrinted(command ?? 'false');
    expect(ran.code, `${command}\n${ran.text}`).toBe(code);
    return ran;
  };
  const build = async (text: string): Promise<void> => {
    fleet.write(text, 'my site.yaml');
    const { code, text: said } = await run(['build', '-i', 'my site.yaml', '-o', 'trees']);
    expect(code, said).toBe(0);
  };
  const said = (ran: Ran, code: number): string[] => {
    expect(ran.code, ran.text).toBe(code);
    return commandsIn(ran.text);
  };

  beforeAll(async () => {
    fleet = await TestFleet.boot();
    mkdirSync(join(fleet.dir, 'bin'));
    writeFileSync(join(fleet.dir, 'bin/vgen'), `#!/bin/sh\nexec '${process.execPath}' '${cli}' "$@"\n`);
    chmodSync(join(fleet.dir, 'bin/vgen'), 0o755);
  });
  afterAll(() => fleet?.stop());

  it('where there is no tree yet', async () => {
    fleet.write(inventory(), 'my site.yaml');
    const { code, stderr } = await run(['apply', ...TREES]);
    expect(code).toBe(2);
    const [, command] = /run "([^"]*)"/.exec(stderr) ?? [];
    expect(command).toBe("vgen build -i 'my site.yaml' -o trees");
    await works(command);
    expect((await run(['apply', ...TREES])).code).toBe(0);
  });

  it('of a deploy that failed, with its artifact and --switch', async () => {
    const artifact = fleet.artifact('one');
    await fleet.ask('a', 'systemctl stop nginx');
    const [again, ...others] = said(await run(['deploy', 'web', artifact, '--switch', ...FLEET]), 1);
    expect(others).toEqual([]);
    expect(again).toBe(`vgen deploy web web --switch -i 'my site.yaml' --on a --retry-failed`);
    await fleet.ask('a', 'systemctl start nginx');
    await works(again);
    expect(await fleet.ask('a', 'curl -s http://127.0.0.1:8000/')).toContain('one');
    expect(commandsIn((await run(['deploy', 'web', artifact, '--dry-run', ...FLEET])).text)).toEqual([]);
  });

  it('of a rollback of the configuration', async () => {
    const nothing = await run(['rollback', '--configuration', ...FLEET]);
    expect(nothing.stdout).toMatch(/^a .*refused: nothing to roll back to/m);
    expect(said(nothing, 3)).toEqual([]);
    await build(inventory('', 'changed'));
    expect((await run(['apply', ...TREES])).code).toBe(0);
    await fleet.ask('a', 'echo mine >/etc/motd');
    const [, force] = said(await run(['rollback', '--configuration', ...FLEET]), 3)
      .filter(command => command.startsWith('vgen'));
    expect(force).toBe(`vgen rollback --configuration -i 'my site.yaml' --on a --force`);
    await works(force);
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('one');
    await build(inventory('', 'changed'));
    const older = said(await run(['apply', ...TREES, '--force']), 3).filter(command => command.startsWith('vgen'));
    expect(older).toEqual([`vgen apply -i 'my site.yaml' --on a -o trees --force --older`]);
    await works(older[0]);
    await build(inventory());
    expect((await run(['apply', ...TREES, '--older'])).code).toBe(0);
  });

  it('of refusals that another option lets through', async () => {
    await fleet.ask('a', 'echo mine >/etc/motd');
    const commands = said(await run(['apply', ...TREES]), 3).filter(command => command.startsWith('vgen'));
    expect(commands.map(command => command.split(' ').at(-1))).toEqual(['--adopt', '--force']);
    await works(commands[1]);
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('one');

    await build(inventory(`limits: { restarts: 0 }
files:
  /etc/motd: { content: "two\\n", restart: [nginx.service] }
`));
    const [, planned] = said(await run(['plan', ...TREES]), 1);
    const refused = said(await run(['apply', ...TREES]), 3);
    expect(refused).toEqual([`vgen apply -i 'my site.yaml' --on a -o trees --max-restarts 1`]);
    expect(planned).toBe(`vgen apply --max-restarts 1 --on a -i 'my site.yaml' -o trees`);
    await works(planned);
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('two');
  });

  it('of a plan that is stale: the host changed, or the tree', async () => {
    const applied = async (anew: string | undefined): Promise<void> => {
      expect(anew).toBe(`vgen plan --save 'my plan.json' --on a -i 'my site.yaml' -o trees`);
      const [apply] = commandsIn((await works(anew, 1)).text);
      expect(apply).toBe(`vgen apply 'my plan.json' --on a -i 'my site.yaml' -o trees`);
      await works(apply);
    };
    const plan = async (): Promise<void> => {
      expect((await run(['plan', ...TREES, '--save', 'my plan.json'])).code).toBe(1);
    };
    const apply = async (code: number): Promise<string[]> => said(await run(['apply', 'my plan.json', ...TREES]), code);
    await build(inventory('', 'planned'));
    await plan();
    await fleet.ask('a', 'touch /etc/motd');
    await applied((await apply(3))[0]);
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('planned');

    await build(inventory('', 'once more'));
    await plan();
    await build(inventory('', 'another'));
    await applied((await apply(3))[0]);
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('another');

    // one that the host put back left other files there than those that the plan has seen
    await build(inventory(`files:
  /etc/motd: { content: "failed\\n" }
  /etc/nginx/conf.d/gzip.conf: { content: "gzip on;\\n", reload: [nginx.service] }
`));
    await plan();
    await fleet.ask('a', 'echo "no such directive;" >/etc/nginx/conf.d/zz.conf');
    const commands = await apply(1);
    await fleet.ask('a', 'rm /etc/nginx/conf.d/zz.conf');
    expect(commands).toHaveLength(1);
    await applied(commands[0]);
    expect(await fleet.ask('a', 'cat /etc/motd')).toBe('failed');
  }, 240_000);

  it('of a lock that somebody else holds', async () => {
    expect((await run(['lock', '--message', 'mine', ...FLEET], 'alice')).code).toBe(0);
    const [waiting, unlocking] = said(await run(['switch', 'web', ...FLEET]), 3);
    expect(waiting).toBe(`vgen switch web -i 'my site.yaml' --on a --wait 10m`);
    const [forced] = said(await run(['unlock', ...FLEET]), 3);
    expect(forced).toBe(unlocking);
    await works(unlocking);
    expect((await asPrinted(waiting ?? '')).stdout).toContain('has no release');
  });

  it('of a live that hangs: another release becomes live, on that host', async () => {
    const hangs = async (signal: string, slot: string): Promise<void> => {
      await fleet.ask('a', `kill -${signal} "$(systemctl show -p MainPID --value web-${slot})"`);
    };
    const answer = (): Promise<string> => fleet.ask('a', 'curl -s -m 2 http://127.0.0.1:8000/');
    const other = await run(['deploy', 'web', fleet.artifact('two'), ...FLEET]);
    expect(other.code, other.text).toBe(0);
    const slot = await fleet.ask('a', 'readlink /opt/web/live');
    await hangs('STOP', slot);
    const remedy = `vgen switch web --on a -i 'my site.yaml'`;
    expect(said(await run(['plan', ...TREES]), 1)).toContain(remedy);
    expect(said(await run(['status', ...FLEET]), 1)).toContain(remedy);
    expect(said(await run(['apply', ...TREES]), 1)).toContain(remedy);
    await works(remedy);
    expect(await answer()).toBe('two');
    await hangs('CONT', slot);
    expect((await run(['plan', ...TREES])).code).toBe(0);

    // nothing healthy is next: the release that was live before is started there
    const live = await fleet.ask('a', 'systemctl stop "web-$(readlink /opt/web/next)"; readlink /opt/web/live');
    await hangs('STOP', live);
    const back = `vgen rollback web --on a -i 'my site.yaml'`;
    expect(said(await run(['status', ...FLEET]), 1)).toContain(back);
    await works(back);
    expect(await answer()).toBe('one');
    await hangs('CONT', live);
  }, 240_000);

  it('of the engine: an older tree, and a run that was killed', async () => {
    const install = 'bash /var/lib/vgen/incoming/install.sh --order 1';
    const older = await fleet.ask('a', `exec 2>&1; ${install}2; ${install}`);
    expect(commandsIn(older)).toEqual([`${install} --rollback`]);
    expect(await fleet.ask('a', `${install} --rollback 2>&1; echo "code $?"`)).toMatch(/code 0$/);
    const killed = await fleet.ask('a', `exec 2>&1
      (setsid flock /var/lib/vgen/lock sleep 3 >/dev/null 2>&1 &); sleep 0.3
      (sleep 1; systemctl kill --signal KILL 'vgen-run-*-install-*') & bash /var/lib/vgen/incoming/install.sh --rollback; true`);
    const [again] = commandsIn(killed);
    expect(again).toBe('bash /var/lib/vgen/incoming/install.sh --rollback');
    expect(await fleet.ask('a', `${again} 2>&1; echo "code $?"`)).toMatch(/code 0$/);
  });
});
