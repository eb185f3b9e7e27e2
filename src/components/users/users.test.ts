import { expect, it } from 'vitest';
import { compiled } from '../../../test/compiled.ts';

it('have a home and no login, unless it is said', async () => {
  const { trees, text } = await compiled('users: { ada: {}, bob: { hosts: b, home: /srv/bob, shell: /bin/bash, groups: [adm, sudo] } }\n');
  expect(trees.get('a')?.plan.users.map(({ name }) => name)).toEqual(['ada']);
  expect(text('b', 'install.sh')).toMatch(/^user ada \/home\/ada \/usr\/sbin\/nologin {2}# asked for under users\nuser bob \/srv\/bob \/bin\/bash adm,sudo /m);
});
