#!/usr/bin/env bash
# What vgen made on this host, kept in /var/lib/vgen/installed.tsv, and the removal of what it made and no longer makes.
# Columns: type, name, content (sha256 of a file, target of a link, groups of a user), triggers of its change, source
# (sha256 of a file in the tree, with placeholders where the host has secrets), "adopted" if a local edit was
# left in place, mode, owner, check, slot to which it belongs. "-" is an empty one. Nothing that is not in the record is
# ever removed. "waiting PATH APP/SLOT" is a file of a slot that was live: its new version, or its removal, waits until
# that slot is not live any more.

record=${vgen_state:?}/installed.tsv
originals=${vgen_state:?}/originals         # what was there before vgen first replaced it, e.g. a package's default
former_tree=''                              # id of the tree that was installed last
declare -gA former_content=()                # path of a file or link → content
declare -gA former_kind=()                   # path → file or link
declare -gA former_triggers=()               # path → what its change triggers, separated by commas
declare -gA former_check=()                  # path → what judges it
declare -gA former_mode=() former_owner=()   # path → as vgen left it
declare -gA former_source=()                 # path → sha256 in the tree; "link" for a link
declare -gA former_adopted=()                # path → yes
declare -gA former_slot=()                   # path → APP/SLOT, of a file that belongs to a slot
declare -gA former_waiting=()                # path → APP/SLOT, of a file whose change waits for that slot
declare -gA former_units=() former_users=() former_directories=()

read_record() {
  local kind name content triggers source adopted mode owner check slot
  [[ -f $record ]] || return 0
  while IFS=$'\t' read -r kind name content triggers source adopted mode owner check slot; do
    case $kind in
      tree) former_tree=$name ;;
      file | link)
        former_content[$name]=$content
        former_kind[$name]=$kind
        former_triggers[$name]=${triggers#-}
        former_check[$name]=${check#-}
        former_mode[$name]=${mode#-}
        former_owner[$name]=${owner#-}
        former_source[$name]=$source
        former_slot[$name]=${slot#-}
        [[ $adopted != adopted ]] || former_adopted[$name]=yes
        ;;
      waiting) former_waiting[$name]=$content ;;
      directory) former_directories[$name]=yes ;;
      unit) former_units[$name]=yes ;;
      user) former_users[$name]=${content#-} ;;
    esac
  done <"$record"
}

# waiting_paths APP/SLOT: those whose new versions wait until it is not live any more, separated by spaces.
waiting_paths() {
  [[ ! -f $record ]] || awk -F '\t' -v slot="$1" '$1 == "waiting" && $3 == slot { print $2 }' "$record" |
    paste -s -d ' '
}

# released_slots: APP/SLOT of those whose files waited and that are not live any more, one per line.
released_slots() (
  read_record
  for slot in $(sorted "${former_waiting[@]}" | uniq); do
    [[ -f $vgen_apps/${slot%%/*}.sh ]] || continue
    load_app "${slot%%/*}"
    [[ $(slot_at live) == "${slot#*/}" ]] || printf '%s\n' "$slot"
  done
)

former_groups_of() { printf '%s' "${former_users[$1]:-}" | tr ',' ' '; }

# as_left PATH: content or target, mode and owner are as vgen left them. hash_files and read_metadata know the path.
as_left() {
  has_content_as_left "$1" || return 1
  [[ -L $1 || -z ${former_mode[$1]:-} ]] || same_metadata "$1" "${former_mode[$1]}" "${former_owner[$1]}"
}

# has_content_as_left PATH: another mode or owner alone is nobody's work to lose; an install sets it right again.
has_content_as_left() {
  if [[ -L $1 ]]; then
    # a link whose target spells the digest of the file that it replaced is none of vgen's
    [[ ${former_kind[$1]} == link || -n ${former_adopted[$1]:-} ]] &&
      [[ $(readlink -- "$1") == "${former_content[$1]}" ]]
  else
    [[ -n ${hash_of[$1]:-} && ${hash_of[$1]} == "${former_content[$1]}" ]]
  fi
}

# content_of PATH: the target of a link, the sha256 of a file that hash_files knows.
content_of() { if [[ -L $1 ]]; then readlink -- "$1"; else printf '%s' "${hash_of[$1]:-}"; fi; }

has_original() { [[ -e $originals$1 || -L $originals$1 ]]; }

# keep_original PATH: before vgen replaces what it did not make.
keep_original() {
  [[ -e $1 || -L $1 ]] || return 0
  [[ -z ${former_content[$1]:-} ]] || return 0
  install -d -m 0700 -- "$originals${1%/*}"
  copy_whole "$1" "$originals$1" || fail 2 "the former version of $1 cannot be kept, so it is not replaced"
}
