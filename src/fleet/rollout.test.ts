import { describe, expect, it } from 'vitest';
import { batchSize, milliseconds, rollOut, stepsOf, type Rollout } from './rollout.ts';

const hosts = ['a', 'b', 'c', 'd', 'e'];
const plan = (more: Partial<Rollout> = {}): Rollout =>
  ({ canary: new Set(), batch: null, pause: 0, failures: 0, onFailure: 'halt', ...more });

describe('steps', () => {
  const steps = (more: Partial<Rollout>): string =>
    stepsOf(hosts, plan(more)).map(step => `${step.isCanary ? 'canary ' : ''}${step.hosts.join('')}`).join(' ');

  it('are all hosts at once by default', () => expect(steps({})).toBe('abcde'));
  it('begin with the canary', () => expect(steps({ canary: new Set(['c', 'z']) })).toBe('canary c abde'));
  it('are batches by number', () => expect(steps({ batch: 2, canary: new Set(['a']) })).toBe('canary a bc de'));
  it('are batches by share of all, rounded down to at least one', () => {
    expect(steps({ batch: '50%' })).toBe('ab cd e');
    expect(steps({ batch: '1%' })).toBe('a b c d e');
  });
});

describe('words', () => {
  it('are durations', () => {
    expect([milliseconds('5ms'), milliseconds('30s'), milliseconds('2m'), milliseconds('1h')])
      .toEqual([5, 30_000, 120_000, 3_600_000]);
    for (const wrong of ['30', 's', '-1s', '0s', '1d']) expect(() => milliseconds(wrong)).toThrow(/is no duration/);
  });
  it('are batches', () => {
    expect([batchSize('3', 10), batchSize('25%', 10), batchSize(null, 10), batchSize(null, 0)]).toEqual([3, 2, 10, 1]);
    for (const wrong of ['0', '0%', '101%', 'half', '-1']) expect(() => batchSize(wrong, 10)).toThrow(/is no batch/);
  });
});

describe('rolling out', () => {
  interface Told { calls: string[]; halted: string | null; results: Record<string, string> }

  const go = async (
    more: Partial<Rollout>, bad: string, known: Record<string, string> = {}, stopAfter = Infinity,
  ): Promise<Told> => {
    const calls: string[] = [];
    const { results, halted } = await rollOut(hosts, plan(more), {
      do: async name => { calls.push(name); return bad.includes(name) ? 'bad' : 'good'; },
      isGood: result => result === 'good',
      undo: async name => { calls.push(`-${name}`); return 'back'; },
    }, {
      limit: 1, isStopped: () => calls.length >= stopAfter, onStep: () => void calls.push('|'),
      pause: async ms => void calls.push(`${ms}`),
    }, new Map(Object.entries(known)));
    return { calls, halted, results: Object.fromEntries(results) };
  };

  it('touches all, with a pause between steps', async () => {
    expect((await go({ batch: 2, pause: 7 }, '')).calls.join(' ')).toBe('| a b 7 | c d 7 | e');
  });

  it('touches nothing else when the canary fails, whatever the policy', async () => {
    for (const onFailure of ['halt', 'rollback', 'continue'] as const) {
      const { calls, halted } = await go({ canary: new Set(['c']), onFailure, failures: 3 }, 'c');
      expect([calls.join(' '), halted], onFailure).toEqual(['| c', 'the canary c failed']);
    }
  });

  it('halts when more hosts failed than may, within a batch too', async () => {
    const { calls, halted, results } = await go({ batch: 3 }, 'b');
    expect([calls.join(' '), halted]).toEqual(['| a b', '1 host failed and 0 may']);
    expect(results).toEqual({ a: 'good', b: 'bad' });
    expect((await go({ failures: 1 }, 'bd')).calls.join(' ')).toBe('| a b c d');
    expect((await go({ failures: 1 }, 'b')).halted).toBeNull();
  });

  it('takes back what is done with "rollback"', async () => {
    const { calls, results } = await go({ batch: 2, onFailure: 'rollback' }, 'c');
    expect(calls.join(' ')).toBe('| a b | c -a -b');
    expect(results).toEqual({ a: 'back', b: 'back', c: 'bad' });
  });

  it('goes on with "continue"', async () => {
    const { calls, halted } = await go({ batch: 2, onFailure: 'continue' }, 'ac');
    expect([calls.join(' '), halted]).toEqual(['| a b | c d | e', null]);
  });

  it('counts hosts that were lost before, and does not try them', async () => {
    expect(await go({}, '', { b: 'lost' })).toMatchObject({ calls: [], halted: '1 host failed and 0 may' });
    expect((await go({ failures: 1 }, '', { b: 'lost' })).calls.join(' ')).toBe('| a c d e');
    expect((await go({ failures: 1 }, 'c', { b: 'lost' })).calls.join(' ')).toBe('| a c');
    expect((await go({ failures: 1, onFailure: 'rollback' }, 'c', { b: 'lost' })).calls.join(' ')).toBe('| a c -a');
    expect((await go({ canary: new Set(['b']), onFailure: 'continue' }, '', { b: 'lost' })).calls).toEqual([]);
  });

  it('begins nothing after a stop', async () => {
    expect(await go({ batch: 2, pause: 5 }, '', {}, 2)).toMatchObject({ calls: ['|', 'a'], halted: null });
  });
});
