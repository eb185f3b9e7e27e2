#!/usr/bin/env bash
# Made by vgen; do not edit.
# What vgen made on this host, kept in /var/lib/vgen/installed.tsv, and the removal of what it made and no longer makes.
# Columns: type, name, content (sha256 of a file, target of a link, groups of a user), triggers of its change, source
# (sha256 of a file in the tree, with placeholders where the host has secrets), "adopted" if somebody's own version was
# left in place, mode, owner, check. "-" is an empty one. Nothing that is not in the record is ever removed.
# shellcheck disable=SC2034,SC2154  # variables are shared with the other files

record=${vgen_state:?}/installed.tsv
originals=${vgen_state:?}/originals         # what was there before vgen first replaced it, e.g. a package's default
former_tree=''                              # id of the tree that was installed last
retired_files=() retired_services=()        # paths of the former record that this tree has no more
declare -A former_content=()                # path of a file or link → content
declare -A former_triggers=()               # path → what its change triggers, separated by commas
declare -A former_check=()                  # path → what judges it
declare -A former_mode=() former_owner=()   # path → as vgen left it
declare -A former_source=()                 # path → sha256 in the tree; "link" for a link
declare -A former_adopted=()                # path → yes
declare -A former_units=() former_users=() former_directories=()

read_record() {
  local kind name content triggers source adopted mode owner check
  [[ -f $record ]] || return 0
  while IFS=$'\t' read -r kind name content triggers source adopted mode owner check; do
    case $kind in
      tree) former_tree=$name ;;
      file | link)
        former_content[$name]=$content
        former_triggers[$name]=${triggers#-}
        former_check[$name]=${check#-}
        former_mode[$name]=${mode#-}
        former_owner[$name]=${owner#-}
        former_source[$name]=$source
        [[ $adopted != adopted ]] || former_adopted[$name]=yes
        ;;
      directory) former_directories[$name]=yes ;;
      unit) former_units[$name]=yes ;;
      user) former_users[$name]=${content#-} ;;
    esac
  done <"$record"
}

former_groups_of() { printf '%s' "${former_users[$1]:-}" | tr ',' ' '; }

# write_record TREE-ID
write_record() {
  local i path
  {
    printf 'tree\t%s\n' "$1"
    for i in "${!file_path[@]}"; do
      path=${file_path[i]}
      printf 'file\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$path" "${new_content[$path]:--}" "${file_triggers[i]:--}" \
        "${tree_sum[$path]}" "$(adoption "$path")" "${file_mode[i]}" "${file_owner[i]}" "${file_check[i]:--}"
    done
    for i in "${!link_path[@]}"; do
      path=${link_path[i]}
      printf 'link\t%s\t%s\t%s\tlink\t%s\n' "$path" "${new_content[$path]:-${link_target[i]}}" - "$(adoption "$path")"
    done
    for path in "${!former_directories[@]}" "${!made_directories[@]}"; do
      [[ ! -d $path ]] || printf 'directory\t%s\n' "$path"
    done
    for path in "${want_units[@]}"; do
      printf 'unit\t%s\n' "$path"
    done
    for i in "${!user_name[@]}"; do
      printf 'user\t%s\t%s\n' "${user_name[i]}" "${user_groups[i]:--}"
    done
  } | sort -u >"$record.new"
  chmod 0600 -- "$record.new"
  if cmp --silent -- "$record.new" "$record"; then
    rm -f -- "$record.new"
  else
    mv -fT -- "$record.new" "$record"
  fi
}

adoption() { if [[ -n ${left_alone[$1]:-} ]]; then printf 'adopted'; else printf -- '-'; fi; }

# find_retired: what the former record has and this tree has not, if it is still as vgen left it.
find_retired() {
  local path gone=() hashed=()
  for path in "${!former_content[@]}"; do
    [[ -z ${declared[$path]:-} ]] || continue
    [[ -e $path || -L $path ]] || continue
    gone+=("$path")
  done
  (( ${#gone[@]} > 0 )) || return 0
  # In reverse order a timer or socket comes before the service that it would start again.
  mapfile -t gone < <(printf '%s\n' "${gone[@]}" | sort -r)
  for path in "${gone[@]}"; do
    [[ ! -f $path || -L $path ]] || hashed+=("$path")
  done
  hash_files "${hashed[@]}"
  for path in "${gone[@]}"; do
    if ! as_left "$path" || [[ -n ${former_adopted[$path]:-} ]]; then
      warn "$path is no longer in the inventory, but was changed by someone else; it is kept"
    elif has_service "$path"; then
      retired_services+=("$path")
    else
      retired_files+=("$path")
    fi
  done
}

as_left() {
  if [[ -L $1 ]]; then
    [[ $(readlink -- "$1") == "${former_content[$1]}" ]]
  else
    [[ -n ${hash_of[$1]:-} && ${hash_of[$1]} == "${former_content[$1]}" ]]
  fi
}

# has_service PATH: something runs because of this file, and has to stop before it goes.
has_service() {
  [[ $1 =~ ^/etc/systemd/system/[^/]+\.(service|timer|socket|path|mount)$ || $1 == /etc/supervisor/conf.d/*.conf ]]
}

# retire_files: those nothing runs from; together with the swap, so that the checks judge what will really be there.
retire_files() {
  local path
  for path in "${retired_files[@]}"; do
    save "$path"
  done
  journal_safe
  for path in "${retired_files[@]}"; do
    remove "$path"
  done
}

# retire_services: each is stopped and disabled, then its file goes. After the checks, before anything new starts.
retire_services() {
  local path
  for path in "${retired_services[@]}"; do
    if [[ $path == /etc/systemd/* ]]; then
      stop_unit "${path##*/}"
    else
      stop_programs_of "$path"
    fi
    save "$path"
    journal_safe
    remove "$path"
  done
}

stop_unit() {
  [[ $1 != *@.* ]] || return 0      # a template; nothing runs under its own name
  journal_add stopped systemd "$1"
  systemctl disable --quiet --now -- "$1"
  change stop "$1"
}

# stop_programs_of FILE: the programs and groups that a file of supervisor defines.
stop_programs_of() {
  local name
  while read -r name; do
    journal_add stopped supervisor "$name"
    supervisor stop "$name:*" >/dev/null 2>&1 || true     # already stopped is good as well
    change stop "$name"
  done < <(sed -nE 's/^\[(program|group):([^]]+)\].*/\2/p' "$1")
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

has_original() { [[ -e $originals$1 || -L $originals$1 ]]; }

# keep_original PATH: before vgen replaces what it did not make.
keep_original() {
  [[ -e $1 || -L $1 ]] || return 0
  [[ -z ${former_content[$1]:-} ]] || return 0
  install -d -m 0700 -- "$originals${1%/*}"
  copy_whole "$1" "$originals$1" || fail 2 "the former version of $1 cannot be kept, so it is not replaced"
}

forget_originals() {
  local path
  for path in "${retired_files[@]}" "${retired_services[@]}"; do
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
    [[ " ${want_units[*]} " != *" $name "* && ! " ${retired_services[*]} " =~ /"$name " ]] || continue
    warn "$name is no longer in the inventory; it is left running (to end it: systemctl disable --now $name)"
  done
  for name in "${!former_users[@]}"; do
    for i in "${!user_name[@]}"; do
      [[ ${user_name[i]} != "$name" ]] || continue 2
    done
    warn "user $name is no longer in the inventory; it is kept (to remove it: userdel $name)"
  done
}
