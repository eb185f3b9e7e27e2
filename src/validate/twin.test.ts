import { describe, expect, it } from 'vitest';
import { compiled } from '../../test/compiled.ts';

const production =
  'hosts: { a: { address: 192.0.2.1 } }\nvars: { stage: one, list: 1 }\nfiles: { /etc/a.b: { content: x } }\n';
const found = async (differ: string, mine = production): Promise<readonly string[]> =>
  (await compiled(`${mine}twin: { of: production.yaml, differ: ${differ} }\n`, {
    'production.yaml': `${production}twin: { of: inventory.yaml }\nx-note: 1\n`,
  })).found;

describe('twins', () => {
  it.each([
    ['[]', production, []],
    ['[]', production.replace('one', 'two'), ['twin/differs vars.stage']],
    ['[vars.stage]', production.replace('one', 'two'), []],
    ['["vars.*"]', production.replace('one', 'two'), []],
    ['[vars]', production.replace('one', 'two'), []],
    ['[vars.list]', production.replace('one', 'two'), ['twin/differs vars.stage', 'twin/idle twin.differ[0]']],
    ['[vars.stag]', production, ['twin/idle twin.differ[0]']],
    ['[]', production.replace(', list: 1', ''), ['twin/differs twin.of']],
    ['[]', production.replace('content: x', 'content: y'), ['twin/differs files["/etc/a.b"].content']],
    ['[\'files["/etc/a.b"].content\']', production.replace('content: x', 'content: y'), []],
    ['["files.*.content"]', production.replace('content: x', 'content: y'), []],
    ['["files.*.mode"]', production.replace('content: x', 'content: y'), [
      'twin/differs files["/etc/a.b"].content', 'twin/idle twin.differ[0]',
    ]],
    ['[]', production.replace('192.0.2.1', '192.0.2.2'), ['twin/differs hosts.a.address']],
    ['["hosts.*"]', production.replace('a: {', 'b: {'), []],
  ])('differ: %s (%#)', async (differ, mine, wanted) => expect(await found(differ, mine)).toEqual(wanted));

  it('are compared again when the other one changes', async () => {
    const { compilation } =
      await compiled(`${production}twin: { of: production.yaml }\n`, { 'production.yaml': production });
    expect(compilation.inputs.some(name => name.endsWith('production.yaml'))).toBe(true);
  });
});
