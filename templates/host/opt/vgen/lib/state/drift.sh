#!/usr/bin/env bash
# Drift, three ways: what vgen wrote last (the record), what is on the host now, and what a tree says. Read only.

json_drift=''

# tell_drift: one line per path that is not the same in all three. The tree is the one around this script, or else the
# present generation.
tell_drift() {
  local around=${lib%/opt/vgen/lib} path on_host in_tree heading=drift
  local -A tree_content=()
  [[ -n $around ]] || around=$generations/$generation
  read_record
  read_tree "$around"
  hash_files "${!former_content[@]}"
  read_metadata "${!former_content[@]}"
  while IFS= read -r path; do
    if [[ -n ${former_waiting[$path]:-} ]]; then
      [[ -n ${former_content[$path]:-} ]] || continue
      tree_content[$path]=${former_source[$path]}       # what waits for the switch is no drift
    fi
    on_host=$(state_on_host "$path")
    in_tree=$(state_in_tree "$path")
    [[ $on_host == same && $in_tree == same ]] && continue
    [[ -z $heading ]] || printf '%s\n' "$heading" >&3
    heading=''
    printf '  %-44s %s\n' "$path" "$(in_words "$on_host" "$in_tree")" >&3
    json_drift+="${json_drift:+,}{\"path\":$(json_string "$path"),\"host\":\"$on_host\",\"tree\":\"$in_tree\"}"
  done < <({ (( ${#former_content[@]} == 0 )) || printf '%s\n' "${!former_content[@]}"
    (( ${#tree_content[@]} == 0 )) || printf '%s\n' "${!tree_content[@]}"; } | sort -u)
}

# read_tree TREE: tree_content[path] is the sha256 of a file in the tree, or "-> TARGET" of a link.
read_tree() {
  local kind path target line
  local -A sums=()
  [[ -f $1/manifest.tsv && -f $1/SHA256SUMS ]] || return 0
  while IFS= read -r line; do
    sums[/${line:66}]=${line:0:64}
  done <"$1/SHA256SUMS"
  while IFS=$'\t' read -r kind path target _; do
    case $kind in
      file) tree_content[$path]=${sums[$path]:-} ;;
      link) tree_content[$path]="-> $target" ;;
    esac
  done <"$1/manifest.tsv"
}

state_on_host() {
  if [[ -z ${former_content[$1]:-} ]]; then
    printf 'same'                       # vgen has not written it yet
  elif [[ ! -e $1 && ! -L $1 ]]; then
    printf 'removed'
  elif ! as_left "$1"; then
    printf 'changed'
  elif [[ -n ${former_adopted[$1]:-} ]]; then
    printf 'adopted'
  else
    printf 'same'
  fi
}

state_in_tree() {
  local was=${former_source[$1]:-}
  [[ $was != link ]] || was="-> ${former_content[$1]}"
  if [[ -z $was ]]; then
    printf 'new'
  elif [[ -z ${tree_content[$1]:-} ]]; then
    printf 'dropped'
  elif [[ ${tree_content[$1]} != "$was" ]]; then
    printf 'changed'
  else
    printf 'same'
  fi
}

in_words() {
  local host='as vgen left it on the host' tree='the tree is as last installed'
  case $1 in
    changed) host='edited on the host' ;;
    removed) host='removed on the host' ;;
    adopted) host='edited on the host, and adopted' ;;
  esac
  case $2 in
    changed) tree='changed in the tree' ;;
    new) tree='new in the tree' ;;
    dropped) tree='no longer in the tree' ;;
  esac
  printf '%s; %s' "$host" "$tree"
}
