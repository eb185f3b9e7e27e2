#!/usr/bin/env bash
# Looks at a host, and changes nothing. Usage: observe.sh DEPTH TREE [ID SECONDS DETAILS INSTEAD]
#
#   state       what is installed and runs, who has locked it, whether a run of vgen is under way
#   status      that, and what the host's "vgen status" says
#   installed   that, and whether all is as vgen left it where TREE is installed
#   changed     that; and all that "full" tells, unless TREE is installed, is as it was left and nothing is due
#   full        all that the tree is about: what to look at comes on stdin, one thing a line
#
# With a lock's ID that fleet lock is taken before the look; then "locked" is the first line, or somebody else's lock
# all that is told, with exit code 9. The answer is one thing a line, columns separated by tabs; "end" is the last one.
# No hash of a file that holds secrets leaves the host: it is compared here, and only "same" or "different" is told.
# shellcheck disable=SC2154  # the engine on the host sets what is read of apps
# shellcheck source=SCRIPTDIR/../connect/places.sh
. places.sh
# shellcheck source=SCRIPTDIR/../guard/lock.sh
. lock.sh
# shellcheck source=SCRIPTDIR/state.sh
. state.sh
# shellcheck source=SCRIPTDIR/left.sh
. left.sh

paths=() directories=() packages=() units=() users=() programs=() certificates=() names_of_secrets=()
render_path=() render_source=() encode=''     # files with secrets, their text and the tree's encode.sh, both in base64
declare -A asked=()             # path → yes, of those the tree is about
declare -A held_secrets=()      # path → yes, of those that hold secrets
declare -A render_of=()         # path → the file with its secrets, as the tree would make it
work=''

# read_questions: what the tree is about. "encode" is the tree's way to put secrets into files, "render" a file to
# put them into.
read_questions() {
  local kind name rest
  while IFS=$'\t' read -r kind name rest; do
    case $kind in
      path | directory)
        paths+=("$name")
        asked[$name]=yes
        [[ $kind == path ]] || directories+=("$name")
        ;;
      package) packages+=("$name") ;;
      unit) units+=("$name") ;;
      user) users+=("$name") ;;
      program) programs+=("$name") ;;
      secret) names_of_secrets+=("$name") ;;
      certificate) certificates+=("$name") ;;
      encode) encode=$name ;;
      render)
        render_path+=("$name")
        held_secrets[$name]=yes
        render_source+=("$rest")
        ;;
    esac
  done
}

# tell_record: what vgen made here last. The hash of a file is told only if the tree has it and no secrets are in it.
tell_record() {
  local kind name content rest file
  [[ -f $state/installed.tsv ]] || return 0
  while IFS=$'\t' read -r kind name content rest; do
    case $kind in
      tree | directory | user) tell record "$kind" "$name" "$content" ;;
      unit)
        tell record "$kind" "$name"
        units+=("$name")
        ;;
      file)
        [[ -n ${asked[$name]:-} && -z ${held_secrets[$name]:-} ]] || content=-
        tell record file "$name" "$content" "$rest"
        ;;
      link) tell record link "$name" "$content" "$rest" ;;
    esac
  done <"$state/installed.tsv"
  file=$(applied_manifest)
  [[ -z $file ]] || sed -n '/^\(file\|directory\|unit\|answer\|variable\)\t/s/^/applied\t/p' "$file"
}

# render_file NUMBER
render_file() (
  # shellcheck source=/dev/null
  . "$work/encode.sh"
  expand_placeholders "$work/source.$1" "$work/rendered.$1" "$secrets"
)

