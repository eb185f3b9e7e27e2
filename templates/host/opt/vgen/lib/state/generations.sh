#!/usr/bin/env bash
# Generations: each tree that this host took, by number, whole and installable, so that a console alone is enough to go
# back. The list is /var/lib/vgen/generations.tsv: number, tree (sha256 of its SHA256SUMS), order, commit, time, result
# (started, ok or left, which a rollback says of the one that it leaves). The last line is what the host is.

generations=${vgen_state:?}/generations
generations_list=${vgen_state:?}/generations.tsv
replaced=${vgen_state:?}/replaced           # N/PATH: versions with local edits that were overwritten by generation N
keep_generations=10
generation=0                                # the present one; 0 before the first
generation_tree=''
newest_order=0                              # the highest that this host has seen
tree_id=''                                  # of the tree that is installed: sha256 of its SHA256SUMS

read_generations() {
  local number id order
  [[ -f $generations_list ]] || return 0
  while IFS=$'\t' read -r number id order _; do
    generation=$number
    generation_tree=$id
    [[ $order == - ]] || (( order <= newest_order )) || newest_order=$order
  done <"$generations_list"
}

# field_of NUMBER COLUMN: of the line of a generation.
field_of() {
  [[ -f $generations_list ]] || return 0
  awk -F '\t' -v number="$1" -v column="$2" '$1 == number { print $column }' "$generations_list"
}

# generation_with TREE-ID: the last one that was this tree; nothing if none was.
generation_with() {
  [[ -f $generations_list ]] || return 0
  awk -F '\t' -v id="$1" '$2 == id { number = $1 } END { print number }' "$generations_list"
}

# good_generation: the last one that ran before the present one, with another tree.
good_generation() {
  awk -F '\t' -v number="$generation" -v tree="$generation_tree" \
    '$1 < number && $2 != tree && $6 == "ok" { good = $1 } END { print good }' "$generations_list" 2>/dev/null || true
}

known_generations() {
  find "$generations" -mindepth 1 -maxdepth 1 -name '[0-9]*' -printf '%f\n' | sort -n | paste -sd ' '
}

# roll_back_host [GENERATION] [OPTION…]: by the install.sh that this generation carries itself.
roll_back_host() {
  local to=''
  require_root
  read_generations
  if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    to=$1
    shift
  else
    to=$(good_generation)
    [[ -n $to ]] || fail 3 'nothing to roll back to: no earlier generation of this host ran'
  fi
  [[ -f $generations/$to/install.sh ]] || fail 2 "generation $to is not here; known: $(known_generations)"
  note "from generation $generation back to $to"
  exec bash "$generations/$to/install.sh" --rollback "$@"
}
