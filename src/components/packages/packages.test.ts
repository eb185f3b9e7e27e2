import { expect, it } from 'vitest';
import { compiled } from '../../../test/compiled.ts';

it('are installed on the hosts that they are asked for, once', async () => {
  const { trees, found } =
    await compiled(
      'packages: { htop: {}, libfoo2.0-dev: { hosts: b }, redis-server: {} }\nredis: { r: { hosts: a } }\n',
    );
  expect(found).toEqual([]);
  const names = (host: string): string[] => trees.get(host)?.plan.packages.map(({ name }) => name) ?? [];
  expect([names('a'), names('b')]).toEqual([['htop', 'redis-server'], ['htop', 'libfoo2.0-dev', 'redis-server']]);
});
