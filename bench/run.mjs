// npm run bench [-- N …]: whole processes, in one run, as ratios: to a plain loop that writes the same bytes (the
// floor), to an empty Node script, or to one another. Never a test: machines are noisy, and only ratios count.
// VGEN_BENCH_DIR: where trees are written, such as /dev/shm; VGEN_BENCH_BASE: a built checkout of another vgen beside.
import { spawnSync } from 'node:child_process';
import {
  cpSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inventory } from './fleet.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const sizes = process.argv.slice(2).map(Number).filter(Boolean);
const fleets = sizes.length ? sizes : [10, 100, 1000, 10000];
const work = mkdtempSync(join(process.env.VGEN_BENCH_DIR ?? tmpdir(), 'vgen-bench-'));
// a copy: what is measured stays the same while somebody builds
for (const name of ['dist', 'templates', 'schema', 'package.json']) {
  cpSync(join(here, '..', name), join(work, 'vgen', name), { recursive: true });
}
symlinkSync(join(here, '../node_modules'), join(work, 'vgen/node_modules'));
const cli = join(work, 'vgen/dist/vgen.cjs');
const environment = { ...process.env, XDG_CACHE_HOME: join(work, 'cache'), NO_COLOR: '1' };
// another vgen, built, that the same inventories are given to
const base = process.env.VGEN_BENCH_BASE ? join(process.env.VGEN_BENCH_BASE, 'dist/cli.js') : null;

