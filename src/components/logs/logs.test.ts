import { expect, it } from 'vitest';
import { app, compiled } from '../../../test/compiled.ts';

it('rotates what apps write themselves, and is not there where nothing does', async () => {
  const { text, trees } = await compiled(`apps: { api: ${app('hosts: a, user: www')} }\n`);
  expect(text('a', 'etc/logrotate.d/vgen-systemd')).toMatch(
    /^\/var\/log\/api\/\*\.log \{\n {2}su www www\n {2}daily\n {2}rotate 14\n {2}maxsize 100M\n[^}]*copytruncate\n\}$/m,
  );
  expect(trees.get('a')?.plan.files.find(({ path }) => path.startsWith('/etc/logrotate.d/')))
    .toMatchObject({ check: 'logrotate' });
  expect(text('b', 'etc/logrotate.d/vgen-systemd')).toBe('');
});
