#!/usr/bin/env bash
# Made by vgen; do not edit.

# ---- templates/host/opt/vgen/lib/release/release.sh
# Release: apps that are deployed, proven healthy, switched and rolled back.

# shellcheck source=SCRIPTDIR/runtime.sh
declare -F of_runtime >/dev/null || . "${lib:?}/runtime.sh"

# ---- templates/host/opt/vgen/lib/release/action.sh
# One action on one app: under the lock, and with one line of audit.


action='' action_app='' action_from='' action_to=''

# run_action ACTION APP FUNCTION [ARGUMENT…]: FUNCTION with the app's data loaded and its links sound, while nothing
# else of vgen runs here.
run_action() {
  action=$1
  action_app=$2
  shift 2
  require_root
  load_app "$action_app"
  end_on_signals
  trap finish_action EXIT
  with_lock locked_action "$@"
  trap - EXIT
  conclude_action 0
  free_lock
}

locked_action() {
  [[ ! -e $journal ]] ||
    fail 3 'an install was cut short, and nothing goes live with half of its files; "vgen apply" finishes it,' \
      'and on the host "/opt/vgen/bin/vgen recover" puts it back'
  repair_pair
  "$@"
}

# finish_action: however the script ends, nothing is left half done and what happened is on record.
finish_action() {
  local code=$?
  trap - EXIT
  [[ -z $unfinished_release ]] || rm -rf -- "${unfinished_release:?}"
  if [[ -n $unproven_from ]]; then
    undo_switch
    note "$app: the switch was not finished; live is $(slot_at live) again"
  fi
  # An error that nobody foresaw ends bash with any code; to the caller it is "could not be done".
  (( code != 1 )) || [[ -n $failure ]] || code=2
  conclude_action "$code"
  exit "$code"
}

# conclude_action CODE
conclude_action() {
  audit "$action" app="$action_app" from="$action_from" to="$action_to" result="$(result_of "$1")" \
    reason="$failure" seconds="$SECONDS"
  # Last of all: a rollback that dies before this is completed by the next one; after it, the next goes further back.
  if (( $1 == 0 )) && [[ -e ${app_state:?}/switching ]]; then
    rm -f -- "$app_state/switching" && on_disk "$app_state"
  fi
}

# repair_pair: live and next name the two slots, one each. They do not when a machine stopped between two renames; live
# is what is served, so next follows it.
repair_pair() {
  local is_live is_next
  rm -f -- "$(beside "$dir/live")" "$(beside "$dir/next")"      # of one that died before the rename
  rm -rf -- "${dir:?}/releases"/.new.*                          # of one that died while it unpacked
  is_live=$(slot_at live)
  is_next=$(slot_at next)
  if [[ -z $is_live ]]; then
    [[ -d $dir ]] || fail 2 "$dir is not there; run install.sh first"
    is_live=$(last_live_slot)
    point "$dir/live" "${is_live:=${slots[0]}}"
    note "$app: live named no slot; it is $is_live now"
  fi
  if [[ $is_next != "$(other_slot "$is_live")" ]]; then
    point "$dir/next" "$(other_slot "$is_live")"
    note "$app: next is $(other_slot "$is_live") again, since live is $is_live"
  fi
  finish_cut_switch
}

# finish_cut_switch: a script that died while it switched left this file; what became live is written down after all.
finish_cut_switch() {
  local action left slot
  [[ -e $app_state/switching ]] || return 0
  IFS=$'\t' read -r action left <"$app_state/switching" || action=switch
  slot=$(slot_at live)
  if [[ $(last_live_slot) != "$slot" && -n $(release_of "$slot") ]]; then
    remember_live "$action" "$slot" "$(release_of "$slot")"
    note "$app: the last $action was cut short before it was proven; live is $slot"
  fi
  if [[ $action == rollback && -n $left && $(release_of "$slot") != "$left" ]]; then
    mark_bad "$left" 'rolled back'
    finished_action=rollback
  fi
  rm -f -- "$app_state/switching"
}

# ---- templates/host/opt/vgen/lib/release/deploy.sh
# Deploy: a release comes into the next slot and is healthy there. The live slot is never touched.