/** Runs one process to its end: seconds, seconds of CPU and peak MiB. */
function run(args, allowed = [0]) {
  const usage = join(work, 'usage');
  const started = performance.now();
  const { status, stderr } = spawnSync(process.execPath, ['--import', join(here, 'usage.mjs'), ...args], {
    env: { ...environment, VGEN_BENCH_USAGE: usage }, encoding: 'utf8', cwd: work, maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - started) / 1000;
  if (!allowed.includes(status)) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  const { maxRSS, cpu } = JSON.parse(readFileSync(usage, 'utf8'));
  return { seconds, cpu: cpu / 1e6, mebibytes: Math.round(maxRSS / 1024) };
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

const load = () => readFileSync('/proc/loadavg', 'utf8').split(' ', 3).join(' ');
const build = (file, out, program = cli) => [program, 'build', '-i', file, '-o', out];
const write = (name, text) => {
  writeFileSync(join(work, name), text);
  return join(work, name);
};
// a tree in a directory, so that both begin after the same amount was removed: disks are slow for a while after that
const afresh = (out, args) => {
  clear(out);
  clear(environment.XDG_CACHE_HOME);
  return run(args);
};
const per = (pairs, measure) => median(pairs.map(measure));

/** What each command costs on a fleet, beside the floor of the same tree, with `more` files a host. */
function measure(hosts, more) {
  const repeats = hosts >= 10000 ? 1 : hosts >= 1000 ? 3 : 5;
  const out = join(work, `${hosts}-out`);
  const file = write('a.yaml', inventory(hosts, false, more));
  run(build(file, out));
  const packed = join(work, `${hosts}.json`);
  const files = pack(out, packed);
  const pairs = times(repeats, () => {
    clear(out);
    mkdirSync(out);
    const floor = run([join(here, 'floor.mjs'), packed, out]);
    const former = base && more === 0 ? afresh(out, build(file, out, base)) : null;
    const cold = afresh(out, build(file, out));
    const same = run(build(file, out));
    const check = run([...build(file, out), '--check']);
    // one host's address is another one: its files, and those that name it, are written
    write('a.yaml', inventory(hosts, true, more));
    const one = run(build(file, out));
    write('a.yaml', inventory(hosts, false, more));
    const validate = run([cli, 'validate', '-i', file]);
    return { floor, former, cold, same, check, one, validate };
  });
  clear(out);
  const row = {
    hosts, files, 'floor s': per(pairs, one => one.floor.seconds).toFixed(2),
    'cold s': per(pairs, one => one.cold.seconds).toFixed(2),
    'cold / floor': per(pairs, one => one.cold.seconds / one.floor.seconds).toFixed(2),
    '(CPU)': per(pairs, one => one.cold.cpu / one.floor.cpu).toFixed(2),
    ...(base && more === 0 && { 'cold / base': per(pairs, one => one.cold.seconds / one.former.seconds).toFixed(2) }),
    'no change / floor': per(pairs, one => one.same.seconds / one.floor.seconds).toFixed(3),
    'one host / no change': per(pairs, one => one.one.seconds / one.same.seconds).toFixed(2),
    '--check / floor': per(pairs, one => one.check.seconds / one.floor.seconds).toFixed(2),
    'validate s': per(pairs, one => one.validate.seconds).toFixed(2),
    'files/s': Math.round(files / per(pairs, one => one.cold.seconds)),
    'cold MiB': Math.max(...pairs.map(({ cold }) => cold.mebibytes)),
  };
  console.log(JSON.stringify(row));
  return row;
}

/** What vgen shall keep, beside what was measured; rows of fleets that were not run are left out. */
function goals(started, thousand, tenThousand) {
  const rows = [
    ...['--help', 'validate, 2 hosts', 'no change, 2 hosts'].map((name, i) =>
      [`${name} / an empty script`, [1.2, 1.6, 1.25][i], started[name]['/ empty']]),
    ...thousand ? [
      ['1000 hosts: cold / floor', 1.5, thousand['cold / floor']],
      ['1000 hosts: cold / VGEN_BENCH_BASE (f04069e)', 0.4, thousand['cold / base']],
      ['1000 hosts: no change / floor', 0.13, thousand['no change / floor']],
      ['1000 hosts: one host / no change', 3, thousand['one host / no change']],
      ['1000 hosts: --check / floor', 1, thousand['--check / floor']],
      ['1000 hosts: validate, seconds', 0.9, thousand['validate s']],
    ] : [],
    ...tenThousand ? [['10000 hosts: MiB', 384, tenThousand['cold MiB']]] : [],
    ...thousand && tenThousand ? [
      ['10000 hosts / 1000 hosts: cold', 10.5, (tenThousand['cold s'] / thousand['cold s']).toFixed(2)],
    ] : [],
  ];
  return rows.filter(([, , measured]) => measured !== undefined)
    .map(([what, goal, measured]) => ({ what, 'at most': goal, measured: Number(measured) }));
}

try {
  console.log(`node ${process.version}, load ${load()}`);
  const example = join(here, '../inventory.example.yaml');
  const small = join(work, 'small');
  const starts = {
    'an empty script': ['-e', '0'], '--help': [cli, '--help'], 'validate, 2 hosts': [cli, 'validate', '-i', example],
    'no change, 2 hosts': build(example, small),
  };
  for (const args of Object.values(starts)) run(args);
  // in turn, so that all meet the same neighbours
  const turns = times(15, () => Object.fromEntries(Object.entries(starts).map(([name, args]) => [name, run(args)])));
  const started = Object.fromEntries(Object.keys(starts).map(name => [name, {
    ms: Math.round(per(turns, turn => turn[name].seconds) * 1000),
    '/ empty': (per(turns, turn => turn[name].seconds) / per(turns, turn => turn['an empty script'].seconds))
      .toFixed(2),
    '(CPU)': (per(turns, turn => turn[name].cpu) / per(turns, turn => turn['an empty script'].cpu)).toFixed(2),
  }]));
  console.table(started);
  const rows = fleets.map(hosts => measure(hosts, 0));
  // the size of trees at f04069e, so that faster never only means fewer bytes
  const thousand = rows.find(({ hosts }) => hosts === 1000);
  if (thousand) rows.push(measure(1000, 57 - Math.floor(thousand.files / 1000)));
  console.table(rows);
  console.table(goals(started, thousand, rows.find(({ hosts }) => hosts === 10000)));
  console.log(`load ${load()}`);
} finally {
  clear(work);
}
