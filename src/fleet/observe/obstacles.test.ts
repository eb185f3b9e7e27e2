import { describe, expect, it } from 'vitest';
import { host, installed, sum, tree } from '../../../test/seen.ts';
import { isNothing, planFor } from './compare.ts';

const NEW = ['tree abc', 'host a'];

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
    const lines = ['file /etc/x 0644 root:root reload:nginx.service - - nginx', 'slot web blue', 'slot web green'];
    const wanted = tree(lines, { '/etc/x': sum(2) });
    const up = 'unit nginx.service active running loaded enabled';
    const why = 'live does not answer: an apply fails if it does not answer after what it does here';
    expect(planFor(wanted, host(...is('running'), ...installed('/etc/x'), up)).down).toEqual([{ app: 'web', why }]);
  });

  it('is told with the reason, and with what makes another release live', () => {
    const why = (said: string): string => planFor(slots, host(...is('running').map(line =>
      (line.startsWith('dead') ? `dead web ${said}` : line)))).down[0]?.why ?? '';
    expect(why('switch HTTP_500')).toMatch(/^live does not answer well \(HTTP_500\): .*vgen logs web --on a;/);
    expect(why('switch HTTP_500')).toMatch(/; to make another release live: vgen switch web --on a$/);
    expect(why('rollback HTTP_500')).toMatch(/; to make another release live: vgen rollback web --on a$/);
    expect(why('- HTTP_500')).not.toContain('another release');
    expect(why('erase HTTP_500')).not.toContain('another release');
  });

  it('of an app that goes is nothing to be told', () => {
    expect(planFor(tree([]), host(...NEW, 'dead web')).down).toEqual([]);
  });
});
