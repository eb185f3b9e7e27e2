import { spawnSync } from 'node:child_process';
import { copyFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { expressible, have, inTemporaryDirectory, withTexts } from '../../test/programs.ts';
import { encoders } from './index.ts';

const systemd = '/usr/lib/systemd/systemd';

// The real service manager, as a user instance in separate namespaces: private mounts, a private /run, a private
// cgroup and process ids. It takes the system for booted when /run/systemd/system is there. Its init is ended by pid.
const outside = `
set -eu
mkdir "$1/cgroup"
mount -t cgroup2 none "$1/cgroup"
mine=$1/cgroup/vgen-test-$$
mkdir "$mine"
trap 'tidy "$1"' EXIT
# A killed process leaves its group a little later than it ends.
tidy() {
  for ((i = 0; i < 100; i++)); do
    find "$mine" -depth -type d -exec rmdir {} + 2>/dev/null || true
    [[ -d $mine ]] || break
    sleep 0.05
  done
  umount "$1/cgroup"
}
( echo $BASHPID >"$mine/cgroup.procs"
  exec unshare --mount --cgroup --pid --fork --mount-proc --kill-child bash -c "$2" inside "$1" ) & pid=$!
for ((i = 0; i < 200; i++)); do [[ ! -e $1/done ]] || break; sleep 0.05; done
kill -KILL "$pid"
wait "$pid" || true
`;
const inside = `
set -eu
mount -t tmpfs none /run
mkdir -p /run/systemd/system /run/user/0
mount -t cgroup2 none /sys/fs/cgroup
env -i PATH=/usr/bin:/bin XDG_RUNTIME_DIR=/run/user/0 SYSTEMD_UNIT_PATH="$1/units" \\
  ${systemd} --user --unit=test.target --log-target=console --show-status=no >"$1/log" 2>&1 &
wait
`;

const haveManager = process.getuid?.() === 0 && have('unshare') && existsSync(systemd) && spawnSync('unshare',
  ['--mount', '--cgroup', '--pid', '--fork', '--mount-proc', 'mount', '-t', 'cgroup2', 'none', '/sys/fs/cgroup'],
).status === 0;

const show = `#!/bin/sh
cat "/proc/$$/environ" >"$RESULT/environ"
for word; do printf '%s\\0' "$word"; done >"$RESULT/argv"
pwd >"$RESULT/pwd"
: >"$RESULT/done"
`;

const strings = (file: string): string[] => readFileSync(file, 'utf8').split('\0').slice(0, -1);

describe('systemd', () => {
  it.skipIf(!have('systemd-analyze'))('systemd-analyze accepts every value (needs: apt-get install systemd)', () =>
    withTexts(300, texts => inTemporaryDirectory(directory => {
      const file = join(directory, 'test.service');
      writeFileSync(file, [
        '[Service]',
        ...expressible(encoders.systemdenv, texts).map(({ encoded }, i) => `Environment="V${i}=${encoded}"`),
        `ExecStart=/bin/true ${expressible(encoders.systemdword, texts).map(word => word.encoded).join(' ')}`, '',
      ].join('\n'));
      const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', '--recursive-errors=no', file]);
      expect({ status, stderr: stderr.toString() }).toEqual({ status: 0, stderr: '' });
    })));

  it.skipIf(!haveManager)('systemd starts a service with every value (needs: root and apt-get install systemd)', () =>
    withTexts(300, texts => inTemporaryDirectory(directory => {
      const inUnit = expressible(encoders.systemdenv, texts);
      const inFile = expressible(encoders.envfile, texts);
      const words = expressible(encoders.systemdword, texts);
      const home = join(directory, 'w%h@+,=d');
      const program = join(home, 'show%n@a+b,c=d.sh');
      for (const folder of [home, join(directory, 'units')]) mkdirSync(folder);
      writeFileSync(join(directory, 'show'), show);
      copyFileSync(join(directory, 'show'), program);
      chmodSync(program, 0o700);
      writeFileSync(join(directory, 'env'), inFile.map(({ encoded }, i) => `F${i}=${encoded}\n`).join(''));
      writeFileSync(join(directory, 'units', 'test.target'),
        '[Unit]\nDefaultDependencies=no\nAllowIsolate=yes\nWants=test.service\n');
      writeFileSync(join(directory, 'units', 'test.service'), [
        '[Unit]', 'DefaultDependencies=no', '[Service]', 'Type=oneshot', `Environment=RESULT=${directory}`,
        ...inUnit.map(({ encoded }, i) => `Environment="U${i}=${encoded}"`),
        `EnvironmentFile=${directory}/env`,
        `WorkingDirectory=${encoders.systemdpath(home)}`,
        `ExecStart=${encoders.systemdpath(program)} ${words.map(word => word.encoded).join(' ')}`, '',
      ].join('\n'));
      const run = spawnSync('unshare', ['--mount', 'bash', '-c', outside, 'outside', directory, inside],
        { stdio: ['ignore', 'ignore', 'pipe'] });
      expect(existsSync(join(directory, 'done')), run.stderr.toString()).toBe(true);
      const environment = Object.fromEntries(strings(join(directory, 'environ'))
        .map(line => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]));
      expect(inUnit.map((_, i) => environment[`U${i}`])).toEqual(inUnit.map(({ text }) => text));
      expect(inFile.map((_, i) => environment[`F${i}`])).toEqual(inFile.map(({ text }) => text));
      expect(strings(join(directory, 'argv'))).toEqual(words.map(({ text }) => text));
      expect(readFileSync(join(directory, 'pwd'), 'utf8')).toBe(`${home}\n`);
    })));
});
