#!/usr/bin/env bash
# Made by vgen; do not edit.

# ---- templates/host/opt/vgen/lib/install/install.sh
# The engine of install.sh: the manifest of a tree lists what a host shall have, and `apply` makes it so.
# Each phase is one function; the order below is the whole story. Up to the swap nothing that runs has changed; until
# the journal ends, everything can be put back, files and services; after it, the tree is a generation of this host.

# shellcheck source=SCRIPTDIR/release.sh
declare -F run_action >/dev/null || . "${lib:?}/release.sh"

apply() {
  install_options "$@"
  detached install "$@"
  require_root
  end_on_signals
  with_lock install_tree "${tree:?}"
}

install_tree() {
  trap finish_install EXIT
  [[ -f $1/manifest.tsv && -f $1/SHA256SUMS ]] ||
    fail 2 'this tree is not complete; it lacks manifest.tsv or SHA256SUMS'
  read_manifest "$1/manifest.tsv"
  refuse_other_host
  refuse_unconfirmed
  put_back_unfinished
  read_generations
  stage_generation "$1"
  check_tree
  refuse_older
  read_record
  read_pending_actions
  settle_local_edits
  find_held_slots
  refuse_held_ports
  ask_live_before

  require_secrets "${want_secrets[@]}"
  install_packages "${want_packages[@]}"
  make_users
  make_certificates

  make_directories
  stage_files
  find_orphans
  call_for_changes
  if files_change; then
    check_staged
    replace_files
  fi
  take_up_files
  give_up_waiting_edits
  write_record "$tree_id"
  record_generation
  printf '%s\n' "$want_host" >"$vgen_state/host"
  journal_end
  no_pending_actions

  end_generation
  tidy_up
  ask_for_confirmation
  tell_result
}

# refuse_other_host: a tree that was sent to the wrong machine.
refuse_other_host() {
  local is=''
  install -d -m 0700 -- "$vgen_state"
  [[ ! -f $vgen_state/host ]] || read -r is <"$vgen_state/host"
  [[ -z $is || $is == "${want_host:?}" ]] ||
    fail 3 "this machine is $is, the tree is for $want_host; if it shall become that, remove $vgen_state/host first"
}

