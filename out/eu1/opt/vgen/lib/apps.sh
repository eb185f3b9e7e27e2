#!/usr/bin/env bash
# Made by vgen; do not edit.
# An app on this host: its generated data, which slot is live and which is next, what was live before, which releases
# proved bad. After load_app the data has the names that /opt/vgen/apps/APP.sh gives it (dir, user, live, next …); so no
# function anywhere may have locals of those names.
# shellcheck disable=SC2034,SC2154  # variables are shared with the other files

declare -A unit_of=() port_of=()      # slot → its unit, its port
finished_action=''                    # what a killed script had begun and this one completed

# load_app NAME
load_app() {
  local file=$vgen_apps/$1.sh i
  [[ $1 =~ ^[a-z][a-z0-9_-]{0,62}$ && -f $file ]] || fail 2 "no app \"$1\" on this host; known: $(known_apps)"
  app='' dir='' user='' runtime='' slots=() units=() ports=() binary='' health='' live='' next='' served=''
  health_seconds=30 steady_seconds=3 drain_seconds=30 keep=5
  # shellcheck source=/dev/null
  . "$file"
  [[ ${app:?} == "$1" && ${dir:?} == /*/* && ${runtime:?} =~ ^(pm2|supervisor|systemd)$ && ${#slots[@]} == 2 ]] ||
    fail 2 "$file is not the data of app \"$1\""
  for i in 0 1; do
    unit_of[${slots[i]}]=${units[i]:?}
    port_of[${slots[i]}]=${ports[i]:?}
  done
  app_state=${vgen_state:?}/apps/$app
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

# release_of SLOT: the id of its release; nothing if there is none.
release_of() {
  [[ -L ${dir:?}/${1:?}/release && -d $dir/$1/release ]] || return 0
  (cd -P -- "$dir/$1/release" && printf '%s' "${PWD##*/}")
}

# point LINK TARGET: in one step, there is never a moment without the link.
point() {
  local new
  new=$(beside "$1")
  rm -f -- "$new"
  ln -s -- "$2" "$new"
  mv -fT -- "$new" "$1"
}

# repair_pair: live and next name the two slots, one each. They do not when a machine stopped between two renames; live
# is what is served, so next follows it.
repair_pair() {
  local is_live is_next
  rm -f -- "$(beside "$dir/live")" "$(beside "$dir/next")"      # of one that died before the rename
  is_live=$(slot_at live)
  is_next=$(slot_at next)
  if [[ -z $is_live ]]; then
    [[ -d $dir ]] || fail 2 "$dir is not there; run install.sh first"
    is_live=$(last_live_slot)
    point "$dir/live" "${is_live:=${slots[0]}}"
    note "$app: live named no slot; it is $is_live now"
  fi
  if [[ $is_next != "$(other_slot "$is_live")" ]]; then
    point "$dir/next" "$(other_slot "$is_live")"
    note "$app: next is $(other_slot "$is_live") again, since live is $is_live"
  fi
  finish_cut_switch
}

# finish_cut_switch: a script that died while it switched left this file; what became live is written down after all.
finish_cut_switch() {
  local action left slot
  [[ -e $app_state/switching ]] || return 0
  IFS=$'\t' read -r action left <"$app_state/switching" || action=switch
  slot=$(slot_at live)
  if [[ $(last_live_slot) != "$slot" && -n $(release_of "$slot") ]]; then
    remember_live "$action" "$slot" "$(release_of "$slot")"
    note "$app: the last $action was cut short before it was proven; live is $slot"
  fi
  if [[ $action == rollback && -n $left && $(release_of "$slot") != "$left" ]]; then
    mark_bad "$left" 'rolled back'
    finished_action=rollback
  fi
  rm -f -- "$app_state/switching"
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
