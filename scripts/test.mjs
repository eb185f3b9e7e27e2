// npm test: installs the Debian packages that tests give their files to (as root on Debian or Ubuntu; elsewhere those
// tests are skipped by name), builds, lints, runs all tests, and closes with one plain line of counts.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { byArea, skippedOf } from './test-summary.mjs';

const packages = {
  nginx: 'nginx-light', supervisord: 'supervisor', 'redis-server': 'redis-server', shellcheck: 'shellcheck',
  'systemd-analyze': 'systemd', 'systemd-nspawn': 'systemd-container', debootstrap: 'debootstrap', rsync: 'rsync',
  ssh: 'openssh-client',
  ip: 'iproute2', 'dpkg-scanpackages': 'dpkg-dev', wrk: 'wrk', curl: 'curl', zstd: 'zstd',
  age: 'age', openssl: 'openssl', 'mkfs.ext4': 'e2fsprogs', losetup: 'mount', pg_ctlcluster: 'postgresql',
  'ansible-playbook': 'ansible-core', nft: 'nftables',
};

const has = program =>
  ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin', ...(process.env.PATH ?? '')
    .split(':')]
    .some(dir => existsSync(join(dir, program)));

function run(command, args, options = {}) {
  const { status, signal, error } = spawnSync(command, args, { stdio: 'inherit', ...options });
  if (error) throw error;
  if (status !== 0) process.exit(signal ? 1 : status ?? 1);
}

const missing = Object.entries(packages).filter(([program]) => !has(program)).map(([, name]) => name);
const debian = existsSync('/etc/debian_version') && process.getuid?.() === 0;
if (missing.length && debian) {
  console.log(`installing ${missing.join(' ')}`);
  // their services are not to start here
  const policy = '/usr/sbin/policy-rc.d';
  const isNew = !existsSync(policy);
  if (isNew) writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    run('apt-get', ['update', '-qq'], { env });
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', ...missing], {
      env, stdio: ['ignore', 'ignore', 'inherit'],
    });
  } finally {
    if (isNew) rmSync(policy);
  }
} else if (missing.length) {
  console.log(
    `some tests will be skipped; to run them: apt-get install ${missing.join(' ')} (as root on Debian or Ubuntu)`,
  );
}

run(process.execPath, ['scripts/prepare.mjs']);
run('npm', ['run', '--silent', 'lint']);

const start = Date.now();
const work = mkdtempSync(join(tmpdir(), 'vgen-test-'));
const [report, times] = [join(work, 'report.json'), join(work, 'times.json')];
const { status } = spawnSync(process.execPath, [
  'node_modules/vitest/vitest.mjs', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`,
  '--reporter=./scripts/test-summary.mjs', ...process.argv.slice(2),
], { stdio: 'inherit', env: { ...process.env, VGEN_TEST_TIMES: times } });
const counts = JSON.parse(readFileSync(report, 'utf8'));
const minutes = ((Date.now() - start) / 60_000).toFixed(1);
console.log(`time by area, minutes:seconds of files that run beside one another (${minutes} min in all)`);
for (const line of byArea(JSON.parse(readFileSync(times, 'utf8')))) console.log(line);
for (const line of skippedOf(counts)) console.log(line);
rmSync(work, { recursive: true });
const skipped = counts.numPendingTests + counts.numTodoTests;
console.log(`${counts.numPassedTests} passed, ${counts.numFailedTests} failed, ${skipped} skipped`);
process.exitCode = status === 0 && counts.numPassedTests > 0 ? 0 : 1;
