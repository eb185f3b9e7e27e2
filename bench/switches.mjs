// npm run bench:switch [-- REQUESTS SWITCHES]: what clients see of switches on one booted host: an app on systemd, one
// on supervisor, one on pm2 (from npm), each behind nginx, asked over HTTP/1.1 with kept connections, over TLS with
// HTTP/1.1, over HTTP/2 with uploads, and by websockets. Every answer is compared, and names its release. Ends with
// code 1 when one request fails, a websocket is dropped, or a client does not see each switch once. Default: 1,000,000
// requests over 100 switches, shared equally by the apps.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bootFleet } from '../dist/rehearse/fleet.js';
import { Load } from '../dist/rehearse/load.js';

const cli = fileURLToPath(new URL('../dist/vgen.cjs', import.meta.url));
const standIn = fileURLToPath(new URL('../src/rehearse/stand-in.py', import.meta.url));
const uploads = fileURLToPath(new URL('uploads.mjs', import.meta.url));
const [requests = 1_000_000, switches = 100] = process.argv.slice(2).map(Number);
const apps = ['systemd', 'supervisor', 'pm2'];
const CLIENTS = 20;
const WEBSOCKETS = 20;

const inventory = `hosts:
  one: { address: 10.9.51.1 }
secrets: { caKey: { file: .ca.key } }
certs: { ca: { certificate: ca.crt, key: caKey } }
apps:
${apps.map((runtime, i) => `  ${runtime}:
    runtime: ${runtime}
    binary: server
    command: ./server
    slots: { blue: { port: ${20000 + 10 * i} }, green: { port: ${20001 + 10 * i} } }
    listen: { live: ${8000 + i} }
    steady: 1s
    drain: 1s
`).join('')}sites:
${apps.map(name => `  ${name}: { domains: [${name}.example], certificate: internal, paths: { /: { app: ${name} } } }\n`)
    .join('')}`;

const work = mkdtempSync(join(tmpdir(), 'vgen-switches-'));
const fleet = await bootFleet({
  hosts: [{ name: 'one', addresses: ['10.9.51.1'] }],
  packages: ['nginx-light', 'supervisor', 'openssl', 'python3', 'nodejs'], prepared: true,
  binds: [{ from: npmPackage('pm2@7.0.4'), to: '/usr/local/lib/pm2' }],
});
const host = fleet.hosts.get('one');

function npmPackage(name) {
  const dir = join(work, 'npm');
  const { status, stderr } = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--prefix', dir, name]);
  if (status !== 0) throw new Error(`npm install ${name}: ${stderr}`);
  return dir;
}

function vgen(...words) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...words], {
    cwd: work, encoding: 'utf8', env: { ...process.env, VGEN_SSH_CONFIG: fleet.sshConfig },
  });
  if (status !== 0) throw new Error(`vgen ${words.join(' ')} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

async function on(script) {
  const { code, stdout, stderr } = await host.run(script);
  if (code !== 0) throw new Error(`${script} ended with ${code}\n${stdout}${stderr}`);
}

/** Uploads over HTTP/2 inside the host's network until told to stop: how many, and what failed. */
function startUploads(app, ca) {
  const child = spawn('nsenter', [`--target=${host.leader}`, '--net', process.execPath, uploads, app, ca], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', data => { text += data; });
  const ended = new Promise(resolve => child.on('close', resolve));
  return async () => {
    child.stdin.end();
    await ended;
    return JSON.parse(text);
  };
}

const rows = [];
try {
  writeFileSync(join(work, 'inventory.yaml'), inventory);
  writeFileSync(join(work, '.ca.key'), vgen('certs', 'ca'), { mode: 0o600 });
  copyFileSync(standIn, join(work, 'server'));
  chmodSync(join(work, 'server'), 0o755);
  await on('ln -sfn /usr/local/lib/pm2/node_modules/pm2/bin/pm2-runtime /usr/local/bin/pm2-runtime');
  vgen('build');
  vgen('apply');
  vgen('certs', 'issue');
  const ca = readFileSync(join(work, 'ca.crt'), 'utf8');
  for (const [i, app] of apps.entries()) {
    for (const release of ['a', 'b']) vgen('deploy', app, 'server', '--release', release, '--switch');
    const share = Math.ceil(requests / apps.length);
    const count = Math.ceil(switches / apps.length);
    const common = {
      path: '/', standIn: true, clients: CLIENTS, requests: Math.ceil(share / 2), websockets: WEBSOCKETS,
      seconds: 3600,
    };
    const stopUploads = startUploads(`${app}.example`, ca);
    const loads = await Promise.all([
      Load.start(host, { ...common, address: '127.0.0.1', port: 8000 + i }),
      Load.start(host, { ...common, address: '127.0.0.1', port: 443, tls: { name: `${app}.example`, ca } }),
    ]);
    const times = [];
    for (let done = 1; done <= count; done++) {
      await loads[0].reached(Math.floor(common.requests * done / (count + 1)));
      const began = performance.now();
      await on(`/opt/vgen/bin/vgen switch ${app}`);
      times.push(performance.now() - began);
      await Promise.all(loads.map(load => load.saw(done)));
    }
    const seen = await Promise.all(loads.map(load => load.stop()));
    const uploaded = await stopUploads();
    const sum = read => seen.reduce((total, one) => total + read(one), 0);
    times.sort((a, b) => a - b);
    const changes = [...seen.flatMap(({ flipsPerClient: { least, most } }) => [least, most]), ...uploaded.flips];
    rows.push({
      app, 'HTTP/1.1': seen[0].requests, 'HTTP/1.1, TLS': seen[1].requests, 'HTTP/2': uploaded.requests,
      uploads: sum(one => one.posts) + uploaded.uploads,
      websockets: sum(one => one.websockets.opened), echoes: sum(one => one.websockets.echoes), switches: count,
      'seen by a client': [...new Set(changes)].sort().join(', '),
      'switch ms, median': Math.round(times[count >> 1]), 'most': Math.round(times.at(-1)),
      failed: sum(one => one.failed) + uploaded.failed, resets: sum(one => one.resets),
      'websockets dropped': sum(one => one.websockets.dropped), 'p99 ms': Math.max(...seen.map(one => one.latency.p99)),
    });
    console.log(JSON.stringify(rows.at(-1)));
    const wrong = [
      ...seen.flatMap(one => one.failures), ...uploaded.failures,
      ...changes.some(one => one !== count) ? [`${count} switches, of which clients saw ${changes.join(', ')}`] : [],
      ...sum(one => one.websockets.opened) < 2 * WEBSOCKETS ? ['not all websockets were open'] : [],
    ];
    if (wrong.length) {
      console.log(wrong.slice(0, 20).join('\n'));
      process.exitCode = 1;
    }
  }
} finally {
  await fleet.stop();
  rmSync(work, { recursive: true, force: true });
}
console.table(rows);
const total = rows.reduce((sum, row) => sum + row['HTTP/1.1'] + row['HTTP/1.1, TLS'] + row['HTTP/2'], 0);
console.log(`${total} requests over ${rows.reduce((sum, { switches: some }) => sum + some, 0)} switches`);