deploy() {
  local artifact=$1 id=$2 slot
  slot=$(slot_at next)
  action_from=$(release_of "$slot")
  [[ -d ${dir:?}/releases ]] || fail 2 "$dir/releases is not there; run install.sh first"
  make_release "$artifact" "$id" "$slot"
  action_to=$release_id
  place "$release_id" "$slot" || give_up_deploy "$slot"
  remove_old_releases
  on_disk "$dir/$slot" "$app_state" "$app_state/bad"
  say "$app: release $release_id is healthy in next ($slot)${next:+, see http://$next}; live is $(slot_at live)"
  ! is_served next || nginx_serves "$slot"
}

give_up_deploy() {
  remove_old_releases
  note "$app: release $release_id stays in next ($1) as it is; live ($(slot_at live)) is untouched"
  exit 1
}

# nginx_serves SLOT: a warning only, because the release itself is healthy; a switch would refuse.
nginx_serves() {
  local answer
  answer=$(ask_nginx next /.vgen/slot 2>&1) || true
  [[ $answer == "$1" ]] || warn "nginx does not serve $1 on $(place_of next): ${answer:0:120}"
}

# ---- templates/host/opt/vgen/lib/release/health.sh
# Is a slot healthy? Its port answers its health path with 200 to 399, or takes a connection if it has none.
# Asked on the slot's port and not through nginx, so that no other slot can answer for it.

health_reason=''                # why the last look found it unhealthy

# fetch URL [OPTION…]: curl without the settings of whoever runs this.
fetch() {
  local url=$1
  shift
  curl --disable --silent --show-error --noproxy '*' --max-time 3 "$@" -- "$url"
}

# is_served live|next: nginx serves it, on an address of the app or for the sites of this host.
is_served() { [[ -n ${!1} || ${served?} == yes ]]; }

# place_of live|next: where nginx serves it, for people.
place_of() { printf '%s' "${!1:-the sites of this host}"; }

# ask_nginx live|next PATH [OPTION…]: on the address of the link as clients do, or over the socket as the sites do.
ask_nginx() {
  local address=${!1} role=$1 path=$2
  shift 2
  if [[ -n $address ]]; then
    fetch "http://$address$path" "$@"
  else
    fetch "http://localhost$path" --unix-socket "${dir:?}/$role/nginx.sock" "$@"
  fi
}

# is_healthy SLOT: it runs and answers.
is_healthy() {
  process_table=''
  look_at "$1"
  health_reason="its process is not running: $process_state${process_detail:+, $process_detail}"
  [[ $process_state == running ]] && probe "$1"
}

# listens_itself SLOT: each socket on its port is held by a process of the slot, as it was looked at last, and by nobody
# who would answer in its place, such as a process that outlived its manager. That one is in health_reason.
listens_itself() {
  local inode pid is_own
  while read -r inode _; do
    is_own=no
    while [[ $is_own == no ]] && read -r pid; do
      ! has_process "$1" "$pid" || is_own=yes
    done < <(holders_of "$inode")
    [[ $is_own == yes ]] && continue
    health_reason="port ${port_of[$1]} is $(holder_of "$inode"), which is no process of $1"
    return 1
  done < <(sockets_on "${port_of[$1]:?}")
}

# probe SLOT: one question, to the slot as it was looked at last.
probe() {
  answers_well "$1" && listens_itself "$1"
}

answers_well() {
  local port=${port_of[$1]:?} path=${health_of[$1]} code
  if [[ -z $path ]]; then
    health_reason="nothing takes connections on port $port"
    # A redirection in the child opens the connection, so that "timeout" can end it.
    # shellcheck disable=SC2016  # the child expands it
    timeout 3 bash -c 'exec 3<>"/dev/tcp/127.0.0.1/$1"' connect "$port" 2>/dev/null
    return
  fi
  code=$(fetch "http://127.0.0.1:$port$path" --output /dev/null --write-out '%{http_code}' 2>/dev/null) || true
  health_reason="port $port answers $path with HTTP $code"
  [[ $code != 000 && -n $code ]] || health_reason="nothing answers $path on port $port"
  [[ $code =~ ^[23] ]]
}

