#!/usr/bin/env bash
# Releases: what is deployed becomes a directory in /opt/APP/releases that belongs to root and never changes again.
# The list of them, in the order they came, is /var/lib/vgen/apps/APP/releases: time, id, sha256 of what was deployed.

release_id=''                   # of the last make_release
unfinished_release=''           # a directory that is removed if the script ends before it is a release

# make_release ARTIFACT ID SLOT: for that slot. ID may be empty, then it is made of the time and the content.
make_release() {
  local artifact=$1 sum
  sum=$(digest_of "$artifact")
  release_id=${2:-$(date -u +%Y%m%dT%H%M%SZ)-${sum:0:8}}
  [[ $release_id =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$ ]] || fail 2 "\"$release_id\" is not a release id"
  if is_here "$sum"; then return 0; fi
  unfinished_release=$(mktemp -d -- "$dir/releases/.new.XXXXXX")
  if has_own "$3" place; then
    of_runtime "$3" place "$artifact" "$unfinished_release"
  else
    place_files "$artifact" "$unfinished_release"
  fi
  # many files: their file system as a whole is quicker
  sync -f -- "$unfinished_release"
  install -d -m 0700 -- "$app_state"
  take_unlisted
  printf '%s\t%s\t%s\n' "$(time_now)" "$release_id" "$sum" >>"$app_state/releases"
  on_disk "$app_state/releases" "$app_state"
  [[ -z $unfinished_release ]] || mv -T -- "$unfinished_release" "$dir/releases/$release_id"
  unfinished_release=''
  on_disk "$dir/releases"
}

# is_here SUM: the release is, made of what has this digest.
is_here() {
  local listed
  [[ -e ${dir:?}/releases/$release_id ]] || return 1
  listed=$(sum_of "$release_id")
  [[ -n $listed ]] || return 1
  [[ $listed == "$1" ]] || fail 1 "release $release_id is here already, with other content"
  note "release $release_id is here already"
}

# take_unlisted: a directory of this name that is on no list was left by a power loss. It is the release if it is the
# same as the one that was just made; else it makes way, unless it is live.
take_unlisted() {
  local unlisted=$dir/releases/$release_id
  [[ -e $unlisted ]] || return 0
  if [[ $(digest_of "$unlisted") == "$(digest_of "$unfinished_release")" ]]; then
    rm -rf -- "${unfinished_release:?}"
    unfinished_release=''
    note "release $release_id is here already"
    return 0
  fi
  [[ $(release_of "$(slot_at live)") != "$release_id" ]] ||
    fail 1 "release $release_id is here already, with other content, and it is live"
  rm -rf -- "${unlisted:?}"
}

# unfinished_releases: how many scripts that were killed have left, one of a deploy that is under way among them.
unfinished_releases() {
  local all=("${dir:?}/releases"/.new.*)
  [[ -e ${all[0]} ]] || all=()
  printf '%s' "${#all[@]}"
}

# place_files ARTIFACT DIRECTORY: a release of files.
place_files() {
  unpack "$1" "$2"
  check_release "$2"
}

# digest_of ARTIFACT: sha256 of a file; of a directory that of all names, modes, targets and contents in it.
digest_of() {
  if [[ -f $1 ]]; then
    sha256sum <"$1" | cut -c 1-64
  elif [[ -d $1 ]]; then
    (
      cd -- "$1" || exit
      # one record per entry, so that a mode or a target belongs to its name; a name has no "/" at its end
      find . -type f -printf '%P//%m\0' -o -printf '%P//%y//%l\0' | sort -z
      find . -type f -print0 | sort -z | xargs -0 --no-run-if-empty sha256sum --
    ) | sha256sum | cut -c 1-64
  else
    fail 2 "$1 is not there"
  fi
}

sum_of() { awk -F '\t' -v id="$1" '$2 == id { sum = $3 } END { print sum }' "$app_state/releases" 2>/dev/null || true; }

# unpack ARTIFACT DIRECTORY
unpack() {
  if [[ -d $1 ]]; then
    cp -R --no-dereference --preserve=mode,timestamps,links -- "$1/." "$2"
    return
  fi
  case $1 in
    *.tar) unpack_tar "$1" "$2" ;;
    *.tar.gz | *.tgz) unpack_tar "$1" "$2" --gzip ;;
    *.tar.zst)
      [[ -n $(type -P zstd) ]] || fail 2 "zstd is not installed here, so $1 cannot be unpacked"
      unpack_tar "$1" "$2" --zstd
      ;;
    *)
      [[ -n ${binary?} ]] ||
        fail 1 "$1 is neither a directory nor a .tar, .tar.gz or .tar.zst, and ${app:?} has no \"binary\""
      install -m 0755 -T -- "$1" "$2/$binary"
      ;;
  esac
}

