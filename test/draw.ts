// A sample of what there is too much of for every run, drawn anew each time: VGEN_SEED=… repeats one, VGEN_FULL=1
// (npm run test:full) takes all. The seed is drawn once per run (test/setup.ts); whoever draws prints it.

export const full = process.env['VGEN_FULL'] === '1';
export const seed = Number(process.env['VGEN_SEED'] ?? 1);

/** Random numbers from 0 to below 1, the same for the same run's seed and name. */
export const dice = (name: string): (() => number) => diceOf(seed, name);

/** The same for a seed of its own: mulberry32. */
export function diceOf(given: number, name: string): () => number {
  let state = [...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), given) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** `count` of the list, in its order, of as many different kinds as there are; all of it in a full run. */
export function draw<T>(name: string, list: readonly T[], count: number, kindOf: (one: T) => unknown): T[] {
  if (full) return [...list];
  const roll = dice(name);
  const shuffled = list.map((one, index) => ({ one, index, key: roll() })).sort((a, b) => a.key - b.key);
  // of each kind the first, then of each kind the second
  const seen = new Map<unknown, number>();
  const turns = shuffled.map(entry => {
    const turn = seen.get(kindOf(entry.one)) ?? 0;
    seen.set(kindOf(entry.one), turn + 1);
    return { ...entry, turn };
  });
  return turns.sort((a, b) => a.turn - b.turn || a.key - b.key).slice(0, count)
    .sort((a, b) => a.index - b.index).map(({ one }) => one);
}
