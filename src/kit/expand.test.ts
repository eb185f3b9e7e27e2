import { describe, expect, it } from 'vitest';
import type { Refused } from '../contract/diagnostic.ts';
import { expand, expandPlain, secretsIn } from './expand.ts';
import type { App, Interpolation, Host, Pattern, Slot } from '../contract/model.ts';

const host = {
  name: 'eu1', at: ['hosts', 'eu1'], address: '192.0.2.1', private: null, region: 'eu', tags: [],
} as unknown as Host;
const app = { name: 'api', at: ['apps', 'api'], dir: '/opt/api', unit: 'api', user: 'www' } as unknown as App;
const slot = {
  name: 'blue', at: ['apps', 'api', 'slots', 'blue'], app, port: 4000, ports: { metrics: 9100 },
  release: '/opt/api/blue/release',
} as unknown as Slot;

const filled = (kind: 'host' | 'app' | 'slot', name: string): Interpolation => ({ kind, name });
const secret = (name: string): Interpolation => ({ kind: 'secret', secret: name });
const pattern = (...parts: (string | Interpolation)[]): Pattern => ({ at: ['x'], parts });

describe('expand', () => {
  it.each([
    ['a plain text', 'a$b', 'a$b'],
    ['the host', pattern('http://', filled('host', 'address'), ':80'), 'http://192.0.2.1:80'],
    ['the slot, a number too', pattern(filled('slot', 'name'), ' ', filled('slot', 'port')), 'blue 4000'],
    ['a further port', pattern(filled('slot', 'ports.metrics')), '9100'],
    ['the app of the slot', pattern(filled('app', 'user')), 'www'],
  ])('%s', (_, text, wanted) => expect(expand(text, { host, slot })).toBe(wanted));

  it('keeps secrets sealed, and joins what lies between them', () => {
    expect(expand(
      pattern('a', filled('host', 'name'), secret('one'), ':', filled('slot', 'port'), secret('two')), { host, slot },
    ))
      .toEqual({ sealed: ['aeu1', { secret: 'one' }, ':4000', { secret: 'two' }] });
  });

  it('refuses what the host does not have, and says where the host is', () => {
    try {
      expand(pattern(filled('host', 'private')), { host, slot });
      expect.unreachable();
    } catch (cause) {
      expect((cause as Refused).diagnostic).toMatchObject({
        code: 'resolve/unset', at: ['x'], message: 'host "eu1" has no "private"', see: { at: ['hosts', 'eu1'] },
      });
    }
  });

  it.each(['ports.x', 'constructor', 'port.x'])('refuses slot.%s, which nobody wrote', name => {
    expect(() => expand(pattern(filled('slot', name)), { host, slot })).toThrow(`has no "${name}"`);
  });
});

it('expandPlain takes no secret', () => {
  expect(expandPlain(pattern(filled('host', 'name')), { host })).toBe('eu1');
  expect(() => expandPlain(pattern(secret('one')), { host })).toThrow('a secret in a text whose schema forbids it');
});

it('secretsIn names each once, sorted', () => {
  expect(secretsIn(['plain', { sealed: ['x', { secret: 'b' }] }, { sealed: [{ secret: 'a' }, { secret: 'b' }] }]))
    .toEqual(['a', 'b']);
});
