#!/usr/bin/env bash
# Programs that judge their configuration, asked before anything uses it: in a view of the files as they will be
# (view.sh), or where a host cannot make one, right after the swap. Each check gets the changed paths, prints what is
# wrong and fails; a warning alone goes to stderr. The check of a component's program is its check.sh, joined into this
# layer; those of the base system, which judge files of several components, are here.

# run_checks: 0 if all are content; else prints each refusal and fails.
run_checks() {
  local name reason paths failed=0
  for name in $(printf '%s\n' "${!due_checks[@]}" | sort); do
    mapfile -t paths <<<"${due_checks[$name]}"
    if [[ $(type -t "check_$name") != function ]]; then
      fail 2 "this version of vgen has no check \"$name\""
    fi
    reason=$("check_$name" "${paths[@]}") && continue
    failed=1
    failure="$name refuses ${paths[*]}"
    note "error: $failure"
    indent <<<"$reason"
    tell_origin "$reason" "${paths[@]}"
  done
  return "$failed"
}

checked=no                      # the staged files were, and all are content

# check_staged: all checks that are due, on the new files at their places, while the real ones are untouched.
check_staged() {
  local code=0
  write_view
  [[ -s $staging/checks.tsv ]] || { checked=yes; return 0; }
  # shellcheck disable=SC2016  # the shell in the namespace expands it
  unshare --mount --propagation private -- \
    bash -c 'set -euo pipefail; lib=$1; . "$lib/install.sh"; check_in_view "$2" "$3"' \
    view "$lib" "$staging" "$want_host" || code=$?
  if (( code == 0 )); then
    checked=yes
  elif [[ -s $staging/failure ]]; then
    failure=$(<"$staging/failure")
    give_up
  elif (( code == 99 )); then
    note "no view of the new files can be made here: $(tail -n 1 -- "$staging/view.log");" \
      "they are checked after the swap"
  else
    fail 2 "the checks ended with $code"
  fi
}

# write_view: what view.sh has to know.
write_view() {
  local i name path
  {
    for i in "${changed_files[@]}"; do
      printf 'file\t%s\t%s\n' "${file_path[i]}" "${staged[${file_path[i]}]}"
    done
    for i in "${changed_links[@]}"; do
      printf 'link\t%s\t%s\n' "${link_path[i]}" "${link_target[i]}"
    done
    for path in "${orphaned_files[@]}" "${orphaned_services[@]}"; do
      if has_original "$path"; then
        printf 'file\t%s\t%s\n' "$path" "$originals$path"
      else
        printf 'gone\t%s\t-\n' "$path"
      fi
    done
  } >"$staging/view.tsv"
  for name in "${!due_checks[@]}"; do
    while IFS= read -r path; do
      printf '%s\t%s\t%s\n' "$name" "$path" "${origin_of[$path]:--}"
    done <<<"${due_checks[$name]}"
  done >"$staging/checks.tsv"
}

# tell_origin REASON PATH…: where in the inventory the refused files come from; for the line that a program names too.
tell_origin() {
  local reason=$1 path place
  shift
  for path; do
    [[ ${origin_of[$path]:--} != - ]] || continue
    place=$(grep -oE -m 1 -- "$path:[0-9]+" <<<"$reason" | head -n 1) || true
    note "  $path is made from ${origin_of[$path]} in the inventory; the line: vgen why out/$want_host${place:-$path}"
  done
}

check_none() { :; }

check_systemd() {
  local path output failed=0
  for path; do
    [[ -f $path && ! -L $path ]] || continue
    # Missing programs are no fault of the file: a release or a foreign program may come later. Lines that speak of
    # other files come from packages.
    output=$(systemd-analyze verify --man=no --recursive-errors=no "$(unit_of_file "$path")" 2>&1 |
      grep -F -e "$path:" -e "${path##*/}:" | grep -vE 'is not executable: No such file or directory') || true
    [[ -n $output ]] || continue
    printf '%s\n' "$output"
    failed=1
  done
  return "$failed"
}

# unit_of_file PATH: what systemd-analyze takes for it; a drop-in is judged with its unit.
unit_of_file() {
  local parent=${1%/*}
  if [[ $parent == *.d ]]; then
    parent=${parent##*/}
    printf '%s' "${parent%.d}"
  else
    printf '%s' "$1"
  fi
}

# sshd -t wants the directory that its unit makes.
check_sshd() {
  [[ -d /run/sshd ]] || mkdir -m 0755 -- /run/sshd
  /usr/sbin/sshd -t 2>&1
}

# check_nft: vgen's file stands alone; the others are pieces that /etc/nftables.conf includes.
check_nft() {
  local path failed=0
  for path; do
    if [[ $path != /etc/nftables.d/vgen.nft ]]; then
      nft --check --file /etc/nftables.conf 2>&1 || failed=1
    elif [[ -f $path ]]; then
      nft --check --file "$path" 2>&1 || failed=1
    fi
  done
  return "$failed"
}

check_sudoers() {
  local path failed=0
  for path; do
    [[ ! -f $path ]] || visudo --check --file="$path" 2>&1 || failed=1
  done
  return "$failed"
}

# logrotate tells of errors and ends well (its debug mode does nothing else).
check_logrotate() {
  local path output failed=0
  for path; do
    [[ -f $path ]] || continue
    output=$(logrotate --debug "$path" 2>&1) || failed=1
    ! grep -E '^error:' <<<"$output" || failed=1
  done
  return "$failed"
}

check_bash() {
  local path failed=0
  for path; do
    [[ ! -f $path ]] || bash -n "$path" 2>&1 || failed=1
  done
  return "$failed"
}
