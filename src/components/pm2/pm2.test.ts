import { createRequire } from 'node:module';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { app, compiled, type Compiled } from '../../../test/compiled.ts';
import { inTemporaryDirectory } from '../../../test/programs.ts';

const on = (command: string, rest = ''): Promise<Compiled> =>
  compiled(`apps: { web: ${app('runtime: pm2, hosts: a, env: { KEY: "${secret.s}" }')
    .replace('./api', command)} }\nsecrets: { s: { env: S } }\n${rest}`);

/** What Node.js makes of the file. */
const read = async ({ text }: Compiled): Promise<object> => inTemporaryDirectory(dir => {
  writeFileSync(join(dir, 'ecosystem.config.js'), text('a', 'opt/web/blue/ecosystem.config.js'));
  return (createRequire(import.meta.url)(join(dir, 'ecosystem.config.js')) as { apps: object[] }).apps[0] ?? {};
});

describe('pm2', () => {
  it('runs a script of the release with its words as they are, in as many workers as said', async () => {
    const made = await on(
      '[/usr/bin/node, server.js, --port, "${slot.port}", "it\'s \\"50%\\" $X"]',
      'pm2: { workers: { web: 3 }, stop: 7 }\n',
    );
    expect(made.found).toEqual([]);
    expect(await read(made)).toMatchObject({
      name: 'web-blue', cwd: '/opt/web/blue/release', script: '/opt/web/blue/release/server.js',
      args: ['--port', '4000', 'it\'s "50%" $X'],
      interpreter: '/usr/bin/node', exec_mode: 'cluster', instances: 3, kill_timeout: 7000,
    });
  });

  it('runs a program by itself', async () => {
    expect(await read(await on('./web --x'))).toMatchObject({
      script: '/opt/web/blue/release/web', args: ['--x'], interpreter: 'none', exec_mode: 'fork', instances: 1,
    });
  });

  it('has a unit and a home for each slot, and its environment where root alone reads it', async () => {
    const { text, trees } = await on('./web', 'pm2: { relax: { web: [proc, home] } }\n');
    for (const slot of ['blue', 'green']) {
      const unit = text('a', `etc/systemd/system/web-${slot}.service`);
      expect(unit).toContain(`ExecStart=/usr/local/bin/pm2-runtime "start" "/opt/web/${slot}/ecosystem.config.js"\n`);
      expect(unit)
        .toContain(
          `RuntimeDirectory=web-${slot}-pm2\nRuntimeDirectoryMode=0700\nEnvironment=PM2_HOME=/run/web-${slot}-pm2\n`,
        );
      expect(unit).not.toMatch(/ProtectHome|ProcSubset|MemoryDenyWriteExecute/);
      expect(unit).toContain('PrivateDevices=yes\n');
      expect(text('a', `etc/vgen/env/web-${slot}.env`)).toContain('KEY=@vgen(envfile:<s>)\n');
    }
    expect(trees.get('a')?.plan.files.filter(({ path }) => path.startsWith('/etc/vgen/env/')))
      .toMatchObject([{ mode: '0600' }, { mode: '0600' }]);
    expect(trees.get('a')?.plan.programs)
      .toMatchObject([{ path: '/usr/local/bin/pm2-runtime', url: 'https://pm2.keymetrics.io' }]);
  });
});
