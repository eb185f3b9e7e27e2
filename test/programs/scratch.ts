// A host's tree as install.sh would leave it, under a directory of the test: files with owners, modes and secrets,
// directories, links, users, and what the packages of Debian bring.
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync,
  symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { expandPlain } from '../../src/kit/expand.ts';
import { secretValues, type Tree } from './trees.ts';

export interface Scratch {
  readonly root: string;
  /** Directories of the machine over which `over/` is laid, so that programs it lacks seem to be there. */
  readonly overlaid: readonly string[];
  remove(): void;
}

const OF_THE_MACHINE = ['passwd', 'group', 'nsswitch.conf', 'hosts', 'ld.so.cache', 'ld.so.conf', 'ld.so.conf.d',
  'nginx', 'ssl/certs/ca-certificates.crt'];

/** A program that waits until it is ended; its arguments and environment can be read in /proc. */
const STAND_IN = '#!/usr/bin/perl\nsleep;\n';

/** Lays out the tree of a host. */
export function layOut(tree: Tree): Scratch {
  const root = mkdtempSync(join(tmpdir(), 'vgen-host-'));
  for (const dir of ['etc/systemd/system', 'opt', 'run', 'secrets', 'over', 'var/log/nginx', 'var/log/supervisor',
      'var/lib/nginx']) {
    mkdirSync(join(root, dir), { recursive: true });
  }
  for (const name of OF_THE_MACHINE) {
    if (existsSync(`/etc/${name}`)) cpSync(`/etc/${name}`, join(root, 'etc', name),
      { recursive: true, verbatimSymlinks: true });
  }
  for (const [i, user] of tree.plan.users.entries()) {
    appendFileSync(join(root, 'etc/passwd'), `${user.name}:x:${2000 + i}:${2000 + i}::${user.home}:${user.shell}\n`);
    appendFileSync(join(root, 'etc/group'), `${user.name}:x:${2000 + i}:\n`);
  }
  const [redis, redisGroup] = [idOf(root, 'passwd', 'redis'), idOf(root, 'group', 'redis')];
  for (const dir of ['etc/redis', 'run/redis', 'var/log/redis', 'var/lib/redis']) {
    mkdirSync(join(root, dir), { recursive: true });
    if (redis !== null && redisGroup !== null) chownSync(join(root, dir), redis, redisGroup);
  }
  for (const [name, value] of Object.entries(secretValues)) writeFileSync(join(root, 'secrets', name), `${value}\n`,
    { mode: 0o600 });
  install(tree, root);
  certify(tree, root);
  return { root, overlaid: release(tree, root), remove: () => rmSync(root, { recursive: true, force: true }) };
}

function install(tree: Tree, root: string): void {
  for (const entry of tree.entries) {
    const path = join(root, entry.path);
    mkdirSync(dirname(path), { recursive: true });
    if (entry.kind === 'link') symlinkSync(entry.target, path);
    else writeFileSync(path, entry.bytes, { mode: entry.executable ? 0o755 : 0o644 });
  }
  for (const spec of tree.plan.files) {
    const path = join(root, spec.path);
    if (spec.kind === 'directory') mkdirSync(path, { recursive: true });
    if (spec.kind !== 'directory' && spec.kind !== 'file') continue;
    if (spec.kind === 'file' && spec.secrets.length) expandSecrets(root, path);
    const [user = '', group = ''] = spec.owner.split(':');
    chownSync(path, idOf(root, 'passwd', user) ?? 0, idOf(root, 'group', group) ?? 0);
    chmodSync(path, Number.parseInt(spec.mode, 8));
  }
}

/** What the engine makes: a key with a certificate in each directory of one, also of those that are brought along. */
function certify(tree: Tree, root: string): void {
  const own = tree.plan.files.flatMap(({ path }) => /^\/etc\/vgen\/tls\/(own-[^/]+)\/key\.pem$/.exec(path)?.[1] ?? []);
  for (const name of [...tree.plan.certificates.map(one => one.name), ...own]) {
    const dir = join(root, 'etc/vgen/tls', name);
    mkdirSync(dir, { recursive: true });
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', `/CN=${name}`,

      '-keyout', join(dir, 'key.pem'), '-out', join(dir, 'cert.pem'),
    ], { stdio: 'ignore' });
  }
}

/** Puts the secrets in with the script of the tree itself. */
function expandSecrets(root: string, path: string): void {
  writeFileSync(`${path}.expanded`, '', { mode: 0o600 });
  execFileSync('bash', ['--norc', '-c', 'set -euo pipefail; . "$1"; expand_placeholders "$2" "$3" "$4"', 'bash',
    join(root, 'opt/vgen/lib/core.sh'), path, `${path}.expanded`, join(root, 'secrets')],
      { stdio: ['ignore', 'inherit', 'inherit'] });
  writeFileSync(path, readFileSync(`${path}.expanded`));
  rmSync(`${path}.expanded`);
}

/** A first release in every slot, and stand-ins for programs that the machine does not have. */
function release(tree: Tree, root: string): string[] {
  const overlaid = new Set<string>();
  const standIn = (path: string): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, STAND_IN, { mode: 0o755 });
  };
  const onMachine = (path: string): void => {
    if (path.startsWith('/opt/')) standIn(join(root, path));
    else if (!existsSync(path)) {
      standIn(join(root, 'over', path));
      overlaid.add(dirname(path));
    }
  };
  for (const { path } of tree.plan.programs) onMachine(path);
  for (const app of tree.plan.apps) {
    const dir = join(root, app.dir, 'releases/first');
    mkdirSync(dir);
    for (const slot of app.slots) {
      const word = expandPlain(app.command[0] ?? '', { host: tree.host, slot });
      if (word.startsWith('/')) onMachine(word);
      else standIn(join(dir, basename(word)));
      symlinkSync('../releases/first', join(root, slot.release));
    }
  }
  return [...overlaid].sort();
}

function idOf(root: string, file: 'passwd' | 'group', name: string): number | null {
  const line = readFileSync(join(root, 'etc', file), 'utf8').split('\n').find(one => one.startsWith(`${name}:`));
  return line === undefined ? null : Number(line.split(':')[2]);
}
