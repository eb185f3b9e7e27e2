import { describe, expect, it } from 'vitest';
import { resolve } from '../../resolve.ts';
import { validate } from '../../validate.ts';
import type { Model } from '../../contract/model.ts';
import { chooseHosts, targetOf } from './targets.ts';

const model = async (): Promise<Model> => {
  const { inventory, diagnostics } = await validate({ hosts: {
    us1: { address: '203.0.113.3', region: 'us', tags: ['edge'] },
    eu2: {
      address: '203.0.113.2', region: 'eu',
      ssh: { destination: 'bastioned', user: 'op', port: 2222, jump: 'admin@bastion' },
    },
    eu1: { address: '203.0.113.1', region: 'eu', tags: ['edge', 'first'] },
  } });
  expect(diagnostics).toEqual([]);
  return resolve(inventory).model;
};
const names = async (...on: string[]): Promise<string[]> => chooseHosts(await model(), on).map(({ name }) => name);

describe('the hosts that --on means', () => {
  it('are all, sorted, when nothing is said', async () => {
    expect(await names()).toEqual(['eu1', 'eu2', 'us1']);
    expect(await names('all')).toEqual(['eu1', 'eu2', 'us1']);
  });

  it('are not all where the option is there and empty, as by a variable without a value', async () => {
    for (const on of ['', ' ', ',']) await expect(names(on)).rejects.toThrow('no host is named');
  });

  it('are chosen by name, tag and region, several by comma or by turn, each once', async () => {
    expect(await names('us1')).toEqual(['us1']);
    expect(await names('tag:edge')).toEqual(['eu1', 'us1']);
    expect(await names('region:eu')).toEqual(['eu1', 'eu2']);
    expect(await names('us1,tag:first', 'us1')).toEqual(['eu1', 'us1']);
  });

  it('are refused with the nearest name when nothing is selected', async () => {
    await expect(names('eu3')).rejects.toThrow('unknown host "eu3"; did you mean "eu1"? known hosts: eu1, eu2, us1');
    await expect(names('tag:egde')).rejects.toThrow('unknown tag "egde"; did you mean "edge"? known tags: edge, first');
    await expect(names('region:asia')).rejects.toThrow('unknown region "asia"; known regions: eu, us');
    await expect(names('role:web')).rejects.toThrow('invalid selector "role:web"');
  });
});

describe('what ssh is told', () => {
  it('is the name, at the address, or what the key "ssh" says', async () => {
    const [eu1, eu2] = chooseHosts(await model());
    expect(eu1 && targetOf(eu1)).toEqual({
      name: 'eu1', destination: 'eu1', address: '203.0.113.1', user: null, port: null, hostKey: null, jump: null,
    });
    expect(eu2 && targetOf(eu2)).toEqual({
      name: 'eu2', destination: 'bastioned', address: null, user: 'op', port: 2222, hostKey: null,
      jump: 'admin@bastion',
    });
  });
});
