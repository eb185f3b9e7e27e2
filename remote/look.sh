#!/usr/bin/env bash
# Looks at a host for "vgen plan" and "vgen drift", and changes nothing. What to look at comes on stdin, one thing a
# line; what is there goes to stdout, one thing a line, columns separated by tabs. No hash of a file that holds secrets
# leaves the host: such a file is compared here, and only "same" or "different" is told.
# shellcheck disable=SC2154  # the engine on the host sets what is read of apps
set -euo pipefail
shopt -s inherit_errexit
umask 077
export LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

state=/var/lib/vgen
lib=/opt/vgen/lib
paths=() packages=() units=() users=() programs=() secrets=() certificates=() render_path=()
declare -A asked=()             # path → yes, of those the tree is about
declare -A held=()              # path → yes, of those that hold secrets
declare -A recorded=()          # path → content as vgen left it
declare -A render_of=() hash_of=()
work=$(mktemp -d /run/vgen-look.XXXXXXXX)
trap 'rm -rf -- "$work"' EXIT

tell() { local IFS=$'\t'; printf '%s\n' "$*"; }

# read_questions: what the tree is about. "encode" is the tree's own way to put secrets into files, "render" a file to
# put them into.
read_questions() {
  local kind name rest
  while IFS=$'\t' read -r kind name rest; do
    case $kind in
      path)
        paths+=("$name")
        asked[$name]=yes
        ;;
      package) packages+=("$name") ;;
      unit) units+=("$name") ;;
      user) users+=("$name") ;;
      program) programs+=("$name") ;;
      secret) secrets+=("$name") ;;
      certificate) certificates+=("$name") ;;
      encode) base64 -d <<<"$name" >"$work/encode.sh" ;;
      render)
        render_path+=("$name")
        held[$name]=yes
        base64 -d <<<"$rest" >"$work/source.${#render_path[@]}"
        ;;
    esac
  done
}

# read_record: what vgen made here last. The hash of a file is told only if the tree has it and no secrets are in it.
read_record() {
  local kind name content rest
  [[ -f $state/installed.tsv ]] || return 0
  while IFS=$'\t' read -r kind name content rest; do
    [[ $kind != file && $kind != link ]] || recorded[$name]=$content
    case $kind in
      tree | directory | user) tell record "$kind" "$name" "$content" ;;
      unit) tell record "$kind" "$name"; units+=("$name") ;;
      file)
        [[ -n ${asked[$name]:-} && -z ${held[$name]:-} ]] || content=-
        tell record file "$name" "$content" "$rest"
        paths+=("$name")
        ;;
      link) tell record link "$name" "$content" "$rest"; paths+=("$name") ;;
    esac
  done <"$state/installed.tsv"
}

# tell_generation: the present one, and its manifest.
tell_generation() {
  local number file
  [[ -s $state/generations.tsv ]] || return 0
  number=$(tail -n 1 -- "$state/generations.tsv" | cut -f 1)
  tell generation "$number"
  file=$state/generations/$number/manifest.tsv
  [[ ! -f $file ]] || sed 's/^/applied\t/' "$file"
}

# tell_programs: what the recorded files of supervisor define, and the report of open ports.
tell_programs() {
  local path names
  for path in "${!recorded[@]}"; do
    [[ $path == /etc/supervisor/conf.d/*.conf && -f $path ]] || continue
    names=$(sed -nE 's/^\[(program|group):([^]]+)\].*/\2/p' "$path" | tr '\n' ' ')
    tell programs "$path" "${names% }"
  done
  [[ ! -f /etc/vgen/exposure.txt ]] || sed 's/^/exposure\t/' /etc/vgen/exposure.txt
}

# render_file NUMBER
render_file() (
  # shellcheck source=/dev/null
  . "$work/encode.sh"
  expand_placeholders "$work/source.$1" "$work/rendered.$1" /etc/vgen/secrets
)

render_files() {
  local i=0 path reason
  for path in "${render_path[@]}"; do
    i=$((i + 1))
    : >"$work/rendered.$i"
    if reason=$(render_file "$i" 2>&1); then
      render_of[$path]=$work/rendered.$i
    else
      reason=${reason%%$'\n'*}
      tell unrendered "$path" "${reason#"$work/source.$i:"}"
    fi
  done
}

hash_all() {
  local path line plain=()
  for path; do
    [[ ! -f $path || -L $path ]] || plain+=("$path")
  done
  (( ${#plain[@]} > 0 )) || return 0
  while IFS= read -r line; do
    hash_of[${line:66}]=${line:0:64}
  done < <(sha256sum -- "${plain[@]}")
}

# tell_paths: type, mode, owner, then the hash of a file or "same" and "different" of one that holds secrets, whether it
# is as vgen left it, and what changes whenever somebody writes to it.
tell_paths() {
  local path kind mode owner target touched content left
  (( ${#paths[@]} > 0 )) || return 0
  mapfile -t paths < <(printf '%s\n' "${paths[@]}" | sort -u)
  hash_all "${paths[@]}" "${render_of[@]}"
  while IFS=$'\t' read -r path kind mode owner touched target; do
    content=-
    left=-
    case $kind in
      l)
        content=$target
        [[ -z ${recorded[$path]:-} ]] || left=$([[ $target == "${recorded[$path]}" ]] && echo yes || echo no)
        ;;
      f)
        content=${hash_of[$path]:-}
        [[ -z ${recorded[$path]:-} ]] || left=$([[ $content == "${recorded[$path]}" ]] && echo yes || echo no)
        if [[ -n ${held[$path]:-} ]]; then
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
  done < <(find "${paths[@]}" -maxdepth 0 -printf '%p\t%y\t%m\t%u:%g\t%i.%s.%C@\t%l\n' 2>/dev/null || true)
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
    tell user "$name" "$(cut -d: -f6,7 <<<"$entry")" "$(id -nG -- "$name" | tr ' ' ,)"
  done
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
  if [[ -f $state/pending ]]; then
    while IFS=$'\t' read -r what instance paths; do
      [[ $what != "$app/$1" || $instance != "$(slot_instance "$1")" ]] || printf '%s' "$paths"
    done <"$state/pending"
  fi
}

# tell_slots: by the engine that is installed here, which knows the runtimes.
tell_slots() (
  [[ -f $lib/action.sh ]] || exit 0
  set +eu
  # shellcheck source=/dev/null
  . "$lib/action.sh"
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
        tell slot "$app/$slot" "$role" "$id" "$process_state" "$runtime" "$bad" "$(stale_of "$slot")"
      done
    )
  done
  exit 0
)

tell_rest() {
  local name what paths
  for name in "${programs[@]}"; do
    [[ ! -x $name ]] || tell program "$name"
  done
  for name in "${secrets[@]}"; do
    [[ ! -s /etc/vgen/secrets/$name ]] || tell secret "$name"
  done
  for name in "${certificates[@]}"; do
    [[ ! -s /etc/vgen/tls/$name/cert.pem || ! -s /etc/vgen/tls/$name/key.pem ]] || tell certificate "$name"
  done
  [[ ! -s $state/owed && ! -e $state/journal ]] || tell unfinished
  if [[ -f $state/pending ]]; then
    while IFS=$'\t' read -r what _ paths; do
      tell pending "$what" "$paths"
    done <"$state/pending"
  fi
}

read_questions
[[ ! -f $state/host ]] || tell host "$(<"$state/host")"
read_record
tell_generation
tell_programs
render_files
tell_paths
tell_packages
tell_users
tell_units
tell_slots
tell_rest
tell end
