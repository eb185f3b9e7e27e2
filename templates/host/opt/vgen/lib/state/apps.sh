#!/usr/bin/env bash
# An app on this host: its generated data, which slot is live and which is next, what was live before, which releases
# proved bad. After load_app the data has the names that /opt/vgen/apps/APP.sh gives it (dir, user, live, next …); so
# no function anywhere may have locals of those names.

declare -gA unit_of=() port_of=()      # slot → its unit, its port
declare -gA runtime_of=() health_of=()  # slot → its runtime, the path that it answers when it is healthy
finished_action=''                    # what a killed script had begun and this one completed

# load_app NAME
load_app() {
  local file=$vgen_apps/$1.sh name
  [[ $1 =~ ^[a-z][a-z0-9_-]{0,62}$ && -f $file ]] || fail 2 "no app \"$1\" on this host; known: $(known_apps)"
  # shellcheck disable=SC2034  # user and live are read by their names' names
  app='' dir='' user='' slots=() binary='' live='' next='' served=''
  health_seconds=30 steady_seconds=3 drain_seconds=30 keep=5
  units=() ports=() runtime='' health=''
  # shellcheck source=/dev/null
  . "$file"
  [[ ${app:?} == "$1" && ${dir:?} == /*/* && ${#slots[@]} == 2 ]] || fail 2 "$file is not the data of app \"$1\""
  for name in "${slots[@]}"; do
    load_slot "$name"
  done
  app_state=${vgen_state:?}/apps/$app
}

# load_slot SLOT: what changes with the slot, and is another one's for each of them while one is live.
load_slot() {
  local file=$vgen_apps/$app/$1.sh
  slot_unit='' slot_port='' slot_runtime='' slot_health=''
  if [[ -f $file ]]; then
    # shellcheck source=/dev/null
    . "$file"
  else
    former_slot_data "$1" || fail 2 "$file is not there; run install.sh first"
  fi
  [[ -n $slot_unit && $slot_port =~ ^[0-9]+$ && $slot_runtime =~ ^[a-z][a-z0-9-]*$ ]] ||
    fail 2 "$file is not the data of slot $1 of app \"$app\""
  unit_of[$1]=$slot_unit port_of[$1]=$slot_port runtime_of[$1]=$slot_runtime health_of[$1]=$slot_health
}

# former_slot_data SLOT: as earlier engines have it, of both slots in the app's file; 1 if that does not have it.
former_slot_data() {
  local i
  for i in "${!units[@]}"; do
    [[ ${slots[i]} != "$1" ]] || slot_unit=${units[i]} slot_port=${ports[i]} slot_runtime=$runtime slot_health=$health
  done
  [[ -n $slot_unit ]]
}

known_apps() {
  local file names=()
  for file in "$vgen_apps"/*.sh; do
    [[ ! -f $file ]] || names+=("$(basename -- "$file" .sh)")
  done
  printf '%s' "${names[*]:-none}"
}

# slot_at live|next: the slot that the link names; nothing if it names none.
slot_at() {
  local slot
  [[ -L ${dir:?}/$1 ]] || return 0
  for slot in "${slots[@]}"; do
    [[ ! $dir/$1 -ef $dir/$slot ]] || printf '%s' "$slot"
  done
}

other_slot() {
  if [[ $1 == "${slots[0]}" ]]; then printf '%s' "${slots[1]}"; else printf '%s' "${slots[0]}"; fi
}

# remember_live ACTION SLOT RELEASE: one line of history; time, action, slot, release.
remember_live() {
  install -d -m 0700 -- "$app_state"
  printf '%s\t%s\t%s\t%s\n' "$(time_now)" "$@" >>"$app_state/history"
}

# last_live_slot: of the last line of history; nothing if nothing was live yet.
last_live_slot() {
  [[ ! -s $app_state/history ]] || tail -n 1 -- "$app_state/history" | cut -f 3
}

# good_before RELEASE: the last one before it that was live, is still here and is not marked bad.
good_before() {
  local id
  [[ -s $app_state/history ]] || return 0
  while IFS=$'\t' read -r _ _ _ id; do
    [[ $id == "$1" || ! -d $dir/releases/$id || -e $app_state/bad/$id ]] || break
    id=''
  done < <(tac -- "$app_state/history")
  printf '%s' "$id"
}

# mark_bad RELEASE REASON
mark_bad() {
  install -d -m 0700 -- "$app_state/bad"
  printf '%s\n' "$2" >"$app_state/bad/${1:?}"
}

unmark_bad() { rm -f -- "$app_state/bad/${1:?}"; }

is_bad() { [[ -e $app_state/bad/${1:?} ]]; }

# release_of_link SLOT: the id of the release that its link names; nothing if there is none.
release_of_link() {
  [[ -L ${dir:?}/${1:?}/release && -d $dir/$1/release ]] || return 0
  (cd -P -- "$dir/$1/release" && printf '%s' "${PWD##*/}")
}
