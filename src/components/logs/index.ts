// logrotate for every log that a component offers.
import { component } from '../../contract/component.ts';
import { filesOf } from '../../kit/files.ts';
import type { Logs } from './schema.ts';

const { template } = filesOf('logs');

/** What a shell takes as it is; other words stand in quotes. */
const quoted = (word: string): string =>
  (/^[A-Za-z0-9_./:=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** logrotate knows k, M and G (logrotate(8), "size"). */
const sizeOf = (size: string): string => size.replace('m', 'M').replace('g', 'G');

export const logs = component<Logs>({
  name: 'logs',
  summary: 'Rotates the logs that nothing else does.',
  key: 'logs',
  schema: () => import('./schema.ts'),
  plan: ({ host, section }, offers) => {
    const logs = offers.on(host, 'log');
    const makers = [...new Set(logs.map(({ by }) => by))].sort();
    return {
      files: makers.map(by => template(`/etc/logrotate.d/vgen-${by}`, ['logs'], {
        every: section.every, keep: section.keep, size: sizeOf(section.size),
        logs: logs.filter(one => one.by === by).map(({ path, owner, then, why, at }) => ({
          at, path, why, user: owner.split(':')[0] ?? owner, group: owner.split(':')[1] ?? owner,
          then: then === null ? null : then.map(quoted).join(' '),
        })),
      }, { as: '/etc/logrotate.d/vgen-{component}', check: 'logrotate' })),
      packages: logs.slice(0, 1).map(({ why, at }) => ({ name: 'logrotate', why, at })),
    };
  },
});
