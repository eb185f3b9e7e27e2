#!/usr/bin/env bash
# Local edits: files that somebody changed since vgen wrote them. They are never overwritten silently: the install
# refuses and shows what was changed, or leaves them as they are (adopts them), or overwrites them and keeps a copy.

local_edits=()              # paths that this tree declares and that are not as vgen left them
declare -gA left_alone=()        # path → yes, for those that stay as they are

# settle_local_edits: refuses, or remembers what is to be left alone or kept. Nothing was touched yet.
settle_local_edits() {
  local path
  find_local_edits
  (( ${#local_edits[@]} > 0 )) || return 0
  case ${option_local_edits:?} in
    adopt)
      for path in "${local_edits[@]}"; do
        left_alone[$path]=yes
        note "$path keeps its local edits"
      done
      ;;
    overwrite) ;;
    *)
      for path in "${local_edits[@]}"; do
        show_local_edit "$path"
      done
      fail 3 "local edits since generation $generation: ${local_edits[*]}; take this over into the inventory," \
        "or leave it as it is: $(this_command --adopt), or overwrite it (a copy is kept): $(this_command --force)"
      ;;
  esac
}

find_local_edits() {
  local i path
  hash_files "${file_path[@]}" "${link_path[@]}"
  for i in "${!file_path[@]}"; do
    path=${file_path[i]}
    is_edited "$path" || continue
    # what somebody wrote is what this tree wants: nothing is lost
    [[ -z ${file_secrets[i]} && ! -L $path && ${hash_of[$path]:-} == "${tree_sum[$path]}" ]] ||
      local_edits+=("$path")
  done
  for i in "${!link_path[@]}"; do
    path=${link_path[i]}
    is_edited "$path" || continue
    [[ -L $path && $(readlink -- "$path") == "${link_target[i]}" ]] || local_edits+=("$path")
  done
}

# is_edited PATH: there, and not as vgen left it. What was adopted stays so until the tree changes it.
is_edited() {
  [[ -n ${former_content[$1]:-} ]] && [[ -e $1 || -L $1 ]] || return 1
  has_content_as_left "$1" || return 0
  [[ -n ${former_adopted[$1]:-} ]] || return 1
  if [[ ${former_source[$1]:-} == "${tree_sum[$1]:-link}" && $option_local_edits != overwrite ]]; then
    left_alone[$1]=yes
    return 1
  fi
}

# show_local_edit PATH: what was changed, but never in a file that holds secrets.
show_local_edit() {
  local before=$generations/$generation$1 i
  for i in "${!file_path[@]}"; do
    [[ ${file_path[i]} == "$1" ]] || continue
    if [[ -n ${file_secrets[i]} ]]; then
      indent <<<"$1 was changed; it holds secrets and is not shown"
      return 0
    fi
  done
  if [[ -L $1 || ! -f $1 || ! -f $before ]]; then
    indent <<<"$1 is $(what_is "$1"), vgen left ${former_content[$1]}"
  else
    { diff -u --label "$1 (generation $generation)" --label "$1 (on this host)" -- "$before" "$1" || true; } |
      head -n 60 | cut -c 1-200 | indent
  fi
}

what_is() {
  if [[ -L $1 ]]; then printf 'a link to %s' "$(readlink -- "$1")"; else stat -c %F -- "$1"; fi
}

# keep_edited_versions: before they are overwritten.
keep_edited_versions() {
  local path
  [[ $option_local_edits == overwrite ]] || return 0
  for path in "${local_edits[@]}"; do
    [[ -n ${waiting[$path]:-} ]] || keep_edited_version "$path"
  done
}

# keep_edited_version PATH [MORE]
keep_edited_version() {
  local to=$replaced/$((generation + 1))
  install -d -m 0700 -- "$replaced" "$to" "$to${1%/*}"
  copy_whole "$1" "$to$1" || fail 2 "the local edits of $1 cannot be kept, so they are not overwritten"
  note "$1 had local edits; that version is kept as $to$1${2:-}"
}

# give_up_waiting_edits: of files that wait for a switch. What somebody wrote stays until then, and goes with it as what
# vgen left itself would: the record has it as that. An edit after this one is a local edit again.
give_up_waiting_edits() {
  local path metadata
  [[ $option_local_edits == overwrite ]] || return 0
  for path in "${local_edits[@]}"; do
    [[ -n ${waiting[$path]:-} && ( -L $path || -f $path ) ]] || continue
    keep_edited_version "$path" "; it is overwritten at the switch of ${waiting[$path]%/*}"
    former_kind[$path]=link metadata=' '
    [[ -L $path ]] || former_kind[$path]=file metadata=${metadata_of[$path]}
    former_content[$path]=$(content_of "$path") former_source[$path]='' former_adopted[$path]=''
    former_mode[$path]=${metadata% *} former_owner[$path]=${metadata#* }
  done
}
