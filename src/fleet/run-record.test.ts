import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lastRun, leftOf, Recorder, type RunRecord } from './run-record.ts';

describe('the record of runs', () => {
  const work = mkdtempSync(join(tmpdir(), 'vgen-record-'));
  const before = process.env['XDG_STATE_HOME'];
  beforeAll(() => { process.env['XDG_STATE_HOME'] = work; });
  afterAll(() => {
    if (before === undefined) delete process.env['XDG_STATE_HOME'];
    else process.env['XDG_STATE_HOME'] = before;
    rmSync(work, { recursive: true });
  });

  it('is none at first', () => expect(lastRun('inventory.yaml', 'apply', null)).toBeNull());

  it('knows hosts that nobody came to, results, and which are left', () => {
    const recorder =
      new Recorder('inventory.yaml', { action: 'apply', app: null, release: null }, ['a', 'b', 'c', 'd']);
    expect(leftOf(lastRun('inventory.yaml', 'apply', null) as RunRecord)).toEqual(['a', 'b', 'c', 'd']);
    recorder.set('a', 'done');
    recorder.set('b', 'failed');
    recorder.set('c', 'same');
    expect(leftOf(lastRun('inventory.yaml', 'apply', null) as RunRecord)).toEqual(['b', 'd']);
  });

  it('tells inventories, actions and apps apart', () => {
    new Recorder('inventory.yaml', { action: 'deploy', app: 'web', release: 'r1' }, ['a']);
    expect(lastRun('inventory.yaml', 'deploy', 'web')?.release).toBe('r1');
    expect(lastRun('inventory.yaml', 'deploy', 'api')).toBeNull();
    expect(lastRun('other.yaml', 'apply', null)).toBeNull();
    expect(lastRun('inventory.yaml', 'apply', null)?.action).toBe('apply');
  });

  it('is the user\'s alone, and does not grow for ever', () => {
    const dir = join(work, 'vgen/runs');
    for (let i = 0; i < 105; i++) new Recorder(`${i}.yaml`, { action: 'apply', app: null, release: null }, []);
    const names = readdirSync(dir);
    expect(names.length).toBeLessThanOrEqual(101);
    expect(names.every(name => (statSync(join(dir, name)).mode & 0o077) === 0)).toBe(true);
  });
});
