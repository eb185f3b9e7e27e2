// npm run test:host -- NAME [--keep] [options of vitest]: runs one test file that boots hosts. With --keep they stay up
// when the tests are over, and how to get into them is printed (test/keep.ts).
import { spawnSync } from 'node:child_process';
import glob from 'fast-glob';

const files = glob.sync('test/{host,fleet,programs}/**/*.test.ts').sort();
const nameOf = file => file.slice('test/'.length, -'.test.ts'.length);

const [wanted, ...more] = process.argv.slice(2);
const exactly = files.filter(file => nameOf(file) === wanted || nameOf(file).endsWith(`/${wanted}`));
const found = exactly.length ? exactly : files.filter(file => wanted && nameOf(file).includes(wanted));
if (found.length !== 1) {
  if (wanted) {
    console.error(found.length ? `"${wanted}" is the name of several files` : `no file of tests is called "${wanted}"`);
  }
  console.error(`usage: npm run test:host -- NAME [--keep] [options of vitest]\nNAME is one of:\n${
    (found.length ? found : files).map(file => `  ${nameOf(file)}`).join('\n')}`);
  process.exit(2);
}

const keep = more.includes('--keep');
// hosts that are kept wait in a hook that has to have no end
const patience = keep ? ['--hookTimeout=0', '--disable-console-intercept=true'] : [];
const { status } = spawnSync(
  process.execPath,
  ['node_modules/vitest/vitest.mjs', 'run', ...found, ...patience, ...more.filter(word => word !== '--keep')],
  { stdio: 'inherit', env: { ...process.env, ...keep ? { VGEN_KEEP: '1' } : {} } },
);
process.exitCode = status ?? 1;
