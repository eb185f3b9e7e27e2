# shellcheck shell=bash
# "As vgen left it": the one definition for apply, plan and drift.
# shellcheck disable=SC2154  # the places

declare -A recorded=()          # path → f or l, and content as vgen left it
declare -A adopted=()           # path → yes, of those that somebody changed and vgen was told to leave
declare -A applied=()           # path → mode and owner as vgen left it
declare -A is_of=() hash_of=()  # path → what is there, and its sha256
orphans=()                      # paths of the record, some of which the tree has no more

# applied_manifest: the list of what is installed; nothing where the host does not keep it.
applied_manifest() {
  local number=''
  [[ ! -s $state/generations.tsv ]] || number=$(tail -n 1 -- "$state/generations.tsv" | cut -f 1)
  [[ -z $number || ! -f $state/generations/$number/manifest.tsv ]] ||
    printf '%s' "$state/generations/$number/manifest.tsv"
}

# read_record: what vgen made here last, and with which modes and owners.
read_record() {
  local kind name content flag file mode owner waiting=()
  local -A left=()
  [[ -f $state/installed.tsv ]] || return 0
  while IFS=$'\t' read -r kind name content _ _ flag mode owner _; do
    [[ $kind != waiting ]] || waiting+=("$name")
    [[ $kind == file || $kind == link ]] || continue
    [[ ! ${mode:-} =~ ^[0-7]+$ ]] || left[$name]="$((8#$mode)) $owner"
    recorded[$name]="${kind:0:1} $content"
    [[ $flag != adopted ]] || adopted[$name]=yes
    orphans+=("$name")
  done <"$state/installed.tsv"
  file=$(applied_manifest)
  [[ -n $file ]] || return 0
  while IFS=$'\t' read -r kind name mode owner _; do
    if [[ $kind == file || $kind == directory ]]; then applied[$name]="$((8#$mode)) $owner"; fi
  done <"$file"
  # the list asks already for what waits for a switch
  for name in "${waiting[@]}"; do
    unset 'applied[$name]'       # quoted: bash would run what a subscript says
    [[ -z ${left[$name]:-} ]] || applied[$name]=${left[$name]}
  done
}

# read_paths PATH…: what is there: type, mode, owner, what changes whenever somebody writes to it, target of a link.
read_paths() {
  local path line plain=()
  (( $# > 0 )) || return 0
  while IFS=$'\t' read -r -d '' path line; do
    is_of[$path]=$line
    [[ ${line:0:1} != f ]] || plain+=("$path")
  done < <(find "$@" -maxdepth 0 -printf '%p\t%y\t%m\t%u:%g\t%i.%s.%C@\t%l\0' 2>/dev/null || true)
  hash_all "${plain[@]}"
}

hash_all() {
  local line
  (( $# > 0 )) || return 0
  while IFS= read -r line; do
    hash_of[${line:66}]=${line:0:64}
  done < <(sha256sum -- "$@" 2>/dev/null || true)
}

# find_edit PATH: sets REPLY to "yes" where it is as vgen left it, else to what is not: "content" (or target, or kind),
# or "metadata" (mode, owner). Of what somebody changed and vgen was told to leave, the content counts.
find_edit() {
  local kind mode owner target
  REPLY=content
  [[ -n ${is_of[$1]:-} ]] || return 0
  IFS=$'\t' read -r kind mode owner _ target <<<"${is_of[$1]}"
  case $kind in
    l)
      # a link whose target spells the digest of the file that it replaced is none of vgen's
      [[ "l $target" == "${recorded[$1]:-}" || ( -n ${adopted[$1]:-} && "f $target" == "${recorded[$1]:-}" ) ]] ||
        return 0
      REPLY=yes
      return 0
      ;;
    f)
      [[ "f ${hash_of[$1]:-}" == "${recorded[$1]:-}" ||
        ( -n ${adopted[$1]:-} && "l ${hash_of[$1]:-}" == "${recorded[$1]:-}" ) ]] || return 0
      ;;
    d) [[ -z ${recorded[$1]:-} ]] || return 0 ;;
    *) return 0 ;;
  esac
  REPLY=metadata
  [[ -n ${adopted[$1]:-} || -z ${applied[$1]:-} || ${applied[$1]} == "$((8#$mode)) $owner" ]] || return 0
  REPLY=yes
}

# all_as_left: all that is installed.
all_as_left() {
  local path
  for path in "${!recorded[@]}" "${!applied[@]}"; do
    find_edit "$path"
    [[ $REPLY == yes ]] || return 1
  done
}
