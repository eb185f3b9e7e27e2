// npm run bench:fleet [-- N …]: seconds per host of an apply (nothing to do, one file changed) beside "ssh true" and a
// plain rsync of the same tree to the same hosts, in one run. Hosts are rehearsal containers on this machine.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootFleet } from '../dist/rehearse/fleet.js';
import { defaultParallel, eachLimited } from '../dist/fleet/pool.js';

const cli = fileURLToPath(new URL('../dist/cli.js', import.meta.url));
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

async function seconds(work) {
  const began = performance.now();
  await work();
  return (performance.now() - began) / 1000;
}

// each booted systemd holds some of these, and a kernel gives root 128
const instances = '/proc/sys/fs/inotify/max_user_instances';
const before = readFileSync(instances, 'utf8');
if (Number(before) < 8192) writeFileSync(instances, '8192');
process.on('exit', () => writeFileSync(instances, before));

const rows = [];
for (const size of sizes.length ? sizes : [1, 10, 50]) {
  const names = Array.from({ length: size }, (_, i) => `h${i}`);
  const address = i => `10.20.${i >> 8}.${(i & 255) + 1}`;
  const dir = mkdtempSync(join(tmpdir(), 'vgen-fan-out-'));
  const fleet = await bootFleet({ hosts: names.map((name, i) => ({ name, addresses: [address(i)] })) });
  try {
    const inventory = text => writeFileSync(join(dir, 'inventory.yaml'),
      `hosts:\n${names.map((name, i) => `  ${name}: { address: ${address(i)} }\n`).join('')}files:\n  /etc/motd: { `
        + `content: "${text}\\n" }\n`);
    const env = {
      ...process.env, VGEN_SSH_CONFIG: fleet.sshConfig, XDG_STATE_HOME: join(dir, 'state'),
      XDG_CACHE_HOME: join(dir, 'cache'),
    };
    const vgen = (...args) => run(process.execPath, [cli, ...args], { cwd: dir, env });
    const each = work => eachLimited(names, defaultParallel(), work);
    inventory('one');
    await vgen('build');
    await vgen('apply');
    const ssh = await seconds(() => each(name => run('ssh', ['-F', fleet.sshConfig, name, 'true'])));
    const rsync = await seconds(() => each(name => run('rsync', [
      '-a', '--checksum', '--delete', '-e', `ssh -F ${fleet.sshConfig}`, `${join(dir, 'out', name)}/`,
      `${name}:/root/plain/`])));
    const nothing = await seconds(() => vgen('apply'));
    const plan = await seconds(() => vgen('plan'));
    inventory('two');
    await vgen('build');
    const changed = await seconds(() => vgen('apply'));
    const per = value => Number((value / size).toFixed(3));
    rows.push({
      hosts: size, 'ssh true s/host': per(ssh), 'rsync s/host': per(rsync), 'nothing to do s/host': per(nothing),
      'plan s/host': per(plan),
      'changed s/host': per(changed), 'nothing / rsync': Number((nothing / rsync).toFixed(2)),
      'changed / rsync': Number((changed / rsync).toFixed(2)),
    });
  } finally {
    await fleet.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
console.log(`node ${process.version}, ${defaultParallel()} hosts at a time, load ${readFileSync('/proc/loadavg', 'utf8')
  .split(' ')[0]}`);
console.table(rows);
