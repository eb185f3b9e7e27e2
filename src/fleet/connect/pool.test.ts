import { describe, expect, it } from 'vitest';
import { defaultParallel, eachLimited } from './pool.ts';

describe('how many hosts at a time', () => {
  it('follows cores and open files, and is never none', () => {
    expect(defaultParallel(2, 1_000_000)).toBe(16);
    expect(defaultParallel(64, 1024)).toBe(96);
    expect(defaultParallel(2, 10)).toBe(1);
    expect(defaultParallel()).toBeGreaterThanOrEqual(1);
  });
});

describe('eachLimited', () => {
  const wait = (): Promise<void> => new Promise(resolve => void setTimeout(resolve, 5));

  it('keeps the order of results and the limit', async () => {
    let [now, most] = [0, 0];
    const results = await eachLimited([5, 4, 3, 2, 1], 2, async item => {
      most = Math.max(most, ++now);
      await wait();
      now--;
      return item * 10;
    });
    expect(results).toEqual([50, 40, 30, 20, 10]);
    expect(most).toBe(2);
  });

  it('rejects with the first reason once what runs has ended, and begins nothing more', async () => {
    const ended: number[] = [];
    const work = async (item: number): Promise<void> => {
      if (item === 1) throw new Error('the first');
      await wait();
      ended.push(item);
    };
    await expect(eachLimited([1, 2, 3, 4], 2, work)).rejects.toThrow('the first');
    expect(ended).toEqual([2]);
  });

  it('begins nothing more once it may not proceed', async () => {
    const begun: number[] = [];
    const results =
      await eachLimited([1, 2, 3, 4], 1, async item => { begun.push(item); return item; }, () => begun.length < 2);
    expect(begun).toEqual([1, 2]);
    expect(results).toEqual([1, 2, null, null]);
  });
});
