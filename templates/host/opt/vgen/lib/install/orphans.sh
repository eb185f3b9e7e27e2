#!/usr/bin/env bash
# Orphaned paths: the record has them and the tree has not. What vgen made goes, what was there before comes back.

orphaned_files=() orphaned_services=()      # paths of the former record that this tree has no more

# find_orphans: what the former record has and this tree has not, if it is still as vgen left it.
find_orphans() {
  local path gone=() hashed=()
  for path in "${!former_content[@]}"; do
    [[ -z ${declared[$path]:-} ]] || continue
    [[ -e $path || -L $path ]] || continue
    if slot_that_needs "$path"; then
      waiting[$path]=$REPLY
    else
      gone+=("$path")
    fi
  done
  (( ${#gone[@]} > 0 )) || return 0
  require_parents "${gone[@]}"
  # In reverse order a timer or socket comes before the service that it would start again.
  mapfile -t gone < <(printf '%s\n' "${gone[@]}" | sort -r)
  for path in "${gone[@]}"; do
    [[ ! -f $path || -L $path ]] || hashed+=("$path")
  done
  hash_files "${hashed[@]}"
  for path in "${gone[@]}"; do
    if ! has_content_as_left "$path" || [[ -n ${former_adopted[$path]:-} ]]; then
      warn "$path is no longer in the inventory, but was changed by someone else; it is kept"
    elif has_service "$path"; then
      orphaned_services+=("$path")
    else
      orphaned_files+=("$path")
    fi
  done
}

# has_service PATH: something runs because of this file, and has to stop before it goes.
has_service() {
  [[ $1 =~ ^/etc/systemd/system/[^/]+\.(service|timer|socket|path|mount)$ ]] || ask_runtimes has_programs "$1"
}

# remove_orphaned_files: those nothing runs from; together with the swap, so that the checks judge the final state.
remove_orphaned_files() {
  local path
  for path in "${orphaned_files[@]}"; do
    save "$path"
  done
  journal_safe
  for path in "${orphaned_files[@]}"; do
    remove "$path"
  done
}

# remove_orphaned_services: each is stopped and disabled, then its file goes; after the checks, before any start.
remove_orphaned_services() {
  local path
  for path in "${orphaned_services[@]}"; do
    if [[ $path == /etc/systemd/* ]]; then
      stop_unit "${path##*/}"
    else
      ask_runtimes has_programs "$path"
      "${REPLY}_stop_programs" "$path"
    fi
    save "$path"
    journal_safe
    remove "$path"
  done
}

stop_unit() {
  [[ $1 != *@.* ]] || return 0      # a template; nothing runs under its name
  journal_add stopped systemd "$1"
  systemctl disable --quiet --now -- "$1"
  change stop "$1"
}

# remove PATH: what vgen made goes; what was there before vgen comes back.
remove() {
  if has_original "$1"; then
    replace_with "$originals$1" "$1"
    change restore "$1"
  else
    rm -f -- "$1"
    change remove "$1"
  fi
}

forget_originals() {
  local path
  for path in "${orphaned_files[@]}" "${orphaned_services[@]}"; do
    rm -rf -- "${originals:?}$path"
  done
}

# remove_directories: those vgen made, that nothing declares any more and that are empty; the deepest first.
remove_directories() {
  local path
  while read -r path; do
    [[ -n $path && -z ${declared[$path]:-} && -d $path && ! -L $path ]] || continue
    [[ -z $(find "$path" -mindepth 1 -maxdepth 1 -print -quit) ]] || continue
    rmdir -- "$path"
    change remove "$path/"
  done < <(printf '%s\n' "${!former_directories[@]}" | sort -r)
}

# tell_left_alone: what vgen no longer looks after and does not end by itself.
tell_left_alone() {
  local name i
  for name in "${!former_units[@]}"; do
    [[ " ${want_units[*]} " != *" $name "* && ! " ${orphaned_services[*]} " =~ /"$name " ]] || continue
    warn "$name is no longer in the inventory; it is left running (to end it: systemctl disable --now $name)"
  done
  for name in "${!former_users[@]}"; do
    for i in "${!user_name[@]}"; do
      [[ ${user_name[i]} != "$name" ]] || continue 2
    done
    warn "user $name is no longer in the inventory; it is kept (to remove it: userdel $name)"
  done
}
