#!/usr/bin/env bash
# The tree that comes in becomes a generation of this host.

# refuse_older: two runs of CI that overtake one another must not leave the older tree on the host.
refuse_older() {
  local number
  [[ ${option_rollback:?} == no ]] || return 0
  if [[ -n ${option_order?} ]]; then
    (( option_order >= newest_order )) ||
      fail 3 "this tree is older (order $option_order) than one that $want_host has seen (order $newest_order);" \
        "to go back to it: $(this_command --rollback) (vgen apply: --older)"
  elif [[ $tree_id != "$generation_tree" ]]; then
    number=$(generation_with "$tree_id")
    [[ -z $number ]] ||
      fail 3 "this tree was generation $number here, and $want_host is at generation $generation by now;" \
        "to go back to it: $(this_command --rollback) (vgen apply: --older); if it is newer, say so with --order"
  fi
}

# stage_generation TREE: a copy of a tree that is new here, which belongs to root and which nobody changes while it is
# installed. Sets tree and tree_id.
stage_generation() {
  tree=$1
  tree_id=''
  hash_files "$1/SHA256SUMS"
  tree_id=${hash_of[$1/SHA256SUMS]:?}
  [[ $tree_id != "$generation_tree" || ! -f $generations/$generation/install.sh ]] || return 0
  install -d -m 0700 -- "$generations"
  rm -rf -- "$generations/.new"
  mkdir -m 0700 -- "$generations/.new"
  cp -R --no-dereference --preserve=mode,timestamps,links -- "$1/." "$generations/.new" ||
    fail 2 "the tree cannot be copied to $generations; is the disk full?"
  chmod -R u=rwX,go= -- "$generations/.new"
  tree=$generations/.new
}

# record_generation: the tree that is installed is the present generation.
record_generation() {
  local number=$((generation + 1))
  if [[ $tree_id == "$generation_tree" ]]; then
    number=$generation
    [[ $tree == "$generations/.new" ||
      $(field_of "$number" 3) != "${option_order:--}" && -n $option_order ]] || return 0
  fi
  save "$generations_list"
  if [[ $tree == "$generations/.new" ]]; then
    rm -rf -- "${generations:?}/$number"
    mv -T -- "$tree" "$generations/$number"
  fi
  {
    [[ ! -f $generations_list ]] || awk -F '\t' -v number="$number" '$1 != number' "$generations_list" | tail -n 200
    printf '%s\t%s\t%s\t%s\t%s\tstarted\n' "$number" "$tree_id" "${option_order:--}" "${option_commit:--}" "$(time_now)"
  } >"$generations_list.new"
  mv -fT -- "$generations_list.new" "$generations_list"
  former_generation=$generation
  generation=$number
}

former_generation=0             # that this install replaced

# end_generation: it runs; the one that a rollback left is not offered again.
end_generation() {
  set_result "$generation" ok
  [[ $option_rollback == no || $former_generation == 0 || $former_generation == "$generation" ]] ||
    set_result "$former_generation" left
  forget_generations
  on_disk "$generations_list" "$vgen_state"
}

# set_result NUMBER RESULT
set_result() {
  [[ $(field_of "$1" 6) != "$2" ]] || return 0
  awk -F '\t' -v OFS='\t' -v number="$1" -v result="$2" '$1 == number { $6 = result } { print }' \
    "$generations_list" >"$generations_list.new"
  on_disk "$generations_list.new"
  mv -fT -- "$generations_list.new" "$generations_list"
}

# forget_generations: all but the newest, the present one and the one a rollback would take.
forget_generations() {
  local path number needed
  generation_tree=$tree_id
  needed=$(good_generation)
  for path in "$generations"/*/ "$replaced"/*/; do
    number=$(basename -- "$path")
    [[ -d $path && $number =~ ^[0-9]+$ && $number != "$needed" ]] || continue
    (( number <= generation - keep_generations )) || continue
    rm -rf -- "$path"
  done
}
