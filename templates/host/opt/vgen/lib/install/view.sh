#!/usr/bin/env bash
# The new files as they will be, seen by this process and its children alone: a private mount namespace in which /etc
# and /opt are overlaid by what is staged. In it each program judges its configuration on the real host, before
# anything of the real one is touched. Nothing is left of it when it ends. See mount_namespaces(7) and overlayfs.
# STAGING/view.tsv: file PATH STAGED, link PATH TARGET or gone PATH; STAGING/checks.tsv: check, path, origin.

room=/run/vgen-view             # in memory, since secrets are among the files

# overlay ROOT: what is mounted below it stays visible, and can be written to in the same way.
overlay() {
  local points point upper count=0
  mapfile -t points < <(findmnt --noheadings --raw --output TARGET | grep -e "^$1\$" -e "^$1/" || true)
  [[ " ${points[*]} " == *" $1 "* ]] || points=("$1" "${points[@]}")
  mkdir -p -- "$room$1/real"
  mount --rbind -- "$1" "$room$1/real" || return 1
  for point in "${points[@]}"; do
    if [[ ! -d $point ]]; then
      mount --bind -- "$room$1/real${point#"$1"}" "$point" || return 1
      continue
    fi
    count=$((count + 1))
    upper=$room$1/upper.$count
    mkdir -- "$upper" "$upper.work"
    mount -t overlay -o "lowerdir=$room$1/real${point#"$1"},upperdir=$upper,workdir=$upper.work" overlay "$point" ||
      return 1
  done
}

make_view() {
  mkdir -p -- "$room" &&
    mount -t tmpfs -o mode=0700 tmpfs "$room" &&
    overlay /etc &&
    overlay /opt
}

# fill_view: as the swap will do it.
fill_view() {
  local kind path what
  while IFS=$'\t' read -r kind path what; do
    case $kind in
      file) cp -aT --remove-destination -- "$what" "$path" ;;
      link) ln -sfn -- "$what" "$path" ;;
      gone) rm -rf -- "${path:?}" ;;
    esac
  done <"$1/view.tsv"
}

# check_in_view STAGING HOST: in a private mount namespace. Ends with 0 if all are content, 1 if one refuses (why,
# into STAGING/failure), 99 if there can be no such view here.
check_in_view() {
  local check path origin
  staging=${1:?}
  want_host=${2:?}
  while IFS=$'\t' read -r check path origin; do
    due_checks[$check]+="${due_checks[$check]:+$'\n'}$path"
    origin_of[$path]=$origin
  done <"$staging/checks.tsv"
  make_view 2>"$staging/view.log" || exit 99
  fill_view "$staging"
  run_checks || {
    printf '%s' "$failure" >"$staging/failure"
    exit 1
  }
}
