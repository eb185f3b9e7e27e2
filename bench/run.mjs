// npm run bench [-- N …]: whole processes, in one run, as ratios: to a plain loop that writes the same bytes (the
// floor), to an empty Node script, or to one another. Never a test: machines are noisy, and only ratios count.
import { spawnSync } from 'node:child_process';
import { cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inventory } from './fleet.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const sizes = process.argv.slice(2).map(Number).filter(Boolean);
const fleets = sizes.length ? sizes : [10, 100, 1000, 10000];
const work = mkdtempSync(join(process.env.VGEN_BENCH_DIR ?? tmpdir(), 'vgen-bench-'));
// a copy: what is measured stays the same while somebody builds
for (const name of ['dist', 'templates', 'schema', 'package.json']) cpSync(join(here, '..', name), join(work, 'vgen', name), { recursive: true });
symlinkSync(join(here, '../node_modules'), join(work, 'vgen/node_modules'));
const cli = join(work, 'vgen/dist/cli.js');
const environment = { ...process.env, XDG_CACHE_HOME: join(work, 'cache'), NO_COLOR: '1' };

/** Runs one process to its end: seconds and peak MiB. */
function run(args, allowed = [0]) {
  const memory = join(work, 'memory');
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--import', join(here, 'memory.mjs'), ...args], {
    env: { ...environment, VGEN_BENCH_MEMORY: memory }, encoding: 'utf8', cwd: work, maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - started) / 1000;
  if (!allowed.includes(status)) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return { seconds, mebibytes: Math.round(Number(readFileSync(memory, 'utf8')) / 1024) };
}

const median = values => [...values].sort((a, b) => a - b)[values.length >> 1];
const times = (n, job) => Array.from({ length: n }, job);
// what was written and removed before must not be paid by what is measured next
const clear = dir => {
  rmSync(dir, { recursive: true, force: true });
  spawnSync('sync');
};

/** The tree in `dir` as the floor wants it: each different content once. */
function pack(dir, to) {
  const contents = [];
  const known = new Map();
  const files = [];
  const index = text => {
    if (!known.has(text)) known.set(text, contents.push(text) - 1);
    return known.get(text);
  };
  const walk = path => {
    for (const name of readdirSync(join(dir, path)).sort()) {
      const full = path ? `${path}/${name}` : name;
      const stat = lstatSync(join(dir, full));
      if (stat.isDirectory()) walk(full);
      else if (stat.isSymbolicLink()) files.push([full, index(readlinkSync(join(dir, full))), 'link']);
      else files.push([full, index(readFileSync(join(dir, full), 'utf8')), stat.mode & 0o777]);
    }
  };
  walk('');
  writeFileSync(to, JSON.stringify({ contents, files }));
  return files.length;
}

const rows = [];
const build = (file, out) => [cli, 'build', '-i', file, '-o', out];

try {
  const nothing = median(times(5, () => run(['-e', '0']).seconds));
  console.log(`an empty Node script: ${nothing.toFixed(3)} s (node ${process.version})`);
  for (const hosts of fleets) {
    const repeats = hosts >= 10000 ? 1 : hosts >= 1000 ? 3 : 5;
    const [file, changed, out] = ['a.yaml', 'b.yaml', 'out'].map(name => join(work, `${hosts}-${name}`));
    writeFileSync(file, inventory(hosts));
    writeFileSync(changed, inventory(hosts, true));
    run(build(file, out));
    const packed = join(work, `${hosts}.json`);
    const files = pack(out, packed);
    clear(out);

    const pairs = times(repeats, () => {
      // both begin after the same amount was removed: disks are slow for a while after that
      clear(out);
      mkdirSync(out);
      const floor = run([join(here, 'floor.mjs'), packed, out]).seconds;
      clear(out);
      clear(environment.XDG_CACHE_HOME);
      const cold = run(build(file, out));
      const same = run(build(file, out)).seconds;
      // one host's address is another one: its files, and only they, are written; then back again
      writeFileSync(join(work, 'swap.yaml'), readFileSync(file));
      run(build(join(work, 'swap.yaml'), out));
      writeFileSync(join(work, 'swap.yaml'), readFileSync(changed));
      const one = run(build(join(work, 'swap.yaml'), out)).seconds;
      const check = run([...build(changed, out), '--check']).seconds;
      return { floor, cold, same, one, check };
    });
    const of = key => median(pairs.map(pair => (key === 'cold' ? pair.cold.seconds : pair[key])));
    const ratio = (a, b) => median(pairs.map(pair => (a === 'cold' ? pair.cold.seconds : pair[a]) / pair[b]));
    const validate = times(repeats, () => run([cli, 'validate', '-i', file]));
    const row = {
      hosts, files, 'floor s': of('floor').toFixed(2),
      'cold / floor': ratio('cold', 'floor').toFixed(2), 'no change / floor': ratio('same', 'floor').toFixed(3),
      'one host / no change': ratio('one', 'same').toFixed(2), '--check / floor': ratio('check', 'floor').toFixed(2),
      'validate / empty node': (median(validate.map(({ seconds }) => seconds)) / nothing).toFixed(2),
      'validate s': median(validate.map(({ seconds }) => seconds)).toFixed(2),
      'cold MiB': Math.max(...pairs.map(({ cold }) => cold.mebibytes)),
    };
    rows.push(row);
    console.log(JSON.stringify(row));
    clear(out);
  }
  console.table(rows);
} finally {
  clear(work);
}