# wait_healthy SLOT: one and the same process runs and answers well for steady_seconds, each time it is asked; a program
# that answers at first and dies soon after is not healthy. The third process that ends is the last one.
wait_healthy() {
  local until=$((SECONDS + ${health_seconds:?})) pid=0 ended=0 since='' now
  while :; do
    process_table=''
    look_at "$1"
    if (( pid > 0 && process_pid != pid )); then
      ended=$((ended + 1))
      since=''
    fi
    pid=$process_pid
    if [[ $process_state != running ]]; then
      since=''
      health_reason="its process is not running: $process_state, $process_detail"
    elif probe "$1"; then
      read -r now _ </proc/uptime             # in hundredths of a second, without the dot
      now=${now/./}
      since=${since:-$now}
      if (( now - since >= steady_seconds * 100 )); then
        remember_steady "$1"
        return 0
      fi
      health_reason="it does not answer well for $steady_seconds s on end"
    else
      since=''
    fi
    (( ended == 0 )) || health_reason="its process does not stay up, it ended $(count "$ended" time); $health_reason"
    [[ $process_state != failed ]] || return 1
    # However late the first good answer came, it gets the time to be a lasting one.
    (( ended < 3 && SECONDS < until + (${#since} > 0 ? steady_seconds + 1 : 0) )) || return 1
    sleep 0.2
  done
}

# is_steady SLOT: the process that answers now is the one that wait_healthy found steady.
is_steady() {
  local file=${app_state:?}/steady.$1
  [[ -s $file && $(<"$file") == "$(listening_instance "$1")" ]]
}

remember_steady() {
  install -d -m 0700 -- "$app_state"
  listening_instance "$1" >"$app_state/steady.$1"
}

listening_instance() {
  local inode pid
  read -r inode _ < <(sockets_on "${port_of[$1]:?}") || return 0
  read -r pid < <(holders_of "$inode") || return 0
  instance_of "$pid"
}

# explain_slot SLOT: what somebody wants to see when it is not healthy.
explain_slot() {
  local port=${port_of[$1]:?} who
  look_at "$1"
  who=$(listener_on "$port")
  {
    printf 'process   %s %s: %s\n' "${runtime_of[$1]}" "${unit_of[$1]}" "${process_detail:-$process_state}"
    printf 'port      %s: %s\n' "$port" "${who:-nothing listens}"
    printf 'log       the last lines:\n'
  } | indent
  tell_log "$1"
}

# ---- templates/host/opt/vgen/lib/release/releases.sh
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

# ---- templates/host/opt/vgen/lib/release/slots.sh
# Slots: a release is put into the next one and proven healthy there. The live slot is never stopped by anything here.

slot_started=no

# place RELEASE SLOT: the slot runs it and is healthy; else a release that is deployed is marked bad, and this fails
# with reasons told.
place() {
  local id=${1:?} slot=${2:?}
  [[ $slot != "$(slot_at live)" ]] || fail 2 "$slot is live; nothing is put there"
  [[ -d ${dir:?}/$slot ]] || fail 2 "$dir/$slot is not there; run install.sh first"
  drain "$slot"
  stop_slot "$slot"
  if ! port_is_free "$slot"; then
    failure="port ${port_of[$slot]} is $(listener_on "${port_of[$slot]}") although $slot is stopped"
    note "error: $failure"
    return 1
  fi
  # Stopped before and started after: a process never runs another release than its link names.
  point "$dir/$slot/release" "../releases/$id" || return 1
  if run_slot "$slot"; then
    unmark_bad "$id"
  else
    # what was live before was good then: that a rollback to it fails is no proof against it
    [[ $slot_started == no || $action == rollback ]] || mark_bad "$id" "$failure"
    return 1
  fi
}

# run_slot SLOT: it was stopped; now it runs with the files as they are, and is healthy. slot_started tells whether a
# failure is the release's (yes) or lies in the slot's files (no).
run_slot() {
  local since=$SECONDS
  slot_started=no
  if start_slot "$1"; then
    slot_started=yes
    stale_clear "${app:?}/$1"
    wait_healthy "$1" && return 0
    failure="$app: $1 is not healthy after $((SECONDS - since)) s: $health_reason"
  else
    failure="$app: $1 cannot be started with its files${failure:+: $failure}"
  fi
  note "error: $failure"
  explain_slot "$1"
  return 1
}

# restart_slot SLOT: it takes up files that changed.
restart_slot() {
  drain "$1"
  stop_slot "$1"
  port_is_free "$1" || true             # if not, its start tells
  run_slot "$1"
}

# drain SLOT: connections that outlived the last switch get drain_seconds to end.
drain() {
  local until=$((SECONDS + ${drain_seconds:?})) open port=${port_of[$1]:?}
  open=$(connections_on "$port")
  (( open > 0 )) || return 0
  note "$app: $1 still holds $(count "$open" connection); waiting up to $drain_seconds s for them to end"
  while (( open > 0 && SECONDS < until )); do
    sleep 0.5
    open=$(connections_on "$port")
  done
  (( open == 0 )) || note "$app: $(count "$open" connection) to $1 cut now"
}

port_is_free() {
  local count
  for (( count = 0; count < 50; count++ )); do
    [[ -n $(listener_on "${port_of[$1]:?}") ]] || return 0
    sleep 0.1
  done
  return 1
}

# is_stale SLOT: its process still runs with files that were replaced.
is_stale() {
  [[ -n $(stale_paths "$app/$1") ]] || return 1
  stale_refresh "$app/$1" "$(slot_instance "$1")"
  [[ -n $(stale_paths "$app/$1") ]]
}

# ---- templates/host/opt/vgen/lib/release/switch.sh
# The switch: next becomes live by exchanging two links, is proven through nginx, and is undone if that fails. nginx
# follows the link at each connect, so nothing is reloaded and no request fails. A rollback is a switch to an older
# release.

answers_wanted=20               # right answers in a row that prove a switch
proof_seconds=5                 # how long they may take
unproven_from=''                # while a switch is not proven: the slot that was live

# switch_to_next switch|rollback
switch_to_next() {
  local was is id proof
  was=$(slot_at live)
  is=$(slot_at next)
  id=$(release_of "$is")
  [[ -n $id ]] || fail 1 "${app:?}: the next slot $is has no release; deploy one first"
  action_from=$(release_of "$was")
  action_to=$id
  be_ready "$is"
  [[ -d $app_state ]] || install -d -m 0700 -- "$app_state"
  printf '%s\t%s\n' "$1" "$action_from" >"$app_state/switching"
  on_disk "$app_state/switching" "$app_state"
  unproven_from=$was
  exchange "$was" "$is"
  if ! proof=$(prove "$is"); then
    undo_switch
    fail 1 "$app: $is did not prove itself on $(place_of live): $proof; live is $was again"
  fi
  remember_live "$1" "$is" "$id"
  unproven_from=''
  [[ $1 != rollback || -z $action_from ]] || mark_bad "$action_from" 'rolled back'
  unmark_bad "$id"
  on_disk "$dir" "$dir/$is" "$app_state" "$app_state/history" "$app_state/bad"
  say "$app: live is $is (release $id), was $was (release ${action_from:-none}), $proof"
}

# be_ready SLOT: it answers, runs with the files of today, and not only since a moment ago.
be_ready() {
  if is_stale "$1"; then
    note "$app: $1 still runs with its former configuration; it is restarted first"
    restart_slot "$1" || fail 1 "$failure"
  elif is_pending_slot "$app/$1"; then
    note "$app: $1 may run with the configuration of an install that was put back; it is restarted first"
    restart_slot "$1" || fail 1 "$failure"
  fi
  if is_healthy "$1"; then
    is_steady "$1" && return 0
    note "$app: $1 was started anew since it was found healthy; it has to answer for $steady_seconds s"
    wait_healthy "$1" && return 0
  fi
  explain_slot "$1"
  fail 1 "$app: the next slot $1 is not healthy: $health_reason"
}

# exchange LIVE NEXT: live and next change places; a stop between two renames is seen to by repair_pair.
exchange() {
  if ! exchange_paths "${dir:?}/live" "$dir/next"; then
    point "$dir/live" "$2"
    point "$dir/next" "$1"
  fi
  [[ $(slot_at live) == "$2" && $(slot_at next) == "$1" ]] || fail 2 "$app: live and next could not be exchanged"
}

# undo_switch: also called when the script ends early while a switch is not proven.
undo_switch() {
  [[ $(slot_at live) == "$unproven_from" ]] || exchange "$(other_slot "$unproven_from")" "$unproven_from"
  unproven_from=''
  on_disk "$dir"
  rm -f -- "$app_state/switching"
}

# prove SLOT: through nginx, each time over a new connection, the slot answers with its name, and the app behind it with
# anything but a gateway's error. Prints the proof, or what was wrong with it.
prove() {
  local until=$((SECONDS + proof_seconds)) path=${health_of[$1]:-/} wanted='' answers='' code count
  is_served live || { printf 'which nothing proves, as nginx does not serve it'; return 0; }
  for (( count = 0; count < answers_wanted; count++ )); do
    wanted+=$1$'\n'
  done
  while :; do
    # curl asks for each number of the range; the question mark keeps it out of the path.
    answers=$(ask_nginx live "/.vgen/slot?[1-$answers_wanted]" --header 'Connection: close' 2>&1) || true
    if [[ $answers$'\n' == "$wanted" ]]; then
      code=$(status_behind_nginx "$1")
      [[ $code == 000 || $code == 50[234] ]] || break
      answers="HTTP $code for $path"
    fi
    if (( SECONDS >= until )); then
      printf 'it answered "%s"' "$(head -n 1 <<<"$answers" | cut -c 1-120)"
      return 1
    fi
    sleep 0.1
  done
  printf 'proven by %s answers' "$answers_wanted"
}

# status_behind_nginx SLOT: the HTTP status that live has for the health path of the slot; 000 for none.
status_behind_nginx() {
  ask_nginx live "${health_of[$1]:-/}" --output /dev/null --write-out '%{http_code}' 2>/dev/null || true
}

# see_live SLOT: the one rule of what is up. In REPLY "up" if live is what a switch would go to: nginx leads to it, with
# anything but a gateway's error, and it answers its health path well; "unhealthy" if the latter fails alone; else
# "gone". Whatever is not up is down, for health_reason.
see_live() {
  local proof
  REPLY=gone
  if ! proof=$(prove "$1"); then
    health_reason="$proof on $(place_of live)"
  elif answers_well "$1"; then
    REPLY=up
  else
    REPLY=unhealthy
  fi
}

# live_is_up SLOT: asked once.
live_is_up() {
  answers_wanted=1 proof_seconds=0 see_live "$1"
  [[ $REPLY == up ]]
}

# way_out: what makes another release live while live is down, "switch" or "rollback"; nothing where neither works.
way_out() {
  local slot id
  slot=$(slot_at next)
  id=$(release_of "$slot")
  if [[ -n $id ]] && ! is_bad "$id" && is_healthy "$slot"; then
    printf 'switch'
  elif [[ -n $(good_before "$(release_of "$(slot_at live)")") ]]; then
    printf 'rollback'
  fi
}

# way_out_text WAY: for people, after a reason.
way_out_text() { printf '%s' "${1:+; to make another release live: /opt/vgen/bin/vgen $1 $app}"; }

# roll_back: what was live before is live again. Deployed anew from its release if the next slot holds another by now.
# After one that was cut short when live had changed already there is nothing left to do; one more step back would be
# wrong.
roll_back() {
  local left target slot proof
  left=$(release_of "$(slot_at live)")
  if [[ $finished_action == rollback ]]; then
    slot=$(slot_at live)
    action_to=$left
    proof=$(prove "$slot") || fail 1 "$app: $slot does not prove itself on $(place_of live): $proof"
    say "$app: the rollback that was cut short is complete; live is $slot (release $left), $proof"
    return 0
  fi
  target=$(good_before "$left")
  slot=$(slot_at next)
  [[ -n $target ]] ||
    fail 3 "$app: nothing to roll back to: no other release was live, is still here and is not marked bad"
  action_from=$left
  action_to=$target
  if [[ $(release_of "$slot") != "$target" ]] || ! is_healthy "$slot"; then
    note "$app: release $target is started in $slot first"
    place "$target" "$slot" || fail 1 "$failure"
  fi
  switch_to_next rollback
}
