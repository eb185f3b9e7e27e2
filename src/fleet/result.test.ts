import { describe, expect, it } from 'vitest';
import { exitOf, type HostResult, type Verdict } from './result.ts';

const exit = (...verdicts: Verdict[]): number =>
  exitOf(verdicts.map((result): HostResult => ({ host: 'a', result, why: '', was: null, is: null, seconds: 0 })));

describe('the exit code of a run', () => {
  it('is 0 when all is done or was so', () => expect([exit(), exit('same'), exit('done', 'same')]).toEqual([0, 0, 0]));
  it('is 1 when a host said no, or was left', () =>
    expect([exit('done', 'failed'), exit('untouched'), exit('failed', 'refused'), exit('running')])
      .toEqual([1, 1, 1, 1]));
  it('is 2 when hosts could not be reached and nothing else is wrong', () =>
    expect([exit('unreachable', 'untouched'), exit('done', 'unreachable')]).toEqual([2, 2]));
  it('is 3 when hosts refused for safety and nothing else is wrong', () =>
    expect([exit('refused', 'done'), exit('refused', 'untouched')]).toEqual([3, 3]));
});
