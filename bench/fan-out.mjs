// npm run bench:fleet [-- N …]: milliseconds per host of an apply with nothing to do, plan, status and an
// apply of one changed file, beside "ssh true" and a plain rsync of the same tree to the same hosts, in one
// run: over connections that are made anew, as users have them, and over one that is shared and up. Hosts
// are rehearsal containers on this machine.
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootFleet } from '../dist/rehearse/fleet.js';
import { defaultParallel, eachLimited } from '../dist/fleet/connect/pool.js';

const cli = fileURLToPath(new URL('../dist/vgen.cjs', import.meta.url));
const sizes = process.argv.slice(2).map(Number).filter(Boolean);

function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], ...options });
    let stderr = '';
    child.stderr.on('data', data => { stderr += data; });
    child.on('error', reject).on('close', code =>
      (code === 0 ? resolve() : reject(new Error(`${program} ${args.join(' ')} ended with ${code}\n${stderr}`))));
  });
}

const ROUNDS = 5;

/** Milliseconds, the median of some rounds. */
async function median(work, rounds = ROUNDS) {
  const times = [];
  for (let round = 0; round < rounds; round++) {
    const began = performance.now();
    await work(round);
    times.push(performance.now() - began);
  }
  return times.sort((a, b) => a - b)[rounds >> 1];
}

// each booted systemd holds some of these, and a kernel gives root 128
const instances = '/proc/sys/fs/inotify/max_user_instances';
const before = readFileSync(instances, 'utf8');
if (Number(before) < 8192) writeFileSync(instances, '8192');
process.on('exit', () => writeFileSync(instances, before));

const rows = [];
for (const size of sizes.length ? sizes : [1, 20, 50]) {
  const names = Array.from({ length: size }, (_, i) => `h${i}`);
  const address = i => `10.20.${i >> 8}.${(i & 255) + 1}`;
  const dir = mkdtempSync(join(tmpdir(), 'vgen-fan-out-'));
  const fleet = await bootFleet({ hosts: names.map((name, i) => ({ name, addresses: [address(i)] })) });
  try {
    const inventory = text => writeFileSync(join(dir, 'inventory.yaml'),
      `hosts:\n${names.map((name, i) => `  ${name}: { address: ${address(i)} }\n`).join('')}files:\n  /etc/motd: { `
        + `content: "${text}\\n" }\n`);
    // the rehearsal's configuration shares one connection per host; users have none
    const alone = join(dir, 'ssh_config');
    writeFileSync(alone, readFileSync(fleet.sshConfig, 'utf8')
      .replaceAll(/^ *Control(Master|Path|Persist) .*\n/gm, ''));
    const each = work => eachLimited(names, defaultParallel(), work);
    for (const [connections, config] of [['new', alone], ['shared', fleet.sshConfig]]) {
      const env = {
        ...process.env, VGEN_SSH_CONFIG: config, XDG_STATE_HOME: join(dir, 'state'), XDG_CACHE_HOME: join(dir, 'cache'),
      };
      const vgen = (...args) => run(process.execPath, [cli, ...args], { cwd: dir, env });
      const build = async text => {
        inventory(text);
        await vgen('build');
      };
      await build(`${connections} one`);
      await vgen('apply');
      // both versions of out/ are built before, so that only the apply is measured
      const [first, second] = [join(dir, 'first'), join(dir, 'second')];
      for (const tree of [first, second]) rmSync(tree, { recursive: true, force: true });
      cpSync(join(dir, 'out'), first, { recursive: true, verbatimSymlinks: true });
      await build(`${connections} two`);
      cpSync(join(dir, 'out'), second, { recursive: true, verbatimSymlinks: true });
      await vgen('apply');
      const node = await median(() => run(process.execPath, ['-e', '0']));
      const ssh = await median(() => each(name => run('ssh', ['-F', config, name, 'true'])));
      const rsync = await median(() => each(name => run('rsync', [
        '-a', '--checksum', '--delete', '-e', `ssh -F ${config}`, `${second}/${name}/`, `${name}:/root/plain/`])));
      const nothing = await median(() => vgen('apply'));
      const plan = await median(() => vgen('plan'));
      const status = await median(() => vgen('status'));
      const changed = await median(round => vgen('apply', '--older', '--out', round % 2 ? second : first), 4);
      const per = value => Math.round(value / size);
      // what is left when ssh is taken away, in starts of Node; the goal is 1.6 for one host
      const beside = value => Number(((value - ssh) / node).toFixed(2));
      rows.push({
        hosts: size, connections, 'node -e 0': Math.round(node), 'ssh true': per(ssh), rsync: per(rsync),
        nothing: per(nothing), plan: per(plan),
        status: per(status), changed: per(changed), 'nothing / ssh': Number((nothing / ssh).toFixed(2)),
        'nothing, nodes': beside(nothing),
        'plan, nodes': beside(plan), 'status, nodes': beside(status),
      });
    }
  } finally {
    await fleet.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
console.log(`node ${process.version}, ${defaultParallel()} hosts at a time, load ${readFileSync('/proc/loadavg', 'utf8')
  .split(' ')[0]}`);
console.table(rows);
