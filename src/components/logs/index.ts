// logrotate for every log that a component offers.
import { component, type FileSpec } from '../../contract/component.ts';
import type { Logs } from './schema.ts';

/** What a shell takes as it is; other words stand in quotes. */
const quoted = (word: string): string => (/^[A-Za-z0-9_./:=@+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

/** logrotate knows k, M and G (logrotate(8), "size"). */
const sizeOf = (size: string): string => size.replace('m', 'M').replace('g', 'G');

// a constant of its own: tsc does not rewrite an import() inside "export default"
const schema = () => import('./schema.ts');

export default component<Logs>({
  name: 'logs',
  summary: 'Rotates the logs that nothing else does.',
  key: 'logs',
  schema,
  plan: ({ host, section }, offers) => {
    const logs = offers.on(host, 'log');
    const makers = [...new Set(logs.map(({ by }) => by))].sort();
    return makers.map((by): FileSpec => ({
      kind: 'file', path: `/etc/logrotate.d/vgen-${by}`, mode: '0644', owner: 'root:root', at: ['logs'], secrets: [], onChange: [], check: 'logrotate',
      from: {
        template: 'logs/etc/logrotate.d/vgen-{component}.njk',
        view: {
          at: ['logs'], every: section.every, keep: section.keep, size: sizeOf(section.size),
          logs: logs.filter(one => one.by === by).map(({ path, owner, then, why, at }) => ({
            at, path, why, user: owner.split(':')[0] ?? owner, group: owner.split(':')[1] ?? owner, then: then === null ? null : then.map(quoted).join(' '),
          })),
        },
      },
    }));
  },
});
