import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { host, installed, sum, tree } from '../../../test/seen.ts';
import { planFor } from '../observe/compare.ts';
import type { Seen } from '../observe/survey.ts';
import { blast, refusalText, type Limits } from './blast.ts';
import { planFileOf, readPlan, verify, writePlan } from './plan-file.ts';
import { refusalOf } from './refusals.ts';

const dir = mkdtempSync(join(tmpdir(), 'vgen-guard-'));
afterAll(() => rmSync(dir, { recursive: true }));

const NEW = ['tree abc', 'host a'];
const seen = (lines: readonly string[], state: readonly string[], sums: Record<string, string> = {}): Seen => {
  const [built, is] = [tree(lines, sums), host(...state)];
  return { tree: built, state: is, plan: planFor(built, is) };
};
const limits: Limits = { changed: 50, deleted: 20, restarts: 1, allow: [] };
const judged = ({ plan, state }: Seen, more: Partial<Limits> = {}): string[] =>
  blast(plan, state, { ...limits, ...more }).map(({ flag }) => flag);
const paths = (count: number): string[] => Array.from({ length: count }, (_, i) => `/etc/f${i}`);
const listed = (path: string): string => `file ${path} 0644 root:root - - - files`;

describe('the blast radius', () => {
  const all = paths(10);
  const state = [...NEW, ...all.flatMap(path => installed(path))];

  it('of a first install is none', () => {
    expect(judged(seen(all.map(listed), []))).toEqual([]);
  });

  it('counts what changes and what goes in shares, beyond a few', () => {
    const changed = (count: number): Seen =>
      seen(all.map(listed), state, Object.fromEntries(all.slice(0, count).map(path => [path, sum(2)])));
    expect(judged(changed(5))).toEqual([]);
    expect(judged(changed(6))).toEqual(['--max-changed 60%']);
    expect(judged(changed(6), { changed: 60 })).toEqual([]);
    expect(judged(seen(all.slice(6).map(listed), state))).toEqual(['--max-deleted 60%']);
  });

  it('counts what restarts or stops, and not what reloads or starts', () => {
    const units = ['a', 'b', 'c'].map(name => `unit ${name}.service - why`);
    const up = ['a', 'b', 'c'].map(name => `unit ${name}.service active running loaded enabled`);
    const with_ = (what: string): Seen =>
      seen([
        ...units, ...['a', 'b'].map((name, i) => `file /etc/f${i} 0644 root:root ${what}:${name}.service - - files`),
      ],
        [...NEW, ...up, ...paths(2).flatMap(path => installed(path))], { '/etc/f0': sum(2), '/etc/f1': sum(2) });
    expect(judged(with_('restart'))).toEqual(['--max-restarts 2']);
    expect(judged(with_('reload'))).toEqual([]);
  });

  it('wants a word for what locks out or loses data, whatever its size', () => {
    const sshd = seen(['file /etc/ssh/sshd_config 0644 root:root reload:ssh.service - - files'],
      [...NEW, 'unit ssh.service active running loaded enabled', ...installed('/etc/ssh/sshd_config')],
      { '/etc/ssh/sshd_config': sum(2) });
    expect(judged(sshd)).toEqual(['--allow sshd']);
    expect(judged(sshd, { allow: ['sshd'] })).toEqual([]);
    expect(refusalText(blast(sshd.plan, sshd.state, limits)))
      .toBe('a: sshd: /etc/ssh/sshd_config, reload ssh.service; a mistake locks everybody out; if that is meant: '
        + '--allow sshd');
  });
});

describe('a plan file', () => {
  const lines = [listed('/etc/x')];
  const before = seen(lines, [...NEW, 'generation 3 -', ...installed('/etc/x')]);
  const plan = planFileOf([before]);

  it('is written and read back', () => {
    writePlan(join(dir, 'plan.json'), plan);
    expect(readPlan(join(dir, 'plan.json'))).toEqual(plan);
    expect(JSON.stringify(plan)).not.toContain(sum(1));
  });

  it('is refused when it is none', () => {
    for (const [text, why] of [['{', 'it is not JSON'], [
      '{"version":2,"hosts":[]}', 'no plan of this version',
    ], ['{"version":1,"hosts":[{"host":"a"}]}', 'no plan of this version']] as const) {
      writeFileSync(join(dir, 'bad.json'), text);
      expect(() => readPlan(join(dir, 'bad.json'))).toThrow(why);
    }
    expect(() => readPlan(join(dir, 'none.json'))).toThrow('ENOENT');
  });

  it('holds as long as tree and host are those that it was made for', () => {
    expect(verify(plan, [before])).toEqual([]);
    expect(verify(plan, [seen(lines, [...NEW, 'generation 3 -', ...installed('/etc/x')], { '/etc/x': sum(2) })])[0])
      .toMatch(/^a: the tree in out\/ changed since the plan/);
    expect(verify(plan, [seen(lines, [...NEW, 'generation 4 -', ...installed('/etc/x')])]))
      .toEqual(['a: the host is at generation 4, the plan was made at generation 3']);
    expect(verify(plan, [seen(lines, [...NEW, 'generation 3 -', ...installed('/etc/x', { mode: '600' })])]))
      .toEqual(['a: something on the host changed since the plan']);
    expect(verify({ version: 1, hosts: [] }, [before])).toEqual(['a is not in the plan']);
  });
});

describe('what the host itself refuses', () => {
  const of = (state: readonly string[], allowed = {}, order: number | null = null): string | null =>
    refusalOf(seen([listed('/etc/x')], state, { '/etc/x': sum(2) }), order === null ? null
      : { order, commit: 'c', isDirty: false }, allowed);

  it('is nothing for an ordinary change', () => {
    expect(of([...NEW, ...installed('/etc/x')])).toBeNull();
  });

  it('is nothing for another mode alone: the engine sets it right without asking', () => {
    expect(of([...NEW, ...installed('/etc/x', { left: 'metadata', mode: '600' })])).toBeNull();
  });

  it('is a local edit, unless it is adopted or overwritten', () => {
    const edited = [...NEW, ...installed('/etc/x', { left: 'content', content: '9'.repeat(64) })];
    expect(of(edited)).toMatch(/^local edits: \/etc\/x;/);
    expect([of(edited, { adopt: true }), of(edited, { force: true })]).toEqual([null, null]);
  });

  it('is an older tree, unless that is meant', () => {
    const newer = [...NEW, 'generation 3 200', ...installed('/etc/x')];
    expect(of(newer, {}, 100))
      .toMatch(/^its tree is older \(order 100\) than one that the host has seen \(order 200\)/);
    expect([of(newer, { older: true }, 100), of(newer, {}, 200), of(newer)]).toEqual([null, null, null]);
  });

  it('is what waits for its confirmation, and a machine of another name', () => {
    expect(of([...NEW, 'unconfirmed 9', ...installed('/etc/x')])).toBe('what was installed last is not confirmed yet');
    expect(of(['tree abc', 'host b'])).toBe('this machine is b, the tree is for a');
  });
});