render_files() {
  local i=0 path reason
  (( ${#render_path[@]} > 0 )) || return 0
  work=$(mktemp -d /run/vgen-look.XXXXXXXX)
  trap 'rm -rf -- "$work"' EXIT
  base64 -d <<<"$encode" >"$work/encode.sh"
  for path in "${render_path[@]}"; do
    i=$((i + 1))
    base64 -d <<<"${render_source[i - 1]}" >"$work/source.$i"
    : >"$work/rendered.$i"
    if reason=$(render_file "$i" 2>&1); then
      render_of[$path]=$work/rendered.$i
    else
      reason=${reason%%$'\n'*}
      tell unrendered "$path" "${reason#"$work/source.$i:"}"
    fi
  done
}

# read_led_to: what links in the place of directories lead to, and the directories above that; whoever may write to one
# of them could exchange what lies below. A link that is not root's is followed by nobody.
read_led_to() {
  local path kind owner target more=("${directories[@]}")
  local -A known=()
  for path in "${directories[@]}"; do
    known[$path]=yes
  done
  while (( ${#more[@]} > 0 )); do
    directories=("${more[@]}") more=()
    for path in "${directories[@]}"; do
      IFS=$'\t' read -r kind _ owner _ target <<<"${is_of[$path]:-}"
      [[ $kind == l && $owner == root:* ]] || continue
      [[ $target == /* ]] || target=${path%/*}/$target
      target=${target%/}
      while [[ -n $target && -z ${known[$target]:-} ]]; do
        known[$target]=yes
        more+=("$target")
        [[ -n ${is_of[$target]:-} ]] || paths+=("$target")
        target=${target%/*}
      done
    done
    read_paths "${more[@]}"
  done
}

# tell_paths: type, mode, owner, then the hash of a file or "same" and "different" of one that holds secrets, whether it
# is as vgen left it, and what changes whenever somebody writes to it.
tell_paths() {
  local path kind mode owner target touched content left
  (( ${#paths[@]} > 0 )) || return 0
  hash_all "${render_of[@]}"
  for path in "${paths[@]}"; do
    [[ -n ${is_of[$path]:-} ]] || continue
    IFS=$'\t' read -r kind mode owner touched target <<<"${is_of[$path]}"
    content=- left=-
    if [[ -n ${recorded[$path]:-} ]]; then
      find_edit "$path"
      left=$REPLY
    fi
    case $kind in
      l) content=$target ;;
      f)
        content=${hash_of[$path]:-}
        if [[ -n ${held_secrets[$path]:-} ]]; then
          if [[ -n ${render_of[$path]:-} && $content == "${hash_of[${render_of[$path]}]}" ]]; then
            content=same
          else
            content=different
          fi
        elif [[ -z ${asked[$path]:-} ]]; then
          content=-
        fi
        ;;
    esac
    tell path "$path" "$kind" "$mode" "$owner" "$content" "$left" "$touched"
  done
  for path in "${paths[@]}"; do
    [[ ! -e $state/originals$path && ! -L $state/originals$path ]] || tell original "$path"
  done
}

tell_packages() {
  local status name
  (( ${#packages[@]} > 0 )) || return 0
  while read -r status name; do
    [[ $status != ?i ]] || tell package "$name"
  done < <(dpkg-query --show --showformat '${db:Status-Abbrev} ${Package}\n' -- "${packages[@]}" 2>/dev/null || true)
}

tell_users() {
  local name entry
  for name in "${users[@]}"; do
    entry=$(getent passwd "$name") || continue
    tell user "$name" "$(cut -d: -f6,7 <<<"$entry")" "$(id -nG -- "$name" | tr ' ' ,)" \
      "$(if pgrep -u "$name" >/dev/null; then echo runs; else echo -; fi)"
  done
}

# slots_up: somebody listens on the port of every slot whose release is not known to be bad.
slots_up() (
  local file slot id listening
  listening=" $(ss --no-header --listening --tcp --numeric | awk '{ sub(".*:", "", $4); printf "%s ", $4 }')"
  for file in /opt/vgen/apps/*.sh; do
    [[ -f $file ]] || continue
    # shellcheck source=/dev/null
    . "$file"
    for slot in "${slots[@]}"; do
      id=$(readlink -- "$dir/$slot/release") || continue
      [[ -f ${file%.sh}/$slot.sh ]] || continue
      # shellcheck source=/dev/null
      . "${file%.sh}/$slot.sh"
      [[ -e $state/apps/$app/bad/${id##*/} || $listening == *" $slot_port "* ]] || exit 1
    done
  done
)

# all_up: whatever is to run does. A unit whose program is not there yet was neither enabled nor started.
all_up() {
  local kind name absent=no line active='' sub='' enabled='' names=() file
  file=$(applied_manifest)
  [[ -n $file ]] || return 0
  while IFS=$'\t' read -r kind name _; do
    case $kind in
      unit) names+=("$name") ;;
      program) [[ -x $name ]] || absent=yes ;;
    esac
  done <"$file"
  (( ${#names[@]} > 0 )) || return 0
  while IFS= read -r line || [[ -n $line ]]; do
    case $line in
      ActiveState=*) active=${line#*=} ;;
      SubState=*) sub=${line#*=} ;;
      UnitFileState=*) enabled=${line#*=} ;;
      '')
        [[ $enabled != disabled || $absent == no ]] || continue
        [[ $active == active && $sub != auto-restart && $enabled != disabled ]] || return 1
        ;;
    esac
  done < <(systemctl show --property ActiveState,SubState,UnitFileState -- "${names[@]}"; echo)
}

# dead_apps: those whose live is down, by the rule of the engine that is installed here, and what makes another release
# live; one a line. Earlier engines have no such rule.
dead_apps() (
  [[ -f $lib/release.sh ]] || exit 0
  set +eu
  # shellcheck source=/dev/null
  . "$lib/release.sh"
  declare -F live_is_up >/dev/null || exit 0
  for file in /opt/vgen/apps/*.sh; do
    [[ -f $file ]] || continue
    name=$(basename -- "$file" .sh)
    (
      load_app "$name" 2>/dev/null || { printf '%s\t-\t-\n' "$name"; exit 0; }
      slot=$(slot_at live)
      if [[ -z $slot || -z $(release_of "$slot") ]] || live_is_up "$slot"; then exit 0; fi
      remedy=$(way_out)
      printf '%s\t%s\t%s\n' "$name" "${remedy:--}" "$(tr -d '\t\n' <<<"$health_reason")"
    )
  done
  exit 0
)

# tell_dead LINES: apps whose live is down.
tell_dead() {
  local name remedy reason
  while IFS=$'\t' read -r name remedy reason; do
    [[ -z $name ]] || tell dead "$name" "$remedy" "$reason"
  done <<<"$1"
}

tell_units() {
  local line name active='' sub='' load='' enabled='' names=()
  (( ${#units[@]} > 0 )) || return 0
  mapfile -t names < <(printf '%s\n' "${units[@]}" | sort -u)
  set -- "${names[@]}"
  while IFS= read -r line || [[ -n $line ]]; do
    case $line in
      ActiveState=*) active=${line#*=} ;;
      SubState=*) sub=${line#*=} ;;
      LoadState=*) load=${line#*=} ;;
      UnitFileState=*) enabled=${line#*=} ;;
      '')
        tell unit "$1" "$active" "$sub" "$load" "${enabled:--}"
        shift
        ;;
    esac
  done < <(systemctl show --property ActiveState,SubState,LoadState,UnitFileState -- "${names[@]}"; echo)
}

# stale_of SLOT: the paths that the process which runs there now has not taken up.
stale_of() {
  local what instance paths
  if [[ -f $state/stale ]]; then
    while IFS=$'\t' read -r what instance paths; do
      [[ $what != "$app/$1" || $instance != "$(slot_instance "$1")" ]] || printf '%s' "$paths"
    done <"$state/stale"
  fi
}

# tell_runtimes PATH…: slots, and the programs beside them that recorded files define; by the engine that is installed
# here, which knows the runtimes.
tell_runtimes() (
  [[ -f $lib/release.sh ]] || exit 0
  set +eu
  # shellcheck source=/dev/null
  . "$lib/release.sh"
  tell_programs "$@"
  tell_slots
  exit 0
)

tell_programs() {
  local path names
  for path; do
    [[ -f $path ]] || continue
    ask_runtimes has_programs "$path" || continue
    names=$("${REPLY}_programs_in" "$path" | tr '\n' ' ')
    tell programs "$path" "${names% }"
  done
}

tell_slots() {
  local file slot role id bad
  for file in /opt/vgen/apps/*.sh; do
    [[ -f $file ]] || continue
    (
      load_app "$(basename -- "$file" .sh)" 2>/dev/null || exit 0
      for slot in "${slots[@]}"; do
        id=$(release_of "$slot")
        [[ -n $id ]] || continue
        role=next
        [[ $(slot_at live) != "$slot" ]] || role=live
        look_at "$slot"
        if is_bad "$id"; then bad=bad; else bad=-; fi
        tell slot "$app/$slot" "$role" "$id" "$process_state" "${runtime_of[$slot]:-${runtime:-}}" "$bad" \
          "$(stale_of "$slot")" "$dir" "$live" "${port_of[$slot]:--}"
      done
    )
  done
}

tell_rest() {
  local name what paths
  [[ ! -f /etc/vgen/exposure.txt ]] || sed 's/^/exposure\t/' /etc/vgen/exposure.txt
  for name in "${programs[@]}"; do
    [[ ! -x $name ]] || tell program "$name"
  done
  for name in "${names_of_secrets[@]}"; do
    [[ ! -s $secrets/$name ]] || tell secret "$name"
  done
  for name in "${certificates[@]}"; do
    [[ ! -s $tls/$name/cert.pem || ! -s $tls/$name/key.pem ]] || tell certificate "$name"
  done
  [[ ! -s $state/pending-actions && ! -e $state/journal ]] || tell unfinished
  if [[ -f $state/stale ]]; then
    while IFS=$'\t' read -r what _ paths; do
      tell pending "$what" "$paths"
    done <"$state/stale"
  fi
}

tell_all() {
  tell whole
  render_files
  tell_record
  tell_paths
  tell_packages
  tell_users
  tell_units
  tell_runtimes "${!recorded[@]}"
  tell_rest
}

observe() {
  local depth=$1 tree=$2 is_down=no dead=''
  [[ $depth != full && $depth != changed ]] || read_questions
  tell_state
  case $depth in
    status)
      tell_status
      return 0
      ;;
    state) return 0 ;;
  esac
  [[ $depth != installed || $installed == "$tree" ]] || return 0
  read_record
  if (( ${#paths[@]} + ${#orphans[@]} > 0 )); then
    mapfile -t paths < <(printf '%s\n' "${paths[@]}" "${orphans[@]}" | sort -u)
  fi
  read_paths "${paths[@]}" "${!applied[@]}"
  read_led_to
  [[ -z $installed ]] || dead=$(dead_apps)
  tell_dead "$dead"
  if [[ -n $installed ]] && all_as_left; then
    tell asleft
    (( ${#adopted[@]} == 0 )) || tell adopted
    if [[ -n $dead ]] || ! all_up || ! slots_up; then
      is_down=yes
      tell down
    fi
    [[ $depth != changed || $installed != "$tree" || $is_due == yes || $is_down == yes || -e $state/unconfirmed ]] ||
      return 0
  fi
  [[ $depth != installed ]] || return 0
  tell_all
}

depth=$1 tree=$2
shift 2
if (( $# > 0 )); then
  take_lock "$@"
  tell locked
fi
observe "$depth" "$tree"
tell end