files_change() {
  (( ${#changed_files[@]} + ${#changed_links[@]} + ${#new_links[@]} > 0 ||
    ${#orphaned_files[@]} + ${#orphaned_services[@]} > 0 ))
}

# call_for_changes: which checks, reloads and restarts the changes ask for.
call_for_changes() {
  local i path
  for i in "${changed_files[@]}"; do
    note_change "${file_path[i]}" "${file_triggers[i]}" "${file_check[i]}"
  done
  for i in "${changed_links[@]}"; do
    note_change "${link_path[i]}" '' ''
  done
  for path in "${orphaned_files[@]}" "${orphaned_services[@]}"; do
    note_change "$path" "$(still_wanted "${former_triggers[$path]}")" "${former_check[$path]:-}"
  done
}

# still_wanted TRIGGERS: of a file that goes, without those for units and slots that this tree does not have any more.
still_wanted() {
  local trigger
  for trigger in ${1//,/ }; do
    case $trigger in
      slot:*) [[ " ${want_slots[*]/ //} " == *" ${trigger#*:} "* ]] || continue ;;
      reload:* | restart:*)
        [[ -z ${former_units[${trigger#*:}]:-} || " ${want_units[*]} " == *" ${trigger#*:} "* ]] || continue
        ;;
    esac
    printf '%s,' "$trigger"
  done
}

replace_files() {
  keep_edited_versions
  save_changed
  save "$record"
  save "$stale_file"
  write_pending_actions
  arm_revert
  journal_safe
  swap_changed
  remove_orphaned_files
  [[ $checked == yes ]] || run_checks || give_up
  remove_orphaned_services
}

# give_up: nothing has taken up the new files.
give_up() {
  [[ ! -e $journal ]] || put_back || exit 2
  keep_pending_actions
  say "$want_host: nothing was changed"
  exit 1
}

# take_up_files: what reads a changed file takes it up and proves that it runs, new units start, next slots run with the
# files of today. Also without a change of files, for what an install that was cut short left pending.
take_up_files() {
  act_on_units || undo_install
  start_units
  remember_due_slots
  [[ -n $unfit ]] || settle_slots
  [[ -n $unfit ]] || ask_live_after
  [[ -z $unfit ]] || undo_install
}

tidy_up() {
  if [[ $revert_armed == no ]]; then
    forget_originals
    remove_directories
  else
    tidy_up_later
  fi
  tell_left_alone
}

tell_result() {
  local problem
  tell_missing_programs
  if (( changes == 0 && ${#problems[@]} == 0 )); then
    say "$want_host: nothing to do"
    return 0
  fi
  say "$want_host: $(count "$changes" change)"
  (( ${#problems[@]} > 0 )) || return 0
  for problem in "${problems[@]}"; do
    warn "$problem"
  done
  fail 2 "$want_host is as the tree says, but not everything runs: ${problems[0]}"
}

# finish_install: however it ends, no half-installed tree stays and services may start again.
finish_install() {
  local code=$?
  trap - EXIT
  allow_service_starts
  if [[ -e $journal ]]; then
    put_back || code=2
  fi
  discard_staged
  rm -rf -- "${generations:?}/.new"
  disarm_failed
  forget_former
  # An error that nobody foresaw ends bash with any code; to the caller it is "could not be done".
  (( code != 1 )) || [[ -n $failure ]] || code=2
  audit install host="$want_host" from="${former_tree:0:12}" to="${tree_id:0:12}" generation="$generation" \
    commit="${option_commit?}" changes="$changes" \
    result="$(result_of "$code")" reason="$failure" seconds="$SECONDS"
  exit "$code"
}

# ---- templates/host/opt/vgen/lib/install/ask-live.sh
# What is live is asked through nginx and on its port before an install and after it, by the rule of the switch
# (see_live of release/switch.sh). One that is not as good as before puts the install back; one that is down all the
# same is told as a failure.

declare -gA live_before=()       # app → what see_live said of live before this install; empty where nothing is live

ask_live_before() {
  local name
  for name in $(known_apps); do
    live_before[$name]=$(live_state "$name" 2>/dev/null) || true
  done
}

# live_state APP
live_state() (
  load_app "$1"
  slot=$(slot_at live)
  [[ -n $slot && -n $(release_of "$slot") ]] || exit 0
  answers_wanted=1 proof_seconds=0 see_live "$slot"
  printf '%s' "$REPLY"
)

# ask_live_after: live is as good as before, or this install is unfit. Where it was down before, that is a problem only.
ask_live_after() {
  local name slot before
  for name in $(sorted "${want_slots[@]%% *}" | uniq); do
    load_app "$name"
    slot=$(slot_at live)
    [[ -n $slot && -n $(release_of "$slot") ]] || continue
    before=${live_before[$name]:-gone}
    wait_as_before "$slot" "$before"
    [[ $REPLY != up ]] || continue
    if [[ $before == gone || $before == "$REPLY" ]]; then
      failure="$app: live ($slot) does not answer well: $health_reason"
    else
      failure="$app: live ($slot) does not answer as before: $health_reason"
      # with nothing changed there is nothing to put back
      if [[ $option_allow_live == no && -e $journal ]]; then
        note "error: $failure"
        unfit=$failure
        return 0
      fi
    fi
    failure+=$(way_out_text "$(way_out)")
    note "error: $failure"
    problems+=("$failure")
  done
}

# wait_as_before SLOT STATE: REPLY and health_reason as of see_live, once it is as good as that, within the time that
# the app has to become healthy; what it depends on may restart.
wait_as_before() {
  local until=$((SECONDS + health_seconds))
  [[ $2 != gone ]] || until=$SECONDS
  while :; do
    proof_seconds=1 see_live "$1"
    [[ $REPLY != up && $REPLY != "$2" ]] || return 0
    (( SECONDS < until )) || return 0
    sleep 0.2
  done
}

# ---- templates/host/opt/vgen/lib/install/certificates.sh
# Keys and certificates in /etc/vgen/tls/NAME/{key.pem,cert.pem}. They are state: an install makes a placeholder where
# there is none and never touches one that is there. A pair is replaced as a whole, by exchanging directories.


placeholder_mark='vgen placeholder'     # the organization in the subject of placeholders
days_left=0 issuer=''                   # what read_certificate found

# make_certificates: each one of this tree is there, if only as a placeholder that no other host trusts.
make_certificates() {
  local i name
  (( ${#certificate_name[@]} > 0 )) || return 0
  install -d -m 0755 -- "${vgen_tls%/*}" "${vgen_tls:?}"
  for i in "${!certificate_name[@]}"; do
    name=${certificate_name[i]}
    if [[ ! -s $vgen_tls/$name/key.pem || ! -s $vgen_tls/$name/cert.pem ]]; then
      make_placeholder "$name" "${certificate_group[i]}" "${certificate_names[i]}"
    elif [[ $(stat -c '%a %U:%G' -- "$vgen_tls/$name/key.pem") != "640 root:${certificate_group[i]}" ]]; then
      give_pair "$vgen_tls/$name" "${certificate_group[i]}"
      change certificate "$name" "(for group ${certificate_group[i]})"
    fi
  done
  [[ -s $vgen_tls/ca.pem || -n ${declared[$vgen_tls/ca.pem]:-} ]] || make_bundle
}

# make_bundle: where the tree brings no bundle of CAs, this host trusts its certificates, and can check every
# configuration that names the bundle.
make_bundle() {
  local new name
  new=$(beside "$vgen_tls/ca.pem")
  for name in "${certificate_name[@]}"; do
    cat -- "$vgen_tls/$name/cert.pem"
  done >"$new" || fail 2 "$vgen_tls/ca.pem cannot be made"
  mv -fT -- "$new" "$vgen_tls/ca.pem"
}

# make_placeholder NAME GROUP NAMES
make_placeholder() {
  local new=$vgen_tls/.$1.vgen-new reason
  rm -rf -- "${new:?}"
  mkdir -m 0700 -- "$new"
  reason=$(new_key "$new" && openssl req -new -x509 -key "$new/key.pem" -out "$new/cert.pem" -days 3650 \
    -subj "/O=$placeholder_mark/CN=$1" -addext "subjectAltName=$(alternative_names "$3")" \
    -addext 'basicConstraints=critical,CA:FALSE' 2>&1) ||
    fail 2 "a placeholder for certificate $1 cannot be made: $(tail -n 1 <<<"$reason")"
  place_pair "$1" "$2" "$new"
  rm -rf -- "${new:?}"
  if [[ -s $vgen_tls/ca.pem && -z ${declared[$vgen_tls/ca.pem]:-} ]]; then
    new=$(beside "$vgen_tls/ca.pem")
    cat -- "$vgen_tls/ca.pem" "$vgen_tls/$1/cert.pem" >"$new" || fail 2 "$vgen_tls/ca.pem cannot be made"
    mv -fT -- "$new" "$vgen_tls/ca.pem"
  fi
  change certificate "$1" '(a placeholder)'
}

# new_key DIRECTORY: an EC key on P-256 in DIRECTORY/key.pem, for root alone for now.
new_key() {
  (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1/key.pem")
}

# alternative_names NAME,NAME: as openssl wants a subjectAltName.
alternative_names() {
  local name list=''
  for name in ${1//,/ }; do
    if [[ $name == *:* || $name =~ ^[0-9.]+$ ]]; then list+=",IP:$name"; else list+=",DNS:$name"; fi
  done
  printf '%s' "${list#,}"
}

# give_pair DIRECTORY GROUP: root writes, GROUP reads.
give_pair() {
  chown -- "root:$2" "$1" "$1/key.pem" "$1/cert.pem" || fail 2 "$1 cannot belong to group $2"
  chmod -- 0640 "$1/key.pem"
  chmod -- 0644 "$1/cert.pem"
  chmod -- 0750 "$1"
}

# place_pair NAME GROUP DIRECTORY: what is in DIRECTORY becomes the pair of NAME, key and certificate in one step; the
# former pair is in DIRECTORY afterwards, if there was one.
place_pair() {
  give_pair "$3" "$2"
  if [[ ! -e $vgen_tls/$1 ]]; then
    mv -T -- "$3" "$vgen_tls/$1"
  elif ! exchange_paths "$vgen_tls/$1" "$3"; then
    mv -T -- "$vgen_tls/$1" "$3.former"
    mv -T -- "$3" "$vgen_tls/$1"
    mv -T -- "$3.former" "$3"
  fi
  on_disk "$vgen_tls/$1/key.pem" "$vgen_tls/$1/cert.pem" "$vgen_tls/$1" "$vgen_tls"
}

# take_up_pair NAME GROUP DIRECTORY COMMAND…: the pair in DIRECTORY replaces that of NAME, and COMMAND makes its users
# take it up. If key and certificate are no pair, or the command fails, all is as before: 1, and failure says why.
take_up_pair() {
  local name=$1 group=$2 new=$3 output
  shift 3
  if [[ $(openssl pkey -in "$new/key.pem" -pubout 2>&1) \
    != "$(openssl x509 -in "$new/cert.pem" -noout -pubkey 2>&1)" ]]; then
    failure="certificate $name is not for its key"
    return 1
  fi
  place_pair "$name" "$group" "$new"
  (( $# > 0 )) || return 0
  # the standard input is the caller's: rabbitmqctl would read on in it
  output=$("$@" 2>&1 </dev/null) && return 0
  failure="certificate $name is not taken up: $(tail -n 1 <<<"$output")"
  [[ ! -d $new ]] || place_pair "$name" "$group" "$new"
  return 1
}

# names_of FILE: the names in a certificate, as sorted_names has them.
names_of() {
  sorted_names "$(openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null |
    grep -oE '(DNS|IP Address):[^, ]+' | sed 's/^[^:]*://' | paste -s -d , || true)"
}

# sorted_names NAME,NAME
sorted_names() { tr , '\n' <<<"$1" | sort -u | paste -s -d ,; }

# read_certificate FILE: days_left, less than 0 if it expired, and issuer: placeholder, CA (of the fleet) or public.
read_certificate() {
  local facts end
  facts=$(openssl x509 -in "$1" -noout -subject -enddate -nameopt multiline 2>/dev/null) || return 1
  end=$(date -u -d "$(sed -n 's/^notAfter=//p' <<<"$facts")" +%s)
  days_left=$(( (end - $(date -u +%s)) / 86400 ))
  (( end > $(date -u +%s) )) || days_left=-1
  if grep -q "organizationName *= $placeholder_mark\$" <<<"$facts"; then
    issuer=placeholder
  elif is_signed_by_ca "$1"; then
    issuer=CA
  else
    issuer=public
  fi
}

# is_signed_by_ca FILE: by one of the bundle, if only of late.
is_signed_by_ca() {
  openssl verify -no-CApath -no-CAstore -no_check_time -CAfile "$vgen_tls/ca.pem" -untrusted "$1" "$1" >/dev/null 2>&1
}

# tell_certificates: a line for each one; json_certificates is the same as data. One that expired is down.
tell_certificates() {
  local file name heading=certificates
  json_certificates=''
  for file in "$vgen_tls"/*/cert.pem; do
    [[ -f $file ]] || continue
    read_certificate "$file" || continue
    name=$(basename -- "${file%/*}")
    [[ -z $heading ]] || printf '%s\n' "$heading" >&3
    heading=''
    (( days_left >= 0 )) || down=$((down + 1))
    printf '  %-34s %-12s %s\n' "$name" "$issuer" \
      "$( (( days_left < 0 )) && printf 'expired' || printf 'good for %s' "$(count "$days_left" day)")" >&3
    json_certificates+="${json_certificates:+,}{\"name\":$(json_string "$name"),\"issuer\":\"$issuer\""
    json_certificates+=",\"days\":$days_left}"
  done
}

# ---- templates/host/opt/vgen/lib/install/checks.sh
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

# ---- templates/host/opt/vgen/lib/install/confirm.sh
# Confirm or revert: a change of what leads into this host (sshd, firewall, network, a tunnel) stays only if somebody
# confirms it over a new connection. The timer that puts it back runs before the first file is swapped, with scripts of
# its own, so that neither a kill nor a power loss leaves a host that nobody gets into.
#
# /var/lib/vgen/unconfirmed, one line each:
#   seconds N                how long the timer waits        from CONNECTION   over which the install came, or "-"
#   path PATH                what waits for confirmation     slot APP/SLOT PATHS        these of its files changed
#   reload|restart UNIT      what took up new files          directory PATH    to be removed if it is empty

unconfirmed=${vgen_state:?}/unconfirmed
reverting=$vgen_state/reverting         # the same while it is put back
reverted=$vgen_state/reverted           # what the last revert put back, until the next good install
revert_scripts=$vgen_state/revert
revert_unit=/etc/systemd/system/vgen-revert
confirm_paths=()                        # what this install changes and somebody has to confirm
reverted_paths=''
revert_armed=no                         # a timer runs that this install started, or one that was cut short

# refuse_unconfirmed: one at a time. An install that was cut short has left its journal and is put back anyway.
refuse_unconfirmed() {
  [[ -e $unconfirmed || -e $reverting ]] || return 0
  if [[ -e $journal ]]; then
    revert_armed=yes
    return 0
  fi
  fail 3 "not confirmed yet: $(unconfirmed_paths); confirm it over a new connection with /opt/vgen/bin/vgen confirm," \
    "or put it back with /opt/vgen/bin/vgen confirm --revert"
}

unconfirmed_paths() {
  cat -- "$unconfirmed" "$reverting" 2>/dev/null | sed -n 's/^path\t//p' | sort -u | paste -s -d ' ' || true
}

# arm_revert: before the swap. Whatever happens from here on, the timer puts back what nobody confirms.
arm_revert() {
  local from what
  (( ${#confirm_paths[@]} > 0 )) || return 0
  from=$(ssh_connection)
  rm -rf -- "${revert_scripts:?}"
  mkdir -m 0700 -- "$revert_scripts"
  cp -a -- "${tree:?}/opt/vgen/bin" "$tree/opt/vgen/lib" "$revert_scripts"
  {
    printf 'seconds\t%s\n' "$confirm_seconds"
    printf 'from\t%s\n' "${from:--}"
    printf 'path\t%s\n' "${confirm_paths[@]}"
    sed -n '/^slot /!s/ /\t/p' "$pending_actions"
    for what in "${!due_slots[@]}"; do printf 'slot\t%s\t%s\n' "$what" "${due_slots[$what]}"; done
  } >"$unconfirmed.new"
  chmod 0600 -- "$unconfirmed.new"
  write_revert_units
  revert_armed=yes
  mv -fT -- "$unconfirmed.new" "$unconfirmed"
  systemctl enable --quiet --now vgen-revert.timer 2>/dev/null ||
    fail 2 'the timer that would put this back does not start, see: systemctl status vgen-revert.timer'
  on_disk "$vgen_state" "$unconfirmed" "$revert_unit".* "${revert_unit%/*}" "${revert_unit%/*}/timers.target.wants"
}

# The time is counted from when the timer starts, so anew after a boot. The lock may be held by a long deploy.
write_revert_units() {
  printf '%s\n' '# Made by vgen; gone once the change is confirmed or put back.' '[Unit]' \
    'Description=Puts back what nobody confirmed' '[Service]' 'Type=oneshot' 'Environment=VGEN_LOCK_SECONDS=86400' \
    "ExecStart=/bin/bash $revert_scripts/bin/vgen confirm --revert --foreground" \
    'Restart=on-failure' 'RestartSec=60' >"$revert_unit.service"
  printf '%s\n' '# Made by vgen; gone once the change is confirmed or put back.' '[Unit]' \
    'Description=Time to confirm a change of what leads into this host' '[Timer]' "OnActiveSec=$confirm_seconds" \
    'AccuracySec=100ms' '[Install]' 'WantedBy=timers.target' >"$revert_unit.timer"
}

# tidy_up_later: what was there before vgen, and directories that it made, have to stay while they may be needed again.
tidy_up_later() {
  local path
  for path in "${!former_directories[@]}"; do
    [[ -n ${declared[$path]:-} ]] || printf 'directory\t%s\n' "$path" >>"$unconfirmed"
  done
}

# forget_former: secrets of a former time are among the saved versions; they stay only while they may be needed.
forget_former() {
  [[ -e $journal || -e $unconfirmed || -e $reverting ]] || rm -rf -- "${former:?}"
}

# ask_for_confirmation: all went well; the time to confirm begins now.
ask_for_confirmation() {
  local address port
  rm -f -- "$reverted"
  [[ $revert_armed == yes ]] || return 0
  revert_armed=no
  (( ${#confirm_paths[@]} > 0 )) || { disarm_revert; return 0; }
  systemctl stop vgen-revert.service 2>/dev/null || true      # it may wait for the lock already
  systemctl restart vgen-revert.timer
  read -r _ _ address port <<<"$(ssh_connection)"
  [[ $address != 127.* && $address != ::1 ]] || address='' port=''      # the end of a tunnel
  [[ ${port:-22} == 22 ]] || port=" -p $port"
  say "confirm within $confirm_seconds s, over a new connection: ssh${port#22} root@${address:-$HOSTNAME}" \
    "/opt/vgen/bin/vgen confirm, or it is put back"
}

# disarm_failed: an install that did not get as far as asking, and whose files are back.
disarm_failed() {
  [[ $revert_armed == no || -e $journal ]] || disarm_revert
}

# disarm_revert: neither the timer nor what it would need is there any more.
disarm_revert() {
  [[ ! -e $revert_unit.timer ]] || systemctl disable --quiet --now vgen-revert.timer 2>/dev/null || true
  rm -rf -- "$revert_unit.timer" "$revert_unit.service" "${revert_scripts:?}"
  rm -f -- "$unconfirmed" "$reverting"
  systemctl daemon-reload
}

# confirm_install: whoever renames the file first wins, this or the timer; so it needs no lock to be in time.
confirm_install() {
  local from here paths
  if [[ ! -e $unconfirmed ]]; then
    [[ ! -e $reverting ]] || fail 1 'too late: it is being put back'
    [[ ! -e $reverted ]] || fail 1 "too late, it was put back: $(told_revert)"
    say 'nothing waits for confirmation'
    return 0
  fi
  [[ ! -e $journal ]] || fail 1 'the install is still under way; confirm when it says so'
  from=$(sed -n 's/^from\t//p' "$unconfirmed")
  here=$(ssh_connection)
  [[ -z $here || $here != "$from" ]] ||
    fail 1 'this is the connection over which the install came; it proves nothing. Confirm over a new one' \
      '(without ControlMaster: ssh -o ControlPath=none …)'
  paths=$(unconfirmed_paths)
  mv -T -- "$unconfirmed" "$vgen_state/confirmed" 2>/dev/null || fail 1 'too late: it is being put back'
  on_disk "$vgen_state"
  say "confirmed: $paths"
  audit confirm paths="$paths" from="$here" result=ok
  with_lock finish_confirmation
}

finish_confirmation() {
  local path
  [[ -e $unconfirmed ]] || disarm_revert
  forget_unused_originals
  while read -r path; do
    [[ ! -d $path || -L $path ]] || rmdir --ignore-fail-on-non-empty -- "$path"
  done < <(sed -n 's/^directory\t//p' "$vgen_state/confirmed" | sort -r)
  rm -f -- "$vgen_state/confirmed"
  forget_former
}

# forget_unused_originals: what was there before vgen is kept for paths in the record alone.
forget_unused_originals() {
  local path
  while IFS= read -r -d '' path; do
    awk -F '\t' -v path="/$path" '$2 == path { found = 1 } END { exit !found }' "$record" ||
      rm -f -- "$originals/${path:?}"
  done < <(find "$originals" \( -type f -o -type l \) -printf '%P\0' 2>/dev/null)
}

# revert_install: all that the unconfirmed install did is undone: files by its journal, then what had taken them up.
revert_install() {
  local kind name paths pending_then=''
  [[ -e $reverting ]] || mv -T -- "$unconfirmed" "$reverting" 2>/dev/null || { nothing_to_revert; return 0; }
  trap finish_revert EXIT
  reverted_paths=$(unconfirmed_paths)
  [[ -e $journal || ! -e $former/journal ]] || mv -T -- "$former/journal" "$journal"
  while IFS=$'\t' read -r kind name paths; do
    case $kind in
      reload | restart | slot) note_change "$paths" "$kind:$name" '' ;;
    esac
  done <"$reverting"
  [[ ! -f $stale_file ]] || pending_then=$(<"$stale_file")
  [[ ! -e $journal ]] || put_back || exit 2
  systemd_changed=yes
  act_on_units || fail 2 "files are as before, but not all takes them up: $failure"
  settle_reverted_slots "$pending_then"
  no_pending_actions
  printf '%s\t%s\n' "$(time_now)" "$reverted_paths" >"$reverted"
  say "put back, as nobody confirmed it: $reverted_paths"
}

nothing_to_revert() {
  disarm_revert
  say 'nothing waits for confirmation'
}

# settle_reverted_slots PENDING: a slot that had taken up the files that are gone takes up these, at once or, if it is
# live, with the next switch. PENDING is what had not taken them up yet, and needs not to any more.
settle_reverted_slots() {
  local what
  for what in $(sorted "${!due_slots[@]}"); do
    [[ -f $vgen_apps/${what%%/*}.sh ]] || continue
    load_app "${what%%/*}"
    [[ -n $(release_of "${what#*/}") ]] || continue
    if [[ ${what#*/} == "$(slot_at next)" ]]; then
      restart_slot "${what#*/}" || warn "$failure"
    elif ! grep -q -- "^$what"$'\t' <<<"$1"; then
      stale_add "$what" "$(slot_instance "${what#*/}")" "${due_slots[$what]}"
    fi
  done
}

finish_revert() {
  local code=$?
  trap - EXIT
  (( code != 1 )) || code=2
  audit revert paths="$reverted_paths" result="$(result_of "$code")" reason="$failure" seconds="$SECONDS"
  (( code != 0 )) || disarm_revert
  forget_former
  exit "$code"
}

# told_revert: "PATHS, TIME" of the last revert.
told_revert() {
  local time paths
  [[ -s $reverted ]] || return 0
  IFS=$'\t' read -r time paths <"$reverted"
  printf '%s, at %s' "$paths" "$time"
}

# seconds_left: until the timer puts it back.
seconds_left() {
  local seconds since
  seconds=$(sed -n 's/^seconds\t//p' "$unconfirmed")
  since=$(systemctl show --property ActiveEnterTimestamp --value vgen-revert.timer)
  since=$(date -d "${since:-now}" +%s)
  seconds=$((seconds + since - $(date +%s)))
  (( seconds > 0 )) || seconds=0
  printf '%s' "$seconds"
}

# ---- templates/host/opt/vgen/lib/install/files.sh
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

# ---- templates/host/opt/vgen/lib/install/generation.sh
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

# ---- templates/host/opt/vgen/lib/install/hold.sh
# What is live stays live: the files of a slot change with the slot. While a slot is live, those of its files that this
# tree changes, brings or drops wait: the former ones stay, so that its process, started anew by whatever means, is what
# it was, and what leads to it still does. They are installed, or removed, by the first install that finds the slot not
# live any more; the switch runs one. The record says what waits (state/record.sh).

declare -gA held_slots=()        # APP/SLOT → its runtime, of those that are live and run
declare -gA waiting=()           # path → APP/SLOT, whose new version or removal waits
declare -gA former_runtime=()    # APP/SLOT → the runtime that it has before this install

is_held() { [[ -n $1 && -n ${held_slots[$1]:-} ]]; }

# find_held_slots: by what is installed now. What is damaged is not held, so that an install can mend it.
find_held_slots() {
  local name slot run_by
  for name in $(known_apps); do
    while read -r slot run_by; do
      former_runtime[$name/$slot]=$run_by
    done < <(slot_runtimes "$name" 2>/dev/null)
    read -r slot run_by < <(slot_to_hold "$name" 2>/dev/null) || continue
    held_slots[$name/$slot]=$run_by
    [[ -f $vgen_apps/$name/$slot.sh ]] || hold_former_slot "$name" "$slot"
  done
}

# hold_former_slot APP SLOT: what is live was installed by an engine that wrote no file of what scripts know of a slot,
# and not in the record which files are a slot's. It gets that file, and those that it is restarted for are its own.
hold_former_slot() {
  local path=$vgen_apps/$1/$2.sh data one
  data=$(slot_data "$1" "$2")
  make_parents "$path"
  save "$path"
  printf '%s\n' "$data" >"$path" || fail 2 "$path cannot be written"
  chmod 0644 -- "$path"
  hash_files "$path"
  former_content[$path]=${hash_of[$path]} former_kind[$path]=file former_check[$path]=bash former_slot[$path]=$1/$2
  former_triggers[$path]='' former_source[$path]='' former_mode[$path]=0644 former_owner[$path]=root:root
  for one in "${!former_content[@]}"; do
    [[ -n ${former_slot[$one]} || ,${former_triggers[$one]}, != *",slot:$1/$2,"* ]] || former_slot[$one]=$1/$2
  done
}

# slot_runtimes APP: each slot with its runtime, one a line.
slot_runtimes() (
  load_app "$1"
  for slot in "${slots[@]}"; do
    printf '%s %s\n' "$slot" "${runtime_of[$slot]}"
  done
)

# changes_runtime SLOT: its release was deployed for another runtime, with another command perhaps.
changes_runtime() { [[ ${former_runtime[$app/$1]:-${runtime_of[$1]}} != "${runtime_of[$1]}" ]]; }

# slot_data APP SLOT: what scripts know of it, as the compiler writes it.
slot_data() (
  load_app "$1"
  printf '%s\n' '# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them'
  printf 'slot_%s=%q\n' unit "${unit_of[$2]}" port "${port_of[$2]}" runtime "${runtime_of[$2]}" \
    health "${health_of[$2]}"
)

# slot_to_hold APP: its live slot and that one's runtime, if it runs. An app that this tree drops, or moves to another
# directory, ends: there is no slot that it could be switched to.
slot_to_hold() (
  load_app "$1"
  slot=$(slot_at live)
  if [[ -n $slot && " ${want_slots[*]/ //} " == *" $1/$slot "* && $(dir_in_tree "$1") == "$dir" ]] && is_in_use "$slot"
  then
    printf '%s %s\n' "$slot" "${runtime_of[$slot]}"
  fi
)

# slot_that_needs PATH: in REPLY, the held slot that needs a path of the record: it is its own, or of the unit that
# runs it.
slot_that_needs() {
  local unit
  REPLY=${former_slot[$1]}
  ! is_held "$REPLY" || return 0
  for REPLY in $(sorted "${!held_slots[@]}"); do
    unit=${runtime_unit[${held_slots[$REPLY]}]:-}
    [[ -n $unit ]] || continue
    [[ $1 != /etc/systemd/system/$unit.d/* && ,${former_triggers[$1]}, != *",restart:$unit,"* ]] || return 0
  done
  return 1
}

# dir_in_tree APP: its directory, as this tree has it.
dir_in_tree() (
  # shellcheck source=/dev/null
  . "${tree:?}$vgen_apps/$1.sh"
  printf '%s' "$dir"
)

# refuse_held_ports: no slot can get the port that a live one keeps until its switch. In the words of heldPorts in
# src/contract/held.ts.
refuse_held_ports() {
  local held port wanted taker remedy
  for held in $(sorted "${!held_slots[@]}"); do
    port=$(installed_port "$held")
    wanted=$(port_in_tree "$held")
    [[ $wanted != "$port" ]] || continue
    for taker in "${want_slots[@]/ //}"; do
      [[ $(port_in_tree "$taker") == "$port" ]] || continue
      remedy="change ports in two steps: first $held alone, then switch, then $taker"
      [[ $(installed_port "$taker" 2>/dev/null || true) != "$wanted" ]] ||
        remedy="give $held a third port first, apply, switch; then $taker $port, apply, switch; then $held $wanted"
      fail 3 "$taker: port $port is that of $held, which keeps it until its switch; $remedy"
    done
  done
}

# installed_port APP/SLOT
installed_port() (
  load_app "${1%/*}"
  printf '%s' "${port_of[${1#*/}]}"
)

# port_in_tree APP/SLOT
port_in_tree() (
  # shellcheck source=/dev/null
  . "${tree:?}$vgen_apps/$1.sh"
  printf '%s' "${slot_port:-}"
)

# is_in_use SLOT: it runs, or a process of the app's user answers on its port although no manager knows of it.
is_in_use() {
  local owner
  [[ -n $(release_of "$1") ]] || return 1
  look_at "$1"
  [[ $process_state != running ]] || return 0
  owner=$(id -u -- "${user:-root}" 2>/dev/null) || return 1
  sockets_on "${port_of[$1]}" | grep -qE "^[0-9]+ $owner\$"
}

# waits_for_switch INDEX: this file of the tree belongs to a live slot and is another than what is installed. A new one
# that the process does not read is needed at once, by nginx for example, if what it says of the slot is true today.
waits_for_switch() {
  local path=${file_path[$1]} slot=${file_slot[$1]} data
  is_held "$slot" || return 1
  if [[ -z ${former_content[$path]:-} ]]; then
    data=$vgen_apps/$slot.sh
    [[ ",${file_triggers[$1]}," == *",slot:$slot,"* || ${tree_sum[$data]} != "${former_source[$data]:-}" ]]
  else
    # earlier records have neither mode nor owner
    [[ ${new_content[$path]} != "${former_content[$path]}" ||
      ${file_owner[$1]} != "${former_owner[$path]:-${file_owner[$1]}}" ]] ||
      (( 8#${file_mode[$1]} != 8#${former_mode[$path]:-${file_mode[$1]}} ))
  fi
}

# was_waiting APP/SLOT: its files waited, and do so no more.
was_waiting() { ! is_held "$1" && [[ " ${former_waiting[*]} " == *" $1 "* ]]; }

# ---- templates/host/opt/vgen/lib/install/local-edits.sh
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

# ---- templates/host/opt/vgen/lib/install/orphans.sh
# Orphaned paths: the record has them and the tree has not. What vgen made goes, what was there before comes back.

orphaned_files=() orphaned_services=()      # paths of the former record that this tree has no more

# find_orphans: what the former record has and this tree has not, if it is still as vgen left it.
find_orphans() {
  local path gone=() hashed=()
  for path in "${!former_content[@]}"; do
    [[ -z ${declared[$path]:-} ]] || continue
    [[ -e $path || -L $path ]] || continue
    if slot_that_needs "$path"; then
      waiting[$path]=$REPLY
    else
      gone+=("$path")
    fi
  done
  (( ${#gone[@]} > 0 )) || return 0
  require_parents "${gone[@]}"
  # In reverse order a timer or socket comes before the service that it would start again.
  mapfile -t gone < <(printf '%s\n' "${gone[@]}" | sort -r)
  for path in "${gone[@]}"; do
    [[ ! -f $path || -L $path ]] || hashed+=("$path")
  done
  hash_files "${hashed[@]}"
  for path in "${gone[@]}"; do
    if ! has_content_as_left "$path" || [[ -n ${former_adopted[$path]:-} ]]; then
      warn "$path is no longer in the inventory, but was changed by someone else; it is kept"
    elif has_service "$path"; then
      orphaned_services+=("$path")
    else
      orphaned_files+=("$path")
    fi
  done
}

# has_service PATH: something runs because of this file, and has to stop before it goes.
has_service() {
  [[ $1 =~ ^/etc/systemd/system/[^/]+\.(service|timer|socket|path|mount)$ ]] || ask_runtimes has_programs "$1"
}

# remove_orphaned_files: those nothing runs from; together with the swap, so that the checks judge the final state.
remove_orphaned_files() {
  local path
  for path in "${orphaned_files[@]}"; do
    save "$path"
  done
  journal_safe
  for path in "${orphaned_files[@]}"; do
    remove "$path"
  done
}

# remove_orphaned_services: each is stopped and disabled, then its file goes; after the checks, before any start.
remove_orphaned_services() {
  local path
  for path in "${orphaned_services[@]}"; do
    if [[ $path == /etc/systemd/* ]]; then
      stop_unit "${path##*/}"
    else
      ask_runtimes has_programs "$path"
      "${REPLY}_stop_programs" "$path"
    fi
    save "$path"
    journal_safe
    remove "$path"
  done
}

stop_unit() {
  [[ $1 != *@.* ]] || return 0      # a template; nothing runs under its name
  journal_add stopped systemd "$1"
  systemctl disable --quiet --now -- "$1"
  change stop "$1"
}

# remove PATH: what vgen made goes; what was there before vgen comes back.
remove() {
  if has_original "$1"; then
    replace_with "$originals$1" "$1"
    change restore "$1"
  else
    rm -f -- "$1"
    change remove "$1"
  fi
}

forget_originals() {
  local path
  for path in "${orphaned_files[@]}" "${orphaned_services[@]}"; do
    rm -rf -- "${originals:?}$path"
  done
}

# remove_directories: those vgen made, that nothing declares any more and that are empty; the deepest first.
remove_directories() {
  local path
  while read -r path; do
    [[ -n $path && -z ${declared[$path]:-} && -d $path && ! -L $path ]] || continue
    [[ -z $(find "$path" -mindepth 1 -maxdepth 1 -print -quit) ]] || continue
    rmdir -- "$path"
    change remove "$path/"
  done < <(printf '%s\n' "${!former_directories[@]}" | sort -r)
}

# tell_left_alone: what vgen no longer looks after and does not end by itself.
tell_left_alone() {
  local name i
  for name in "${!former_units[@]}"; do
    [[ " ${want_units[*]} " != *" $name "* && ! " ${orphaned_services[*]} " =~ /"$name " ]] || continue
    warn "$name is no longer in the inventory; it is left running (to end it: systemctl disable --now $name)"
  done
  for name in "${!former_users[@]}"; do
    for i in "${!user_name[@]}"; do
      [[ ${user_name[i]} != "$name" ]] || continue 2
    done
    warn "user $name is no longer in the inventory; it is kept (to remove it: userdel $name)"
  done
}

# ---- templates/host/opt/vgen/lib/install/packages.sh
# Debian packages: installs those that are missing, all at once, and keeps their services from starting on a default
# configuration meanwhile. An installed package is never upgraded or removed here.

policy=/usr/sbin/policy-rc.d

install_packages() {
  local missing=() log
  allow_service_starts          # a run that was killed may have left its policy behind
  mapfile -t missing < <(missing_packages "$@")
  (( ${#missing[@]} > 0 )) || return 0
  install -d -m 0750 -- "${vgen_log:?}"
  log=$vgen_log/apt.log
  : >"$log"
  # A dpkg that was killed refuses to install anything until it has finished its former work.
  [[ -z $(dpkg --audit) ]] || dpkg --configure -a >>"$log" 2>&1 </dev/null || apt_failed "$log" "dpkg --configure -a"
  know_candidates "$log" "${missing[@]}"
  note "installing ${missing[*]}"
  block_service_starts
  # The index can name a version that the mirror no longer has, hence the second try.
  run_apt install --no-install-recommends "${missing[@]}" >>"$log" 2>&1 ||
    { run_apt update >>"$log" 2>&1 && run_apt install --no-install-recommends "${missing[@]}" >>"$log" 2>&1; } ||
    apt_failed "$log" "apt-get install ${missing[*]}"
  allow_service_starts
  change package "${missing[*]}"
}

# missing_packages NAME…: those that are not fully installed.
missing_packages() {
  local status name
  local -A installed=()
  (( $# > 0 )) || return 0
  while read -r status name; do
    [[ $status != ?i ]] || installed[$name]=yes
  done < <(dpkg-query --show --showformat '${db:Status-Abbrev} ${Package}\n' -- "$@" 2>/dev/null || true)
  for name; do
    [[ -n ${installed[$name]:-} ]] || printf '%s\n' "$name"
  done
}

# know_candidates LOG NAME…: apt can install each of them, if need be after an update of its index.
know_candidates() {
  local log=$1 absent
  shift
  absent=$(without_candidate "$@")
  if [[ -n $absent ]]; then
    note "updating the package index for$absent"
    run_apt update >>"$log" 2>&1 || apt_failed "$log" "apt-get update"
    absent=$(without_candidate "$@")
  fi
  [[ -z $absent ]] || fail 2 "no package source of this host has$absent"
}

without_candidate() {
  local name known
  for name; do
    known=$(apt-cache policy "$name")
    [[ $known == *'Candidate: '[!\(]* ]] || printf ' %s' "$name"
  done
}

run_apt() {
  DEBIAN_FRONTEND=noninteractive apt-get --quiet --yes \
    -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confold -o Dpkg::Options::=--force-confdef "$@" </dev/null
}

apt_failed() {
  tail -n 15 -- "$1" | indent
  fail 2 "\"$2\" failed; all of its output is in $1"
}

# Debian's invoke-rc.d asks this program before it starts a service; 101 means "not now".
block_service_starts() {
  [[ ! -e $policy && ! -L $policy ]] || mv -fT -- "$policy" "$policy.vgen-former"
  printf '#!/bin/sh\n# Made by vgen while it installs packages.\nexit 101\n' >"$policy.vgen-new"
  chmod 0755 -- "$policy.vgen-new"
  mv -fT -- "$policy.vgen-new" "$policy"
}

allow_service_starts() {
  if [[ -f $policy ]] && grep -q 'Made by vgen' "$policy"; then
    rm -f -- "$policy"
  fi
  if [[ -e $policy.vgen-former || -L $policy.vgen-former ]]; then
    mv -fT -- "$policy.vgen-former" "$policy"
  fi
}

# ---- templates/host/opt/vgen/lib/install/parents.sh
# The directories above what root writes. Whoever may write to one of them can exchange what lies in it for a link while
# root writes there, so all of them, up to the root directory, have to be root's alone.

declare -gA access_of=()         # directory or link → "TYPE UID GID MODE", of itself and not of what it points to
declare -gA is_roots=()          # directory → yes, for those that nobody but root can exchange

# read_access PATH…: what is known of the directories above these paths, by one run of stat.
read_access() {
  local path uid gid mode type
  local -A above=()
  for path; do
    path=${path%/*}
    while [[ -n $path && -z ${above[$path]:-} ]]; do
      above[$path]=yes
      path=${path%/*}
    done
  done
  (( ${#above[@]} > 0 )) || return 0
  while IFS=$'\t' read -r uid gid mode type path; do
    access_of[$path]="$type $uid $gid $mode"
  done < <(stat --printf '%u\t%g\t%a\t%.1A\t%n\n' -- "${!above[@]}" 2>/dev/null || true)
}

# require_roots DIRECTORY: fails unless it, and all above it, can be written to by root alone; of a link also what it
# leads to, one link at a time. What is not there yet is made by root.
require_roots() {
  local type uid gid mode target word
  [[ -n $1 && -z ${is_roots[$1]:-} ]] || return 0
  is_roots[$1]=yes              # before the rest: links can lead in a circle, and what is not so ends the install
  require_roots "${1%/*}"
  [[ -n ${access_of[$1]:-} ]] || read_access "$1/"
  [[ -n ${access_of[$1]:-} ]] || return 0
  read -r type uid gid mode <<<"${access_of[$1]}"
  if [[ $type == l ]]; then
    target=$(readlink -- "$1")
    (( uid == 0 )) || fail 2 "$1 is a link of $(stat -c %U -- "$1") to $target; root writes nothing below it: remove it"
    [[ $target == /* ]] || target=${1%/*}/$target
    require_roots "${target%/}"
  elif (( uid != 0 || (8#$mode & 8#002) != 0 || ((8#$mode & 8#020) != 0 && gid != 0) )); then
    printf -v word %q "$1"
    fail 2 "$1 belongs to $(stat -c '%U:%G, mode %a' -- "$1"); who can write there could exchange what root writes" \
      "below it: chown root $word && chmod go-w $word"
  fi
}

# require_parents PATH…: of each of them the directories above.
require_parents() {
  local path
  read_access "$@"
  for path; do
    require_roots "${path%/*}"
  done
}

# ---- templates/host/opt/vgen/lib/install/pending-actions.sh
# Pending actions: units and slots that may run with other files than those in place, written down before the swap and
# struck off when all has acted, so that no restart is lost.

pending_before=''               # what a former run left pending

# read_pending_actions: units and slots that a former run had to reload or restart and perhaps did not.
read_pending_actions() {
  local what unit
  [[ -s $pending_actions ]] || return 0
  pending_before=$(<"$pending_actions")
  while read -r what unit; do
    # a path, since what none calls for is not stale; those that did are back as they were
    note_due "$what" "$unit" "$pending_actions"
  done <<<"$pending_before"
}

# write_pending_actions: before the swap, so that no unit is forgotten whatever happens after it.
write_pending_actions() {
  local unit
  {
    for unit in "${!due_reload[@]}"; do printf 'reload %s\n' "$unit"; done
    for unit in "${!due_restart[@]}"; do printf 'restart %s\n' "$unit"; done
    for unit in "${!due_slots[@]}"; do printf 'slot %s\n' "$unit"; done
    for unit in "${!runtime_changed[@]}"; do printf 'reload %s\n' "${runtime_unit[$unit]}"; done
  } >"$pending_actions"
}

# keep_pending_actions: nothing has acted on the files of this run, and they are gone again.
keep_pending_actions() {
  if [[ -n $pending_before ]]; then
    printf '%s\n' "$pending_before" >"$pending_actions"
  else
    no_pending_actions
  fi
}

no_pending_actions() { rm -f -- "$pending_actions"; }

# ---- templates/host/opt/vgen/lib/install/put-back.sh
# Puts back what an install did, by its journal.

# put_back: everything as it was before the install that the journal tells of, the last step first. What cannot be put
# back does not keep the rest from it; but then the journal stays, and this fails.
put_back() {
  local line fields files=0 revive=() lines=() paths=() modes=() stuck=() last
  mapfile -t lines <"$journal"
  last=$((${#lines[@]} - 1))
  mapfile -t paths < <(cut -f 2 -- "$journal")
  read_access "${paths[@]}"
  # Of a full disk or a power loss half a line can stay. What it would have told of was not begun.
  [[ -z $(tail --bytes 1 -- "$journal") ]] || last=$((last - 1))
  for (( ; last >= 0; last-- )); do
    line=${lines[last]}
    IFS=$'\t' read -r -a fields <<<"$line"
    case ${fields[0]} in
      saved | new)
        [[ ${fields[1]} == "${record:?}" ]] || files=$((files + 1))
        put_back_path "${fields[@]}" || stuck+=("${fields[1]}")
        ;;
      mode) modes+=("$line") ;;
      made) [[ ! -d ${fields[1]} ]] || rmdir --ignore-fail-on-non-empty -- "${fields[1]}" ;;
      # a unit whose file is gone does not run
      started)
        systemctl stop -- "${fields[1]}" ||
          [[ $(systemctl show --property ActiveState --value -- "${fields[1]}") == inactive ]] ||
          stuck+=("${fields[1]}")
        ;;
      enabled) systemctl disable --quiet -- "${fields[1]}" 2>/dev/null || true ;;
      stopped) revive+=("${fields[1]} ${fields[2]}") ;;
      *) stuck+=("\"$line\"") ;;
    esac
  done
  systemctl daemon-reload
  for line in "${revive[@]}"; do
    revive_service "${line% *}" "${line#* }"
  done
  put_back_modes "${modes[@]}"
  if (( ${#stuck[@]} > 0 )); then
    failure="cannot be put back: ${stuck[*]}; the former versions are in $former"
    note "error: $failure"
    return 1
  fi
  journal_end
  (( files == 0 )) || say "put back $(count "$files" file) as before"
}

# put_back_modes LINE…: last of all, with the rest struck off the journal before: whoever gets a directory back could
# exchange what root writes there if all were put back once more.
put_back_modes() {
  local line fields
  (( $# > 0 && ${#stuck[@]} == 0 )) || return 0
  # on a full disk the whole journal stays, and what it names is refused below such a directory
  if printf '%s\n' "$@" >"$journal.new"; then
    on_disk "$journal.new"
    mv -fT -- "$journal.new" "$journal"
    on_disk "$vgen_state"
  else
    rm -f -- "$journal.new"
  fi
  for line; do
    IFS=$'\t' read -r -a fields <<<"$line"
    chown -- "${fields[3]}" "${fields[1]}" && chmod -- "${fields[2]}" "${fields[1]}" || stuck+=("${fields[1]}")
  done
}

# put_back_path saved|new PATH [NUMBER]
put_back_path() {
  (require_parents "$2") || return 1
  if [[ $1 == new ]]; then
    rm -f -- "$2"
  elif [[ -e $former/$3 || -L $former/$3 ]]; then
    replace_with "$former/$3" "$2"
  fi      # else it was written down and then not saved any more; or it is back already, and this was cut short after it
}

revive_service() {
  "${1}_revive" "$2" && return 0
  warn "$2 could not be started again"
}

# put_back_unfinished: an install that was killed left its journal; what it did is undone before anything else.
put_back_unfinished() {
  [[ -e $journal ]] || return 0
  note 'a former install was cut short; its changes are put back first'
  put_back || exit 2
}

# recover: what an install left half done that was killed or lost its power. At boot nothing runs yet, and what is
# started here waits for its turn; all of it reads the files that are back, so no reload or restart is pending any more.
recover() {
  local booting
  [[ -e $journal ]] || { say 'nothing was left half done'; return 0; }
  booting=$(systemctl is-system-running || true)
  [[ $booting != initializing && $booting != starting ]] || no_block=--no-block
  put_back || exit 2
  [[ -z $no_block ]] || no_pending_actions
  audit recover result=ok
}

# undo_install: the former files are back, and every unit and slot that took up the new ones takes up those. Ends the
# install.
undo_install() {
  local step settled=yes
  put_back || exit 2
  for step in "${acted[@]}"; do
    systemctl reload-or-restart -- "${step#* }" && continue
    warn "${step#* } does not come back with its former files either"
    settled=no
  done
  for step in "${!runtime_changed[@]}"; do
    "${step}_take_up" && continue
    warn "$step does not take up its former files either"
    settled=no
  done
  for step in "${settled_slots[@]}"; do
    load_app "${step% *}"
    restart_slot "${step#* }" && continue
    warn "$app: ${step#* } does not come back with its former files either"
    settled=no
  done
  [[ $settled == no ]] || keep_pending_actions
  failure=${unfit:-$failure}
  say "$want_host: nothing was changed"
  exit 1
}

# ---- templates/host/opt/vgen/lib/install/settle.sh
# Slots take up the files of today; but a live one waits for a switch.

# remember_due_slots: which slots have to restart is on the disk before the install counts as done.
remember_due_slots() {
  local what
  for what in $(sorted "${!due_slots[@]}"); do
    load_app "${what%%/*}"
    [[ -n $(release_of "${what#*/}") ]] || continue
    stale_add "$what" "$(slot_instance "${what#*/}")" "${due_slots[$what]}"
  done
}

# settle_slots: every slot that has a release runs, and runs with the files of today; but a live one waits for a switch.
settle_slots() {
  local name
  for name in $(sorted "${want_slots[@]%% *}" | uniq); do
    load_app "$name"
    repair_pair
    settle_slot "$(slot_at next)"
    [[ -z $unfit ]] || return 0
    settle_slot "$(slot_at live)"
  done
}

settle_slot() {
  local slot=$1 id
  id=$(release_of "$slot")
  [[ -n $id ]] || return 0
  if ! is_ready "$slot"; then
    failure="$app: ${runtime_unit[${runtime_of[$slot]}]} does not run"
    note_unfit "${runtime_unit[${runtime_of[$slot]}]}"
    return 0
  fi
  look_at "$slot"
  if [[ " ${waiting[*]} " == *" $app/$slot "* ]]; then
    say "$app: live slot $slot keeps its former configuration until the next switch"
    return 0
  fi
  if is_stale "$slot"; then
    if [[ $slot == "$(slot_at live)" && $process_state == running ]]; then
      say "$app: live slot $slot keeps its former configuration until the next switch"
      return 0
    fi
    settle_by restart "$slot" "$id"
  elif [[ $process_state != running && $process_state != starting ]]; then
    settle_by start "$slot" "$id"
  fi
}

# is_of_former_runtime SLOT RELEASE: this install gives the slot another runtime, and what is live is another release.
is_of_former_runtime() { changes_runtime "$1" && [[ $(release_of "$(slot_at live)") != "$2" ]]; }

# settle_by restart|start SLOT RELEASE: a release known to be bad is neither waited for nor a problem of this install.
settle_by() {
  if is_bad "$3"; then
    [[ $1 == restart ]] || return 0
    stop_slot "$2"
    start_slot "$2" || true
    stale_clear "$app/$2"
  else
    settled_slots+=("$app $2")
    if ! restart_slot "$2"; then
      if was_waiting "$app/$2" || { [[ $1 == restart ]] && is_of_former_runtime "$2" "$3"; }; then
        # it was live with its former configuration, what is live now runs with this one; or it was deployed for another
        # runtime: the next release is one for this
        mark_bad "$3" 'it does not run with the configuration of today'
        warn "$failure; release $3 is marked bad, and the next deploy brings another"
      elif [[ $1 == restart && -n ${due_slots[$app/$2]:-} ]]; then
        unfit=$failure          # its files changed with this install, and with them it does not run
      else
        problems+=("$failure")
      fi
      return 0
    fi
  fi
  change "$1" "$app/$2"
}

# ---- templates/host/opt/vgen/lib/install/status.sh
# Status: what runs on this host: its generation, the slots of each app, the units that vgen looks after, its
# certificates, what still runs with its former configuration, and drift. Changes nothing and waits for no lock.

down=0                          # how many things are
json_apps='' json_units='' json_certificates='' json_generation='' json_unconfirmed=null json_reverted=null
json_unfinished='false,"cutShort":false'

tell_generation() {
  local commit order time
  json_generation="\"generation\":$generation,\"tree\":$(json_string "$generation_tree")"
  if (( generation > 0 )); then
    order=$(field_of "$generation" 3)
    commit=$(field_of "$generation" 4)
    time=$(field_of "$generation" 5)
    printf 'generation %s, tree %s%s, since %s\n' "$generation" "${generation_tree:0:12}" \
      "$([[ $commit == - ]] || printf ', commit %s' "$commit")" "$time" >&3
    json_generation+=",\"order\":${order/#-/null},\"commit\":$(json_string "${commit#-}")"
    json_generation+=",\"since\":$(json_string "$time")"
  fi
}

# tell_app NAME
tell_app() {
  local role slots_json='' unfinished
  load_app "$1"
  printf 'app %s\n' "$app" >&3
  for role in live next; do
    tell_slot "$role"
    slots_json+=",\"$role\":$slot_json"
  done
  unfinished=$(unfinished_releases)
  if (( unfinished > 0 )); then
    printf '  %s: of a deploy that is under way, or was cut short; the next one removes it\n' \
      "$(count "$unfinished" 'unfinished release')" >&3
  fi
  json_apps+="${json_apps:+,}{\"name\":$(json_string "$app")$slots_json,\"unfinished\":$unfinished}"
}

# tell_slot live|next: the line of a slot; slot_json is the same as data.
tell_slot() {
  local role=$1 slot id state=none reason='' since='' stale later='' bad='' remedy=''
  slot=$(slot_at "$role")
  if [[ -z $slot ]]; then
    reason='the link names no slot'
    id=''
  else
    id=$(release_of "$slot")
  fi
  if [[ -n $id ]]; then
    look_at "$slot"
    state=$process_state
    since=$(started_at "$process_pid")
    reason=$(what_is_wrong "$role" "$slot" "$state")
  elif [[ -z $reason && $role == live ]]; then
    reason='nothing is deployed'
  fi
  stale=$([[ -z $slot ]] || stale_of_slot "$slot")
  [[ -z $slot ]] || later=$(waiting_paths "$app/$slot")
  stale+=${later:+${stale:+ }$later}
  [[ -z $id || ! -e $app_state/bad/$id ]] || bad=$(<"$app_state/bad/$id")
  # A release that is known to be bad waits in next for its successor; nothing is down because of that.
  if [[ -n $reason && ($role == live || -z $bad) ]]; then
    down=$((down + 1))
    [[ $role == next || -z $id ]] || remedy=$(way_out)
  fi
  printf '  %-5s %-6s %-28s %-9s %-21s %s%s%s\n' "$role" "${slot:--}" "${id:-no release}" "$state" "${since:--}" \
    "${reason:-${id:+healthy}}$(way_out_text "$remedy")" "${bad:+; marked bad}" \
    "${stale:+; former configuration, changed since: $stale}" >&3
  slot_json="{\"slot\":$(json_string "$slot"),\"release\":$(json_string "$id"),\"process\":$(json_string "$state")"
  slot_json+=",\"since\":$(json_string "$since"),\"healthy\":$([[ -n $id && -z $reason ]] && echo true || echo false)"
  slot_json+=",\"bad\":$(json_string "$bad"),\"reason\":$(json_string "$reason"),\"pending\":$(json_string "$stale")"
  slot_json+=",\"remedy\":$(json_string "$remedy")}"
}

# what_is_wrong ROLE SLOT STATE: one reason, or nothing. Live is up by the rule of the switch.
what_is_wrong() {
  local answer
  if [[ $3 != running ]]; then
    printf '%s' "${process_detail:-not running}"
    return
  fi
  if [[ $1 == live ]]; then
    { live_is_up "$2" && listens_itself "$2"; } || printf '%s' "$health_reason"
    return
  fi
  probe "$2" || { printf '%s' "$health_reason"; return; }
  is_served "$1" || return 0
  answer=$(ask_nginx "$1" /.vgen/slot 2>&1) || true
  [[ $answer == "$2" ]] || printf 'nginx answers "%s" on %s' "${answer:0:80}" "$(place_of "$1")"
}

stale_of_slot() {
  local what instance paths
  [[ -f $stale_file ]] || return 0
  while IFS=$'\t' read -r what instance paths; do
    [[ $what != "$app/$1" || $instance != "$(slot_instance "$1")" ]] || printf '%s' "$paths"
  done <"$stale_file"
}

# started_at PID: when the process started; the kernel counts in ticks since it booted itself.
started_at() {
  local instance boot
  instance=$(instance_of "$1")
  [[ $instance != none ]] || return 0
  boot=$(awk '$1 == "btime" { print $2 }' /proc/stat)
  date -u -d "@$((boot + ${instance##*:} / $(getconf CLK_TCK)))" +%Y-%m-%dT%H:%M:%SZ
}

tell_units() {
  local name names=() up stale
  [[ ! -f $vgen_state/installed.tsv ]] ||
    mapfile -t names < <(awk -F '\t' '$1 == "unit" { print $2 }' "$vgen_state/installed.tsv")
  (( ${#names[@]} > 0 )) || return 0
  read_units "${names[@]}"
  printf 'units\n' >&3
  for name in "${names[@]}"; do
    up=true
    if [[ ${unit_active[$name]} != active ]]; then
      up=false
      down=$((down + 1))
    fi
    stale=''
    ! runtime_of_unit "$name" || stale=$(stale_of_unit "$name" "$("${REPLY}_own_instance")")
    printf '  %-34s %s (%s)%s\n' "$name" "${unit_active[$name]}" "${unit_sub[$name]}" \
      "${stale:+; former configuration, changed since: $stale}" >&3
    json_units+="${json_units:+,}{\"name\":$(json_string "$name"),\"up\":$up"
    json_units+=",\"state\":$(json_string "${unit_active[$name]}")"
    json_units+=",\"pending\":$(json_string "$stale")}"
  done
}

# tell_jobs: those whose last run failed; a backup that is too old is one of them.
tell_jobs() {
  local name
  while read -r name _; do
    down=$((down + 1))
    printf 'job %s failed; see: journalctl -u %s\n' "$name" "$name" >&3
    json_units+="${json_units:+,}{\"name\":$(json_string "$name"),\"up\":false,\"state\":\"failed\",\"pending\":\"\"}"
  done < <(systemctl list-units --state failed --plain --no-legend --full 'vgen-job-*.service')
}

# stale_of_unit UNIT INSTANCE
stale_of_unit() {
  local what instance paths
  [[ -f $stale_file ]] || return 0
  while IFS=$'\t' read -r what instance paths; do
    [[ $what != "$1" || $instance != "$2" ]] || printf '%s' "$paths"
  done <"$stale_file"
}

# tell_unconfirmed: what waits for confirmation, and what was put back because nobody confirmed it.
tell_unconfirmed() {
  local left paths
  if [[ -e $unconfirmed || -e $reverting ]]; then
    paths=$(unconfirmed_paths)
    left=0
    [[ ! -e $unconfirmed ]] || left=$(seconds_left)
    printf 'unconfirmed: %s; put back in %s s unless /opt/vgen/bin/vgen confirm is run\n' "$paths" "$left" >&3
    json_unconfirmed="{\"seconds\":$left,\"paths\":$(json_words "$paths")}"
  fi
  [[ -s $reverted ]] || return 0
  IFS=$'\t' read -r left paths <"$reverted"
  printf 'put back at %s, as nobody confirmed it: %s\n' "$left" "$paths" >&3
  json_reverted="{\"time\":$(json_string "$left"),\"paths\":$(json_words "$paths")}"
}

# tell_unfinished: an install that goes on is nothing to mend. The lock first: the journal may end between the two.
tell_unfinished() {
  local is_held=no
  ! lock_is_held || is_held=yes
  [[ -e $journal ]] || return 0
  json_unfinished='true,"cutShort":false'
  if [[ $is_held == yes ]]; then
    printf 'an install is under way\n' >&3
  else
    down=$((down + 1))
    json_unfinished='true,"cutShort":true'
    printf 'an install was cut short: "vgen apply" finishes it\n' >&3
  fi
}

# json_words TEXT: its words as an array; paths hold no blanks.
json_words() {
  local word list=''
  for word in $1; do
    list+="${list:+,}$(json_string "$word")"
  done
  printf '[%s]' "$list"
}

# tell_status yes|no: as JSON; 1 if something is down.
tell_status() {
  local as_json=$1
  # The lines go to descriptor 3: to the terminal, or nowhere when data is asked for.
  if [[ $as_json == yes ]]; then exec 3>/dev/null; else exec 3>&1; fi

  local host='' file
  [[ ! -f $vgen_state/host ]] || read -r host <"$vgen_state/host"
  printf 'host %s\n' "${host:-(nothing installed)}" >&3
  read_generations
  tell_generation
  for file in "$vgen_apps"/*.sh; do
    [[ ! -f $file ]] || tell_app "$(basename -- "$file" .sh)"
  done
  tell_units
  tell_certificates
  tell_jobs
  tell_drift
  tell_unconfirmed
  tell_unfinished
  if [[ $as_json == yes ]]; then
    printf '{"host":%s,"good":%s,%s,"unfinished":%s,' "$(json_string "$host")" \
      "$( (( down == 0 )) && echo true || echo false)" "$json_generation" \
      "$json_unfinished"
    printf '"apps":[%s],"units":[%s],"certificates":[%s],"drift":[%s],"unconfirmed":%s,"reverted":%s}\n' \
      "$json_apps" "$json_units" "$json_certificates" "$json_drift" "$json_unconfirmed" "$json_reverted"
  fi
  (( down == 0 ))
}

# ---- templates/host/opt/vgen/lib/install/units.sh
# systemd units: reloads and restarts those whose files changed, each once, and starts those that are down.

declare -gA due_checks=()        # name of a check → the paths it has to judge, one per line
declare -gA due_reload=() due_restart=() due_slots=()   # name → the paths that call for it, separated by spaces
declare -gA unit_active=() unit_sub=() unit_enabled=() unit_load=()
acted=()                        # "reload UNIT" or "restart UNIT", done in this run
declare -gA runtime_changed=()   # runtime → yes, if files changed that it takes up itself
systemd_changed=no
problems=()                     # what is wrong although the install went through
unfit=''                        # what this install itself made fail, so that it is put back
settled_slots=()                # "APP SLOT", those that took up the new files

# note_change PATH TRIGGERS CHECK: remembers what the change of a file triggers.
note_change() {
  local trigger path=$1
  ! ask_runtimes owns "$path" || runtime_changed[$REPLY]=yes
  [[ $path != /etc/systemd/system/* ]] || systemd_changed=yes
  [[ -z $3 ]] || due_checks[$3]+="${due_checks[$3]:+$'\n'}$path"
  for trigger in ${2//,/ }; do
    case $trigger in
      confirm) confirm_paths+=("$path") ;;
      *) note_due "${trigger%%:*}" "${trigger#*:}" "$path" ;;
    esac
  done
}

# note_due reload|restart|slot NAME [PATH]
note_due() {
  case $1 in
    reload) due_reload[$2]+=" ${3:-}" ;;
    restart) due_restart[$2]+=" ${3:-}" ;;
    slot) due_slots[$2]+=" ${3:-}" ;;
  esac
}

# read_units NAME…: systemctl answers in one block per name, in their order.
read_units() {
  local line name
  (( $# > 0 )) || return 0
  name=$1
  while IFS= read -r line; do
    case $line in
      ActiveState=*) unit_active[$name]=${line#*=} ;;
      SubState=*) unit_sub[$name]=${line#*=} ;;
      LoadState=*) unit_load[$name]=${line#*=} ;;
      UnitFileState=*) unit_enabled[$name]=${line#*=} ;;
      '')
        shift
        name=${1:-}
        ;;
    esac
  done < <(systemctl show --property ActiveState,SubState,LoadState,UnitFileState -- "$@")
}

is_up() {
  read_units "$1"
  [[ ${unit_active[$1]} == active || ${unit_active[$1]} == reloading || ${unit_active[$1]} == refreshing ]]
}

# act_on_units: everything that changed is taken up, reloads before restarts. Fails, with the reason told, at the first
# unit that does not come back.
act_on_units() {
  local unit
  [[ $systemd_changed == no ]] || systemctl daemon-reload
  for unit in $(sorted "${!due_reload[@]}"); do
    [[ -z ${due_restart[$unit]:-} ]] || continue
    act reload "$unit" || return 1
  done
  for unit in $(sorted "${!due_restart[@]}"); do
    act restart "$unit" || return 1
  done
  for unit in $(sorted "${!runtime_changed[@]}"); do
    "${unit}_take_up" || return 1
  done
  (( ${#acted[@]} == 0 )) || settled "${acted[@]#* }"
}

# act reload|restart UNIT: a unit that is down is not touched here; start_units comes later.
act() {
  local keeper=''
  if runtime_of_unit "$2"; then
    keeper=$REPLY
    runtime_changed[$keeper]=yes
    [[ $1 == restart ]] || return 0
  fi
  is_up "$2" || return 0
  if [[ -n $keeper ]] && keeps_live "$keeper"; then
    stale_add "$2" "$("${keeper}_own_instance")" "${due_restart[$2]# }"
    return 0
  fi
  acted+=("$1 $2")
  "${1}_unit" "$2" || return 1
  change "$1" "$2"
}

restart_unit() {
  local output
  output=$(systemctl restart -- "$1" 2>&1) && return 0
  explain_unit "$1" "does not start with its new files" "$output"
}

reload_unit() {
  local output
  if [[ $1 == nginx.service ]]; then
    reload_nginx
    return
  fi
  output=$(systemctl reload -- "$1" 2>&1) && return 0
  explain_unit "$1" "does not take its new files" "$output"
}

# "nginx -s reload" succeeds although the master then refuses the files, because a port is taken for example. Only new
# workers prove that it took them.
reload_nginx() {
  local master earlier worker count log=/var/log/nginx/error.log
  master=$(systemctl show --property MainPID --value nginx.service)
  earlier=" $(<"/proc/$master/task/$master/children") "
  systemctl reload nginx.service >/dev/null 2>&1 || true
  for (( count = 0; count < 100; count++ )); do
    for worker in $(<"/proc/$master/task/$master/children"); do
      [[ $earlier == *" $worker "* || ! -d /proc/$worker ]] || return 0
    done
    sleep 0.05
  done
  explain_unit nginx.service "did not take its new files" "$(grep -F '[emerg]' "$log" 2>/dev/null | tail -n 3)"
}

# explain_unit UNIT WHAT OUTPUT: tells why, always fails.
explain_unit() {
  failure="$1 $2"
  note "error: $failure"
  [[ -z $3 ]] || indent <<<"$3"
  journalctl --unit "$1" --lines 8 --output cat --no-pager 2>/dev/null | indent || true
  return 1
}

# settled UNIT…: a service can die right after systemd called it started; so a second later it must still be there.
settled() {
  local unit
  sleep 1
  for unit; do
    read_units "$unit"
    if [[ ${unit_active[$unit]} == failed || ${unit_sub[$unit]} == auto-restart ]]; then
      explain_unit "$unit" 'ended right after its start' ''
      return 1
    fi
  done
}

# start_units: all that shall run is enabled and runs. One that was down before this install is a separate problem;
# one that is new has to start.
start_units() {
  local unit started=()
  read_units "${want_units[@]}"
  for unit in "${want_units[@]}"; do
    ! lacks_program "$unit" || continue
    enable_unit "$unit"
    if [[ ${unit_active[$unit]} != active || ${unit_sub[$unit]} == auto-restart ]]; then
      journal_add started "$unit"
      if start_unit "$unit"; then started+=("$unit"); else note_unfit "$unit"; fi
    fi
  done
  (( ${#started[@]} > 0 )) || return 0
  settled "${started[@]}" || note_unfit "${failure%% *}"
}

# note_unfit UNIT: it failed; is that this install's doing?
note_unfit() {
  if [[ -z ${former_units[$1]:-} || -n ${due_restart[$1]:-} ]]; then
    unfit=${unfit:-$failure}
  else
    problems+=("$failure")
  fi
}

enable_unit() {
  [[ ${unit_enabled[$1]} == disabled ]] || return 0
  journal_add enabled "$1"
  if systemctl enable --quiet -- "$1" 2>/dev/null; then
    change enable "$1"
  fi
}

start_unit() {
  local output
  if [[ ${unit_load[$1]} == not-found ]]; then
    failure="there is no unit $1 on this host"
    note "error: $failure"
    return 1
  fi
  systemctl reset-failed -- "$1" 2>/dev/null || true
  if ! output=$(systemctl start -- "$1" 2>&1); then
    explain_unit "$1" 'does not start' "$output" || return 1
  fi
  change start "$1"
}

# lacks_program UNIT: it runs a program that Debian does not have and that nobody has put here yet.
lacks_program() {
  local entry runs
  for entry in "${want_programs[@]}"; do
    [[ ! -x ${entry%% *} ]] || continue
    runs=$(systemctl show --property ExecStart --value -- "$1")
    [[ $runs != *"${entry%% *} "* && $runs != *"${entry%% *};"* ]] || return 0
  done
  return 1
}

tell_missing_programs() {
  local entry
  for entry in "${want_programs[@]}"; do
    [[ -x ${entry%% *} ]] || warn "${entry%% *} is not there, and what needs it is not started; get it from ${entry#* }"
  done
}

# ---- templates/host/opt/vgen/lib/install/users.sh
# System users, and the secrets that have to be on the host. Users are never removed: files may belong to them.

# make_user NAME HOME SHELL GROUP,GROUP
make_user() {
  local name=${1:?} home=${2:?} shell=${3:?} groups=$4 entry group_option=--user-group
  require_groups "$name" "$groups"
  if ! entry=$(getent passwd "$name"); then
    ! getent group "$name" >/dev/null || group_option=--gid=$name
    useradd --system "$group_option" --home-dir "$home" --no-create-home --shell "$shell" -- "$name"
    change user "$name"
  elif [[ $(cut -d: -f6,7 <<<"$entry") != "$home:$shell" ]]; then
    usermod --home "$home" --shell "$shell" -- "$name" ||
      fail 2 "user $name has another home or shell and runs something, so it cannot be changed now; stop it first," \
        "or name another user"
    change user "$name" "(home $home, shell $shell)"
  fi
  join_groups "$name" "$groups"
}

require_groups() {
  local group
  for group in ${2//,/ }; do
    getent group "$group" >/dev/null || fail 2 "user $1 shall be in group $group, which does not exist here"
  done
}

# join_groups NAME GROUP,GROUP: in these groups, and out of those in which vgen had put it before.
join_groups() {
  local name=$1 groups=$2 group has
  has=" $(id -nG -- "$name") "
  for group in ${groups//,/ }; do
    [[ $has != *" $group "* ]] || continue
    usermod --append --groups "$group" -- "$name"
    change user "$name" "(joins $group)"
  done
  for group in $(former_groups_of "$name"); do
    [[ ,$groups, != *",$group,"* && $has == *" $group "* ]] || continue
    gpasswd --delete "$name" "$group" >/dev/null
    change user "$name" "(leaves $group)"
  done
}

make_users() {
  local i
  for i in "${!user_name[@]}"; do
    make_user "${user_name[i]}" "${user_home[i]}" "${user_shell[i]}" "${user_groups[i]}"
  done
}

# require_secrets NAME…: every one is there, not empty, and for root alone.
require_secrets() {
  local name file missing=()
  (( $# > 0 )) || return 0
  install -d -m 0700 -o root -g root -- "${vgen_secrets:?}"
  for name; do
    file=$vgen_secrets/${name:?}
    if [[ ! -f $file || ! -s $file ]]; then
      missing+=("$name")
    elif [[ $(stat -c '%a %u' -- "$file") != '600 0' ]]; then
      chown -- root:root "$file"
      chmod -- 0600 "$file"
      warn "secret $name was not for root alone; now it is, but others may have read it"
    fi
  done
  (( ${#missing[@]} == 0 )) || fail 2 "missing in $vgen_secrets: ${missing[*]}" \
    "(put one there with: install -m 0600 /dev/stdin $vgen_secrets/${missing[0]})"
}

# ---- templates/host/opt/vgen/lib/install/view.sh
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

# ---- templates/host/opt/vgen/lib/install/write-record.sh
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

# ---- templates/nginx/check.sh
# The check of nginx's files (lib/install/checks.sh).

check_nginx() {
  local output
  if ! output=$(nginx -t 2>&1); then
    grep -E '\[(emerg|alert|crit|error)\]' <<<"$output" || printf '%s\n' "$output"
    return 1
  fi
  grep -F '[warn]' <<<"$output" | indent || true
}

# ---- templates/postgres/check.sh
# The check of PostgreSQL's files (lib/install/checks.sh).

# "postgres -C" reads all of a cluster's files and prints one setting, or says what is wrong; it refuses to be root.
check_postgres() {
  local path version output
  for path; do
    [[ $path =~ ^/etc/postgresql/([0-9]+)/ ]] || continue
    version=${BASH_REMATCH[1]}
    output=$(cd / && runuser -u postgres -- "/usr/lib/postgresql/$version/bin/postgres" -C listen_addresses \
      -D "/etc/postgresql/$version/main" 2>&1) && continue
    sed -E 's/^[0-9-]+ [0-9:.]+ [A-Z]+ \[[0-9]+\] //' <<<"$output"
    return 1
  done
}

# ---- templates/redis/check.sh
# The check of Redis's files (lib/install/checks.sh).

# Redis has no check: it is started on a private socket, with everything that touches the machine overridden.
check_redis() {
  local path scratch
  for path; do
    [[ -f $path ]] || continue
    scratch=$(mktemp -d /run/vgen-redis.XXXXXX)
    if ! try_redis "$path" "$scratch"; then
      sed -e "s|$scratch/copy.conf|$path|g" "$scratch/log"
      rm -rf -- "${scratch:?}"
      return 1
    fi
    rm -rf -- "${scratch:?}"
  done
}

try_redis() {
  local scratch=$2 process count sound=1
  # dir and logfile are taken up while the file is read, before an override can replace them.
  sed -E '/^[[:space:]]*(dir|logfile)[[:space:]]/Id' "$1" >"$scratch/copy.conf"
  redis-server "$scratch/copy.conf" --port 0 --tls-port 0 --bind 127.0.0.1 --unixsocket "$scratch/socket" \
    --dir "$scratch" --logfile '' --daemonize no --supervised no --save '' --appendonly no --replicaof no one \
    --pidfile '' --loglevel warning >"$scratch/log" 2>&1 </dev/null &
  process=$!
  for (( count = 0; count < 100; count++ )); do
    [[ ! -S $scratch/socket ]] || { sound=0; break; }
    kill -0 "$process" 2>/dev/null || break
    sleep 0.05
  done
  kill -9 "$process" 2>/dev/null || true
  wait "$process" 2>/dev/null || true
  return "$sound"
}

# ---- templates/supervisor/check.sh
# The check of supervisord's files (lib/install/checks.sh).

# supervisord prints whole environments with its errors, so only the place is told; the text stays with root.
check_supervisor() {
  local output place
  output=$(/usr/bin/python3 -c '
import sys
from supervisor.options import ServerOptions
ServerOptions().realize(["-c", sys.argv[1]])' /etc/supervisor/supervisord.conf 2>&1) && return 0
  (umask 077 && printf '%s\n' "$output" >"$vgen_state/supervisor-check.log")
  place=$(supervisor_error_place <<<"$output")
  printf '%s\n' "${place:-its configuration cannot be read}"
  printf '%s\n' "the whole message, which may show secrets, is in $vgen_state/supervisor-check.log"
  return 1
}
