// npm run test:chaos -- [SECONDS [SEED]]: random operations and faults on two hosts for so long
// (test/fleet/chaos.test.ts); without a seed it draws one, and prints it.
import { spawnSync } from 'node:child_process';

const [seconds = '1800', seed = ''] = process.argv.slice(2);
if (!/^[1-9]\d{0,5}$/.test(seconds) || !/^\d{0,9}$/.test(seed)) {
  console.error('usage: npm run test:chaos -- [SECONDS [SEED]]   (1 to 999999 s, default 1800; a seed is a number)');
  process.exit(2);
}
const { status } = spawnSync(
  process.execPath, ['node_modules/vitest/vitest.mjs', 'run', 'test/fleet/chaos.test.ts'],
  { stdio: 'inherit', env: { ...process.env, VGEN_CHAOS: seconds, ...seed ? { VGEN_SEED: seed } : {} } },
);
process.exitCode = status ?? 1;
