#!/usr/bin/env bash
# Files, links and directories: made ready aside, compared with what is there, and put in place by rename.

staging=${vgen_state:?}/staging
changed_files=() changed_links=() new_links=()   # indexes into the arrays of manifest.sh
declare -gA staged=()            # path → the new version, ready to be renamed
declare -gA new_content=()       # path → sha256 of the new version of a file; content of what is left alone
declare -gA tree_sum=()          # path → sha256 of a file in the tree
declare -gA made_directories=()  # path → yes, for those this run made

# check_tree: all that the manifest lists came along, and is what SHA256SUMS says; a file can stay behind when a tree is
# sent over an older one with the same sizes and times. Nothing has been touched yet.
check_tree() {
  local path line listed=("${file_path[@]}" /install.sh /manifest.tsv) lacking=() wrong=()
  hash_files "${listed[@]/#/$tree}"
  while IFS= read -r line; do
    tree_sum[/${line:66}]=${line:0:64}
  done <"$tree/SHA256SUMS"
  for path in "${listed[@]}"; do
    if [[ -z ${hash_of[$tree$path]:-} ]]; then
      lacking+=("$path")
    elif [[ ${hash_of[$tree$path]} != "${tree_sum[$path]:-}" ]]; then
      wrong+=("$path")
    fi
  done
  (( ${#lacking[@]} == 0 )) || fail 2 "this tree is not complete; it lacks ${lacking[*]}"
  (( ${#wrong[@]} == 0 )) || fail 2 "this tree is not what its SHA256SUMS says: ${wrong[*]}; send it again"
}

make_directories() {
  local i path
  read_metadata "${directory_path[@]}"
  read_access "${directory_path[@]}"
  for i in "${!directory_path[@]}"; do
    path=${directory_path[i]}
    require_roots "${path%/*}"
    if [[ ! -d $path ]]; then
      make_parents "$path"
      make_directory "${directory_mode[i]}" "${directory_owner[i]}" "$path"
    elif ! same_metadata "$path" "${directory_mode[i]}" "${directory_owner[i]}"; then
      journal_add mode "$path" "${metadata_of[$path]% *}" "${metadata_of[$path]#* }"
      set_directory "${directory_mode[i]}" "${directory_owner[i]}" "$path"
    fi
  done
  require_parents "${file_path[@]}" "${link_path[@]}" "${first_link_path[@]}"
  for path in "${file_path[@]}" "${link_path[@]}" "${first_link_path[@]}"; do
    make_parents "$path"
  done
}

# make_parents PATH: the directories above it, for everyone to read.
make_parents() {
  local parent=${1%/*}
  [[ -n $parent && ! -d $parent ]] || return 0
  make_parents "$parent"
  make_directory 0755 root:root "$parent"
}

make_directory() {
  [[ ! -e $3 && ! -L $3 ]] || fail 2 "$3 shall be a directory, but something else is there"
  journal_add made "$3"
  mkdir -m 0700 -- "$3"
  made_directories[$3]=yes
  set_directory "$@"
}

set_directory() {
  [[ ! -L $3 || $(stat -c %u -- "$3") == 0 ]] || fail 2 "$3 shall be a directory, but somebody made a link of it"
  chown -- "$2" "$3" || fail 2 "$3 cannot belong to $2"
  chmod -- "0$1" "$3"        # with fewer than five digits a setgid bit would stay (GNU coreutils, "Directory Setuid")
  access_of[$3]=''
  change directory "$3"
}

# stage_files: everything that differs is ready, with its mode and owner, before anything is replaced.
stage_files() {
  local i source rendered=()
  local -A source_of=()
  rm -rf -- "${staging:?}"
  mkdir -m 0700 -- "$staging"
  for i in "${!file_path[@]}"; do
    [[ -z ${left_alone[${file_path[i]}]:-} ]] || continue
    source=$tree${file_path[i]}
    if [[ -n ${file_secrets[i]} ]]; then
      source=$staging/secret.$i
      fill_secrets "$tree${file_path[i]}" "$source" "${file_path[i]}"
      rendered+=("$source")
    fi
    source_of[${file_path[i]}]=$source
  done
  hash_files "${rendered[@]}" "${file_path[@]}"
  read_metadata "${file_path[@]}"
  for i in "${!file_path[@]}"; do
    source=${source_of[${file_path[i]}]:-}
    if [[ -z $source ]]; then
      new_content[${file_path[i]}]=$(content_of "${file_path[i]}")
      continue
    fi
    new_content[${file_path[i]}]=${hash_of[$source]}
    if waits_for_switch "$i"; then
      waiting[${file_path[i]}]=${file_slot[i]}
    else
      same_file "$i" || stage_file "$i" "$source"
    fi
  done
  stage_links
}

fill_secrets() {
  local reason
  install -m 0600 -T -- /dev/null "$2"
  reason=$(expand_placeholders "$1" "$2" "$vgen_secrets" 2>&1) || fail 2 "$3: $reason"
}

same_file() {
  local path=${file_path[$1]}
  [[ -f $path && ! -L $path && ${hash_of[$path]:-} == "${new_content[$path]}" ]] &&
    same_metadata "$path" "${file_mode[$1]}" "${file_owner[$1]}"
}

stage_file() {
  local path=${file_path[$1]} new owner=${file_owner[$1]}
  [[ ! -d $path || -L $path ]] || fail 2 "$path shall be a file, but a directory is there"
  new=$(staging_name "$path" "$1")
  staged[$path]=$new      # before it is there: discard_staged removes it also if it could not be written
  # Owner and mode first, on the empty file: nobody who must not read it can have it open when the content comes.
  install -m "${file_mode[$1]}" -o "${owner%:*}" -g "${owner#*:}" -T -- /dev/null "$new" ||
    fail 2 "$path cannot belong to $owner"
  cat -- "$2" >"$new" || fail 2 "$path cannot be made ready"
  changed_files+=("$1")
}

stage_links() {
  local i path new
  for i in "${!link_path[@]}"; do
    path=${link_path[i]}
    if [[ -n ${left_alone[$path]:-} ]]; then
      new_content[$path]=$(content_of "$path")
      continue
    fi
    [[ ! -L $path || $(readlink -- "$path") != "${link_target[i]}" ]] || continue
    [[ ! -d $path || -L $path ]] || fail 2 "$path shall be a link, but a directory is there"
    new=$(staging_name "$path" "link.$i")
    rm -f -- "$new"
    ln -s -- "${link_target[i]}" "$new"
    staged[$path]=$new
    changed_links+=("$i")
  done
  for i in "${!first_link_path[@]}"; do
    path=${first_link_path[i]}
    [[ -e $path || -L $path ]] || new_links+=("$i")
  done
}

# staging_name PATH NAME: in the staging directory if a rename from there can work, else beside PATH.
staging_name() {
  local here there
  find_mount "$staging"
  here=$REPLY
  find_mount "${1%/*}/"
  there=$REPLY
  if [[ -n $here && $here == "$there" ]]; then
    printf '%s/%s' "$staging" "$2"
  else
    beside "$1"
  fi
}

# save_changed: the former version of all that will be replaced is kept, for put_back and for when vgen leaves a file.
save_changed() {
  local i
  for i in "${changed_files[@]}"; do
    keep_original "${file_path[i]}"
    save "${file_path[i]}"
  done
  for i in "${changed_links[@]}"; do
    keep_original "${link_path[i]}"
    save "${link_path[i]}"
  done
  for i in "${new_links[@]}"; do
    save "${first_link_path[i]}"
  done
}

# swap_changed: the new versions are in place.
swap_changed() {
  local i path
  for i in "${changed_files[@]}"; do
    path=${file_path[i]}
    change file "$path" "$(difference "$path" "${file_mode[i]}" "${file_owner[i]}")"
    mv -fT -- "${staged[$path]}" "$path"
  done
  for i in "${changed_links[@]}"; do
    path=${link_path[i]}
    mv -fT -- "${staged[$path]}" "$path"
    change link "$path" "-> ${link_target[i]}"
  done
  for i in "${new_links[@]}"; do
    path=${first_link_path[i]}
    ln -s -- "${first_link_target[i]}" "$path"
    change link "$path" "-> ${first_link_target[i]}"
  done
  rm -rf -- "${staging:?}"
}

# difference PATH MODE OWNER: why the file is replaced, where it is not its text.
difference() {
  if [[ ! -e $1 && ! -L $1 ]]; then
    if [[ -n ${former_content[$1]:-} ]]; then printf '(it was removed on the host)'; else printf '(new)'; fi
  elif [[ ${hash_of[$1]:-} == "${new_content[$1]}" ]]; then
    printf '(%s, was %s)' "$2 $3" "${metadata_of[$1]}"
  fi
}

# discard_staged: what was made ready and never used, where an install ends early.
discard_staged() {
  local path
  for path in "${staged[@]}"; do
    rm -f -- "$path"
  done
  rm -rf -- "${staging:?}"
}
