#!/usr/bin/env bash
# What lies at paths: content, mode, owner, mount; and copies that are whole or not there at all.

declare -gA hash_of=()           # any path → sha256
declare -gA metadata_of=()       # path → "MODE OWNER:GROUP"
declare -gA mount_of=()          # directory → where its file system is mounted

# hash_files PATH…: one run of sha256sum for all; what is no plain file has no hash.
hash_files() {
  local path line plain=()
  for path; do
    [[ ! -f $path || -L $path ]] || plain+=("$path")
  done
  (( ${#plain[@]} > 0 )) || return 0
  while IFS= read -r line; do
    hash_of[${line:66}]=${line:0:64}
  done < <(sha256sum -- "${plain[@]}" 2>/dev/null)
}

read_metadata() {
  local mode owner path
  (( $# > 0 )) || return 0
  while read -r mode owner path; do
    metadata_of[$path]="$mode $owner"
  done < <(stat --dereference --format '%a %U:%G %n' -- "$@" 2>/dev/null || true)
}

same_metadata() {
  local is=${metadata_of[$1]:-}
  [[ -n $is && ${is#* } == "$3" ]] && (( 8#${is% *} == 8#$2 ))
}

find_mount() {
  [[ -n ${mount_of[$1]+known} ]] ||
    mount_of[$1]=$(findmnt --noheadings --first-only --output TARGET --target "$1" 2>/dev/null || true)
  REPLY=${mount_of[$1]}
}

# on_disk PATH…: these files, and the names in these directories, are on the disk from here on (fsync(2)), so that a
# power loss takes back nothing of what is promised next. What is not there is left out.
on_disk() {
  local path there=()
  for path; do
    [[ ! -e $path ]] || there+=("$path")
  done
  (( ${#there[@]} == 0 )) || sync -- "${there[@]}"
}

# beside PATH: a hidden name in the same directory, hence on the same file system and outside every *.conf.
beside() { printf '%s/.%s.vgen-new' "${1%/*}" "${1##*/}"; }

# copy_whole FROM TO: all of it or nothing, also where the disk is full or this is killed; half a copy would be put back
# as if it were the former version.
copy_whole() {
  local new
  new=$(beside "$2")
  rm -rf -- "${new:?}"
  if cp -aT -- "$1" "$new" && mv -fT -- "$new" "$2"; then
    return 0
  fi
  rm -rf -- "${new:?}"
  return 1
}

# replace_with SAVED PATH: in one step, so that nobody ever finds PATH missing or half written.
replace_with() {
  # A full disk must not keep the former version from coming back; moving it needs no room.
  copy_whole "$1" "$2" || mv -fT -- "$1" "$2"
}

# point LINK TARGET: in one step, there is never a moment without the link.
point() {
  local new
  new=$(beside "$1")
  rm -f -- "$new"
  ln -s -- "$2" "$new"
  mv -fT -- "$new" "$1"
}
