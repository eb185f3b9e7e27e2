#!/usr/bin/env bash
# The record (state/record.sh) as it is written when all is in place.

# write_record TREE-ID
write_record() {
  local i path metadata
  {
    printf 'tree\t%s\n' "$1"
    for i in "${!file_path[@]}"; do
      path=${file_path[i]}
      [[ -z ${waiting[$path]:-} ]] || continue
      metadata="${file_mode[i]} ${file_owner[i]}"
      [[ -z ${left_alone[$path]:-} ]] || metadata=${metadata_of[$path]:-$metadata}
      record_path file "$path" "${new_content[$path]}" "${file_triggers[i]}" "${tree_sum[$path]}" \
        "$(adoption "$path")" "${metadata% *}" "${metadata#* }" "${file_check[i]}" "${file_slot[i]}"
    done
    for path in "${!waiting[@]}"; do
      printf 'waiting\t%s\t%s\n' "$path" "${waiting[$path]}"
      [[ -n ${former_content[$path]:-} ]] || continue
      record_path "${former_kind[$path]}" "$path" "${former_content[$path]}" "${former_triggers[$path]}" \
        "${former_source[$path]}" "${former_adopted[$path]:+adopted}" "${former_mode[$path]}" \
        "${former_owner[$path]}" "${former_check[$path]}" "${former_slot[$path]}"
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

# record_path KIND PATH CONTENT TRIGGERS SOURCE ADOPTED MODE OWNER CHECK SLOT
record_path() {
  local field
  printf '%s' "$1"
  for field in "${@:2}"; do printf '\t%s' "${field:--}"; done
  printf '\n'
}

adoption() { if [[ -n ${left_alone[$1]:-} ]]; then printf 'adopted'; else printf -- '-'; fi; }
