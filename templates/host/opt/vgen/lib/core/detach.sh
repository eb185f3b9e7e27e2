#!/usr/bin/env bash
# Detached runs: what changes this host does not end with the terminal, the ssh connection or ssh.service. A script
# starts itself again as a separate unit (in a separate session where PID 1 is not systemd) and only follows what
# that run prints. Each run has a directory, /var/log/vgen/runs/TIME-ACTION-PID, with
#
#   what       the action and its arguments      out, err   what it printed
#   command    that starts it again
#   pid        its process                       code       its exit code, once it has ended by itself
#   done       what it changed, in order: WHAT, a tab and its name, one line each. WHAT is package, user, certificate,
#              directory, file, link, remove or restore (of a path); reload, restart, enable, start or stop (of a unit,
#              or of a slot as APP/SLOT); update or stop (of a program of supervisor). Of packages the names have blanks
#              between them. What was put back is still in it; then the exit code is not 0.


runs=${vgen_log:?}/runs
runs_kept=50
foreground=no                   # "yes" in the run itself, or where somebody asked for it
followers=()                    # processes that print what a run prints
called=("${BASH_SOURCE[-1]}") # the script that somebody called, and the command that it was given
given=()                        # the words that follow it, but --foreground
[[ ${called[0]} == /* ]] || called[0]=$PWD/${called[0]}

# The process of a run. It outlives the script, so that somebody writes down how that ended. "sh" starts faster.
# shellcheck disable=SC2016  # that shell expands it
run_process='cd / && run=$1 && shift && echo "$$" >"$run/pid" && "$@" >"$run/out" 2>"$run/err" </dev/null
echo "$?" >"$run/code"'

# command_line WORD…: as somebody can run it.
command_line() {
  local word line=''
  for word; do
    encode_sh "$word"
    line+="${line:+ }$REPLY"
  done
  printf '%s' "$line"
}

# this_command OPTION…: what somebody called, with further options.
this_command() { command_line bash "${called[@]}" "${given[@]}" "$@"; }

# detached ACTION [ARGUMENT…]: returns in the run alone. The script as somebody called it ends here, as the run ends.
detached() {
  local what=$* run word
  for word in "${@:2}"; do
    [[ $word == --foreground ]] || given+=("$word")
  done
  [[ $foreground == no ]] || return 0
  require_root
  [[ -d $vgen_log ]] || install -d -m 0750 -- "$vgen_log"
  [[ -d $runs ]] || mkdir -m 0700 -- "$runs"
  TZ=UTC printf -v run '%s/%(%Y%m%dT%H%M%SZ)T-%s-%s' "$runs" -1 "$1" "$$"
  { mkdir -m 0700 -- "$run" && printf '%s\n' "$what" >"$run/what" && : >"$run/out" && : >"$run/err" &&
    printf '%s\n' "$(this_command)" >"$run/command"; } 2>/dev/null || cannot_write_run "$run"
  shift
  start_run "$run" "$what" bash "${called[@]}" --foreground "$@"
  forget_old_runs
  follow_run "$run"
}

# cannot_write_run RUN: in a terminal it goes through where what it writes down of itself is all that finds no room.
cannot_write_run() {
  local lack way=''
  rm -rf -- "${1:?}"
  lack=$(lack_of_room "$runs")
  [[ -n $(lack_of_room "$vgen_state")$(lack_of_room "$vgen_log") ]] ||
    way="; or run it in this terminal: $(this_command --foreground)"
  fail 2 "$1 cannot be written${lack:+: $lack}$way"
}

# start_run RUN WHAT COMMAND…: of the environment only what is named here comes along.
start_run() {
  local run=$1 what=$2 name kept=() began=$SECONDS until=$((SECONDS + 30)) lack
  shift 2
  set -- sh -c "$run_process" vgen-run "$run" "$@"
  SSH_CONNECTION=$(ssh_connection)
  for name in VGEN_LOCK_SECONDS SSH_CONNECTION SUDO_USER USER; do
    [[ -z ${!name:-} ]] || kept+=("$name=${!name}")
  done
  kept+=(HOME=/root "PATH=$PATH" "VGEN_RUN=$run" VGEN_ENVIRONMENT=clean)
  if [[ -d /run/systemd/system ]]; then
    # systemd would replace $NAME in what it starts; "$$" is one dollar.
    systemd-run --quiet --collect --unit="vgen-run-${run##*/}" --description="vgen $what" \
      "${kept[@]/#/--setenv=}" -- "${@//\$/\$\$}" ||
      fail 2 'systemd does not start it; see "systemctl status", or run it in this terminal:' \
        "$(this_command --foreground)"
  else
    setsid env -i "${kept[@]}" "$@" >/dev/null 2>&1 </dev/null &
  fi
  until [[ -s $run/pid ]]; do
    if (( SECONDS > began )); then
      began=$SECONDS
      lack=$(lack_of_room "$run")
      [[ -z $lack ]] || fail 2 "it has not started: $lack"
    fi
    (( SECONDS < until )) || fail 2 "it has not started after 30 s; see: journalctl --unit vgen-run-${run##*/}"
    sleep 0.002
  done
}

# ssh_connection: "CLIENT PORT SERVER PORT" over which the caller came; nothing from a console. sudo and su take it out
# of the environment, not out of that of their parents.
ssh_connection() {
  local pid=$PPID field
  [[ -z ${SSH_CONNECTION:-} ]] || { printf '%s' "$SSH_CONNECTION"; return; }
  while (( pid > 1 )); do
    while IFS= read -r -d '' field; do
      [[ $field != SSH_CONNECTION=* ]] || { printf '%s' "${field#*=}"; return; }
    done 2>/dev/null <"/proc/$pid/environ" || true
    pid=$(awk '$1 == "PPid:" { print $2 }' "/proc/$pid/status" 2>/dev/null) || return 0
  done
}

# forget_old_runs: all but the last that ended.
forget_old_runs() {
  local all=("$runs"/*/) i
  for (( i = 0; i < ${#all[@]} - runs_kept; i++ )); do
    is_under_way "${all[i]%/}" || rm -rf -- "${all[i]:?}"
  done
}

# is_under_way RUN: a process id alone can belong to another by now.
is_under_way() { [[ -s $1/pid ]] && grep -qsF -- "$1" "/proc/$(<"$1/pid")/cmdline"; }

# follow_run RUN: prints what it prints and ends with its exit code. The run does not notice whether anybody follows.
follow_run() {
  local run=$1 pid
  read -r pid <"$run/pid"
  trap 'leave_run 129' HUP
  trap 'leave_run 130' INT
  trap 'leave_run 143' TERM
  trap : PIPE
  print_while "$pid" "$run/err" >&2
  print_while "$pid" "$run/out"
  wait
  # Nobody reads any more; its exit code is still an answer.
  if is_under_way "$run"; then
    print_while "$pid" /dev/null
    wait
  fi
  end_as_run "$run"
}

# print_while PID FILE: in the background, all that is in FILE and comes until the process has ended.
print_while() {
  tail --lines=+1 --follow --sleep-interval=0.01 --pid="$1" -- "$2" 2>/dev/null &
  followers+=("$!")
}

# leave_run CODE
leave_run() {
  trap - HUP INT TERM
  note "it goes on without this terminal; to follow it again: $(command_line bash "${called[@]}" --attach)"
  kill "${followers[@]}" 2>/dev/null || true
  exit "$1"
}

# end_as_run RUN: 129, 130 and 143 are scripts that a signal ended and that tidied up.
end_as_run() {
  local code=''
  [[ ! -s $1/code ]] || read -r code <"$1/code"
  [[ ! $code =~ ^([0-3]|129|130|143)$ ]] || exit "$code"
  fail 2 "the run was killed${code:+ (exit code $code)}; run it again," \
    "that finishes or undoes what it left: $(cat -- "$1/command" 2>/dev/null || cat -- "$1/what")"
}

# attach: the run that is under way, the first if others wait for it; else how the last one went. Ends as that run did.
attach() {
  local run last='' first='' code=none
  require_root
  for run in "$runs"/*/; do
    run=${run%/}
    [[ -s $run/pid ]] || continue
    [[ -n $last && ! $run -nt $last ]] || last=$run
    [[ -n $first ]] || ! is_under_way "$run" || first=$run
  done
  [[ -n $last ]] || fail 2 'nothing has run here yet'
  if [[ -n $first ]]; then
    note "under way: $(<"$first/what"), since $(time_of_run "$first")"
    follow_run "$first"
  fi
  [[ ! -s $last/code ]] || code=$(<"$last/code")
  note "the last run: $(<"$last/what"), at $(time_of_run "$last"), exit code $code"
  cat -- "$last/err" >&2
  cat -- "$last/out"
  end_as_run "$last"
}

# time_of_run RUN: 20260131T235959Z is 2026-01-31T23:59:59Z.
time_of_run() { sed -E 's/^(....)(..)(..T..)(..)/\1-\2-\3:\4:/; s/-[a-z]+-[0-9]+$//' <<<"${1##*/}"; }
