// What a host is in, asked in one short script: what is installed, whether its files are as they were put there, what
// is still due, what runs there now, and who has locked it.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../../contract/diagnostic.ts';
import { INSTALL, MANIFEST, SUMS } from '../../contract/manifest.ts';
import { shWord } from '../../escape/sh.ts';
import type { Standing } from '../result.ts';
import type { Connection } from '../connect/ssh.ts';
import { readBytes, treeOf } from './tree.ts';

/** A host's tree in out/. */
export interface LocalTree {
  readonly dir: string;
  /** sha256 of its SHA256SUMS, which stands for all of it. */
  readonly id: string;
  /** Path, mode and owner of each file and directory: what the host's record does not hold. */
  readonly modes: string;
}

/** Reads out/<host>/. Throws a Failure when there is no tree. */
export function localTree(out: string, host: string): LocalTree {
  const dir = join(out, host);
  if (![INSTALL, MANIFEST, SUMS].every(name => existsSync(join(dir, name)))) {
    throw new Failure(`there is no tree for ${host} in ${out}/; run "vgen build", review and commit it`);
  }
  const { id, files, directories } = treeOf(host, dir, readBytes(dir, MANIFEST), readBytes(dir, SUMS));
  const modes = [...files, ...directories].map(({ path, mode, owner }) => `${path}\t${mode.replace(/^0+(?=.)/, '')}\t${owner}\n`);
  return { dir, id, modes: modes.join('') };
}

export interface Looked extends Standing {
  /** Name of the host for which something was installed; null for a bare machine. */
  readonly host: string | null;
  /** Files, links, modes and owners are as the tree has them; known only where the tree is the installed one. */
  readonly isAsLeft: boolean;
  /** Something is still due: a restart, an install that was cut short. */
  readonly isDue: boolean;
  /** What was installed last reverts by itself unless it is confirmed. */
  readonly isUnconfirmed: boolean;
  /** Some script of vgen works there now. */
  readonly isBusy: boolean;
  /** What works there is an install that can be attached to. */
  readonly canAttach: boolean;
}

const script = (tree: string): string => `set -uo pipefail
s=/var/lib/vgen lock=/run/lock/vgen.lock
if [[ -e $lock ]]; then
  exec 9<"$lock"
  if ! flock --nonblock 9; then
    echo busy
    for d in /var/log/vgen/runs/*-install-*; do [[ -d $d ]] && last=$d; done
    [[ -z \${last:-} || -e $last/code ]] || echo attach
  fi
  exec 9<&-
fi
for f in /opt/vgen/apps/*.sh; do
  [[ -f $f ]] || continue
  (. "$f"; for l in live next; do
    t=$(readlink -- "$dir/$l/release") && printf '%s\\t%s\\t%s\\n' "$l" "$app" "\${t##*/}"
  done)
done
[[ -f $s/installed.tsv ]] || exit 0
[[ ! -f $s/host ]] || printf 'host\\t%s\\n' "$(<$s/host)"
[[ ! -s $s/generations.tsv ]] || printf 'generation\\t%s\\n' "$(tail -n 1 -- $s/generations.tsv | cut -f 1)"
[[ ! -e $s/unconfirmed ]] || echo unconfirmed
[[ ! -s $s/pending && ! -s $s/owed && ! -e $s/journal ]] || echo due
tree='' sums='' links=() targets='' wanted='' paths=()
while IFS=$'\\t' read -r kind name content _; do
  case $kind in
    tree) tree=$name ;;
    file) sums+="$content  $name"$'\\n' ;;
    link) links+=("$name"); targets+=$content$'\\n' ;;
  esac
done <$s/installed.tsv
printf 'tree\\t%s\\n' "$tree"
[[ $tree == ${shWord(tree)} ]] || exit 0
while IFS= read -r line; do
  wanted+=$line$'\\n'
  paths+=("\${line%%$'\\t'*}")
done
printf %s "$sums" | sha256sum --check --strict --status 2>/dev/null || exit 0
if (( \${#links[@]} > 0 )); then [[ $(readlink -- "\${links[@]}")$'\\n' == "$targets" ]] || exit 0; fi
if (( \${#paths[@]} > 0 )); then
  [[ $(stat --printf '%n\\t%a\\t%U:%G\\n' -- "\${paths[@]}" 2>/dev/null)$'\\n' == "$wanted" ]] || exit 0
fi
echo asleft
`;

/** Looks at a host; changes nothing and waits for nothing. Says `unreachable` with ssh's words. */
export async function look(
  connection: Connection, tree: LocalTree | null, signal?: AbortSignal,
): Promise<Looked | { unreachable: string }> {
  const answer = await connection.run(script(tree?.id ?? '-'), { stdin: tree?.modes ?? '', timeout: 60_000, signal });
  if (answer.unreachable !== null) return { unreachable: answer.unreachable };
  if (answer.code !== 0) return { unreachable: `it could not be looked at: ${answer.stderr.trim().split('\n').at(-1) ?? ''}` };
  return readLooked(answer.stdout);
}

/** The part that is told of a host. */
export const standingOf = ({ generation, tree, live, next }: Looked): Standing => ({ generation, tree, live, next });

/** Reads what the script printed. */
export function readLooked(text: string): Looked {
  const lines = text.split('\n').map(line => line.split('\t'));
  const values = (key: string): string[][] => lines.filter(([first]) => first === key).map(([, ...rest]) => rest);
  const has = (key: string): boolean => values(key).length > 0;
  const tree = values('tree')[0]?.[0] || null;
  const generation = values('generation')[0]?.[0];
  const releases = (link: string): Record<string, string> =>
    Object.fromEntries(values(link).map(([app = '', release = '']) => [app, release]));
  return {
    host: values('host')[0]?.[0] ?? null, tree, generation: generation === undefined ? null : Number(generation),
    live: releases('live'), next: releases('next'),
    isAsLeft: has('asleft'), isDue: has('due'), isUnconfirmed: has('unconfirmed'), isBusy: has('busy'), canAttach: has('attach'),
  };
}
