// Trees for one host that differ in everything that an install has to take up, and what tells which of them a host
// really runs. Tree b differs from a in what is quick to take up, c from a in what is slow: programs of supervisor and
// the environment of the slots.
import type { Machine } from './machine.ts';
import { password } from './machine.ts';
import type { Tree } from './tree.ts';

export type Letter = 'a' | 'b' | 'c';
export const letters: readonly Letter[] = ['a', 'b', 'c'];

/** Where the trees lie on a host. */
export const placeOf = (letter: Letter): string => `/root/tree-${letter}`;

/** What each tree puts where another has something else. */
const quick = {
  a: { name: 'a', seconds: 100_000, clients: 500, mode: '0755', groups: '-', motd: '0644 root:root' },
  b: { name: 'b', seconds: 200_000, clients: 600, mode: '0711', groups: 'adm', motd: '0640 root:adm' },
};
const slow = {
  a: { program: 'extra-a', seconds: 300_000, greeting: 'hello' },
  c: { program: 'extra-c', seconds: 400_000, greeting: 'salut' },
};
const quickOf = (letter: Letter) => quick[letter === 'b' ? 'b' : 'a'];
const slowOf = (letter: Letter) => slow[letter === 'c' ? 'c' : 'a'];

export function treeOf(machine: Machine, letter: Letter): Tree {
  const { name, seconds, clients, mode, groups, motd } = quickOf(letter);
  const { program, seconds: long, greeting } = slowOf(letter);
  const service = `[Service]\nExecStart=/bin/sleep ${seconds + 1}\n[Install]\nWantedBy=multi-user.target\n`;
  const supervised = `/etc/supervisor/conf.d/${program}.conf 0644 root:root reload:supervisor.service supervisor`;
  return machine.tree()
    .edit('etc/nginx/nginx.conf', 'access_log off;', `access_log off;\n    add_header X-Tree ${name};`)
    .edit('etc/nginx/conf.d/tick.conf', 'server {\n', `server {\n    add_header X-Tree ${name};\n`)
    .edit('etc/systemd/system/beat.service', '100000', String(seconds))
    .edit('etc/redis/redis.conf', 'daemonize no', `daemonize no\nmaxclients ${clients}`)
    .edit('manifest.tsv', '/opt/demo/releases\t0755', `/opt/demo/releases\t${mode}`)
    .edit('manifest.tsv', '/opt/demo\t/usr/sbin/nologin\t-', `/opt/demo\t/usr/sbin/nologin\t${groups}`)
    .add('opt/more/both', `of ${name}\n`)
    .add(`opt/more/only-${name}/deep/file`, `only in ${name}\n`)
    .add('etc/motd', `by ${name}\n`, `file /etc/motd ${motd}`)
    .add(`etc/systemd/system/only-${name}.service`, service)
    .list(`link /opt/more/link only-${name}`).list(`unit only-${name}.service`)
    .edit('etc/supervisor/conf.d/worker.conf', '100000', String(long))
    .edit('etc/supervisor/secrets.conf', '"hello"', `"${greeting}"`)
    .edit('etc/vgen/env/tick-blue.env', '"hello"', `"${greeting}"`)
    .edit('etc/vgen/env/tick-green.env', '"hello"', `"${greeting}"`)
    .add(`etc/supervisor/conf.d/${program}.conf`, `[program:${program}]\ncommand=/bin/sleep ${long + 1}\n`,
      `file ${supervised}`);
}

/** Prints what runs and with which settings, one line each; `facts` says what it has to print. */
export const askFacts = `
  argv() { tr '\\0' ' ' <"/proc/$1/cmdline" || true; echo; }
  for unit in beat only-a only-b; do
    pid=$(systemctl show --property MainPID --value $unit)
    echo "$unit $( (( pid == 0 )) || argv $pid)"
  done
  # after a boot it takes a moment to answer, and its programs one more
  for (( tries = 0; tries < 40; tries++ )); do
    ! supervisorctl status 2>&1 | grep -qE 'STARTING|^unix:' || { sleep 0.25; continue; }
    break
  done
  supervisorctl status | grep -vF demo | while read -r name state _ pid _; do echo "$name $(argv "\${pid%,}")"; done
  for port in 8000 8010; do
    echo "$port $(curl -s -m 5 -D - -o /dev/null http://127.0.0.1:$port/ | tr -d '\\r' | grep -i -m 1 '^x-tree')"
  done
  for port in 8001 8011; do echo "$port $(curl -s -m 5 http://127.0.0.1:$port/ | cut -d ' ' -f 3)"; done
  echo "redis $(REDISCLI_AUTH=${password} redis-cli config get maxclients | tail -n 1)"
  echo "demo $(id -nG demo)"`;

export function facts(letter: Letter): string {
  const { name, seconds, clients, groups } = quickOf(letter);
  const { program, seconds: long, greeting } = slowOf(letter);
  const only = (of: string) => name === of ? `/bin/sleep ${seconds + 1}` : '';
  return [
    `beat /bin/sleep ${seconds}`, `only-a ${only('a')}`, `only-b ${only('b')}`,
    `${program} /bin/sleep ${long + 1}`, `worker /bin/sleep ${long}`,
    `8000 X-Tree: ${name}`, `8010 X-Tree: ${name}`, `8001 ${greeting}`, `8011 ${greeting}`,
    `redis ${clients}`, `demo demo${groups === '-' ? '' : ` ${groups}`}`,
  ].map(line => line.trim()).join('\n');
}

/**
 * Prints every file, link and directory where a tree can put some, with mode, owner and sha256 or target: what a
 * killed run leaves shows up as a line too many. Releases and sockets are no business of an install, and the pair of
 * links is state.
 */
export const askFiles = `
  shopt -s nullglob
  LC_ALL=C
  places=(/etc/{nginx,supervisor,redis,systemd/system,vgen,motd} /opt /usr/sbin/policy-rc.d* /etc/.*vgen*)
  find "\${places[@]}" -path '/opt/*/releases/*' -prune -o ! -type s \\
    ! -path '/opt/*/live' ! -path '/opt/*/next' ! -path '/opt/*/release' -printf '%p %y %m %u:%g %l\\n' | sort
  find "\${places[@]}" -path '/opt/*/releases/*' -prune -o -type f -print0 | sort -z | xargs -0 sha256sum
  find /etc /opt /usr/sbin /var/lib/vgen -name '*.vgen-*'`;

/** Prints the names in vgen's own directory. */
export const askNames = "find /var/lib/vgen -mindepth 1 -maxdepth 1 -printf '%f\\n' | sort";
