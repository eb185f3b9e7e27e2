// How a change goes over many hosts: who is first, how many at a time, and what happens when some fail.
import { Type, type Static } from 'typebox';
import type { Hosts } from '../contract/model.ts';
import { filled, object, orNull, selector, word } from './kinds.ts';

export const rollout = object({
  canary: orNull<Hosts>(selector({
    description: 'Hosts that go first, alone; if one of them fails, nothing else is touched.',
  })),
  batch: orNull<number | string>(Type.Unsafe<number | string>({
    type: ['integer', 'string'], minimum: 1, maximum: 100000, pattern: '^([1-9][0-9]?|100)%$',
    rule: 'a number of hosts, or a share such as "25%"',
    description: 'Hosts at a time after the canary: a number, or a share of all such as "25%"; default all.',
  })),
  pause: orNull<string>(word('duration', {
    description: 'Wait between the canary, the first batch and the next ones.',
  })),
  failures: filled(Type.Integer({
    minimum: 0, maximum: 100000,
    description: 'Number of hosts that may fail before the rollout stops; an unreachable host has failed.',
  }), 0),
  onFailure: filled(Type.Unsafe<'halt' | 'rollback' | 'continue'>({
    type: 'string', enum: ['halt', 'rollback', 'continue'],
    description: 'Reaction to more failures than that: halt leaves the remaining hosts untouched, rollback also '
      + 'reverts the finished ones, continue goes on.',
  }), 'halt'),
}, { description: 'Order and pace in which apply and switch go over many hosts.' });

export type RolloutWritten = Static<typeof rollout>;