# unpack_tar FILE DIRECTORY [OPTION]: refuses names that leave the directory before it unpacks anything.
unpack_tar() {
  local names
  names=$(tar --list --quoting-style=escape "${@:3}" --file "$1" 2>&1) || fail 1 "$1 cannot be read: ${names##*$'\n'}"
  names=$(tar --list --absolute-names --quoting-style=escape "${@:3}" --file "$1")
  if names=$(grep -E -m 1 '^/|(^|/)\.\.(/|$)' <<<"$names"); then
    fail 1 "$1 has a name that leaves the release: $names"
  fi
  tar --extract --no-same-owner --no-same-permissions "${@:3}" --file "$1" --directory "$2" ||
    fail 1 "$1 cannot be unpacked"
}

# check_release DIRECTORY: it is for root to change and for all to read, has nothing but files, directories and links
# that stay inside, and its program can run on this machine.
check_release() {
  local found target
  found=$(find "$1" -mindepth 1 ! -type f ! -type d ! -type l -print -quit)
  [[ -z $found ]] || fail 1 "${found#"$1"/} is neither a file nor a directory nor a link"
  [[ -n $(find "$1" -mindepth 1 -print -quit) ]] || fail 1 'the release is empty'
  while IFS= read -r -d '' found; do
    target=$(readlink -- "$found")
    [[ $target != /* && $(realpath --canonicalize-missing -- "$found") == "$1"/* ]] ||
      fail 1 "${found#"$1"/} is a link that leaves the release: $target"
  done < <(find "$1" -type l -print0)
  chown -R --no-dereference root:root -- "$1"
  chmod -R u=rwX,go=rX,ug-s,a-t -- "$1"
  [[ -z ${binary?} ]] || check_program "$1/$binary"
}

# check_program FILE: an ELF file for this machine, or a script whose interpreter is here.
check_program() {
  local head loader line
  [[ -f $1 && -x $1 ]] || fail 1 "the release has no executable $binary"
  head=$(od --address-radix=n --format=x1 --read-bytes=20 -- "$1" | tr -d ' \n')
  if [[ $head == 7f454c46* ]]; then
    [[ ${head:36:2} == "$(elf_machine)" ]] || fail 1 "$binary is for another kind of machine than $(uname -m)"
    loader=$(head --bytes=4096 -- "$1" | grep -aoE -m 1 '/lib[A-Za-z0-9/_-]*/ld-[A-Za-z0-9._-]+' || true)
    [[ -z $loader || -e $loader ]] || fail 1 "$binary needs $loader, which is not here; link it statically"
  elif [[ $head == 2321* ]]; then
    IFS= read -r line <"$1" || true
    read -r line _ <<<"${line#\#!}"
    [[ -x $line ]] || fail 1 "$binary needs $line, which is not here"
  else
    fail 1 "$binary is neither a program for Linux nor a script"
  fi
}

# elf_machine: the byte by which ELF names this machine.
elf_machine() {
  case $(uname -m) in
    x86_64) printf '3e' ;;
    aarch64) printf 'b7' ;;
    armv*) printf '28' ;;
    i?86) printf '03' ;;
    riscv64) printf 'f3' ;;
    ppc64le) printf '15' ;;
    *) printf 'unknown' ;;
  esac
}

# remove_old_releases: all but the newest ${keep}, those the slots point at and the one a rollback would take. Bad ones
# do not count, so that a row of failed deploys does not push out what once worked.
remove_old_releases() {
  local id count=0 stay='' needed
  needed=" $(release_of "${slots[0]}") $(release_of "${slots[1]}") $(good_before "$(release_of "$(slot_at live)")") "
  while IFS=$'\t' read -r _ id _; do
    [[ $stay != *" $id "* && -d ${dir:?}/releases/${id:?} ]] || continue
    is_bad "$id" || count=$((count + 1))
    if [[ $needed == *" $id "* ]] || { (( count <= ${keep:?} )) && ! is_bad "$id"; }; then
      stay+=" $id "
      continue
    fi
    rm -rf -- "${dir:?}/releases/${id:?}"
    unmark_bad "$id"
    change remove "$dir/releases/$id"
  done < <(tac -- "$app_state/releases")
  awk -F '\t' -v stay="$stay" 'index(stay, " " $2 " ")' "$app_state/releases" >"$app_state/releases.new"
  on_disk "$app_state/releases.new"
  mv -fT -- "$app_state/releases.new" "$app_state/releases"
}
