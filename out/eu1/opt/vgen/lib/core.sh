#!/usr/bin/env bash
# Made by vgen; do not edit.

# ---- templates/host/opt/vgen/lib/core/core.sh
# Core: what all else stands on: settings, places, words to people, options, the lock, detached runs, encoders.
# Layers call downward only: core, state, runtime, release, install. Each is one file on a host, joined of the files of
# its folder when vgen is built; the one of a layer loads the one below. Whoever loads the first one sets "lib".

vgen_state=/var/lib/vgen            # records, saved files, history; root only
vgen_secrets=/etc/vgen/secrets      # one file per secret; root only
vgen_tls=/etc/vgen/tls              # keys and certificates, one directory each; the bundle of CAs, ca.pem
vgen_apps=/opt/vgen/apps            # generated data, one file per app
vgen_log=/var/log/vgen
vgen_lock=/var/lib/vgen/lock
readonly vgen_state vgen_secrets vgen_tls vgen_apps vgen_log vgen_lock

shopt -s inherit_errexit            # $(…) stops at its first error, as everything else does
umask 022
unset CDPATH
# Messages of other programs are read below. C.UTF-8 and not C: PostgreSQL's package makes its cluster in this encoding.
export LC_ALL=C.UTF-8
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# clean_environment ARGUMENT…: starts the script again unless its environment is clean: an inherited variable or
# function could pass for one of vgen's. Only what is read here comes along.
clean_environment() {
  local name kept=()
  [[ ${VGEN_ENVIRONMENT:-} != clean ]] || return 0
  for name in HOME SSH_CONNECTION SUDO_USER TERM USER VGEN_LOCK_SECONDS VGEN_RUN; do
    [[ -z ${!name:-} ]] || kept+=("$name=${!name}")
  done
  exec env -i "PATH=$PATH" VGEN_ENVIRONMENT=clean "${kept[@]}" bash "${BASH_SOURCE[-1]}" "$@"
}

# ---- templates/host/opt/vgen/lib/core/detach.sh
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

# ---- templates/host/opt/vgen/lib/core/encode.sh
# Puts secrets into files: each @vgen(ENCODER:BODY) becomes its value in the grammar of that file. The encoders are
# those of vgen's src/escape, byte for byte. A value goes from variable to variable, never into a process's arguments.

# encode ENCODER VALUE: the text for VALUE in REPLY; or 1, and why not in REASON, which never holds the value.
# ENCODER: configobj envfile nginx pem redis redissha256 sh sqlstring supervisorenv yaml.
encode() {
  local -
  set +ax
  local LC_ALL=C
  REPLY=''
  REASON=''
  require_utf8 "$2" || return 1
  case $1 in
    configobj | envfile | nginx | pem | redis | redissha256 | sh | sqlstring | supervisorenv | yaml) "encode_$1" "$2" ;;
    *) refuse_value 'the encoder is unknown' ;;
  esac
}

refuse_value() {
  REPLY=''
  REASON=$1
  return 1
}

# All multi-byte sequences away, then a byte that is left is not UTF-8. No regex: old C libraries know no such ranges.
require_utf8() {
  local +x rest=$1 more=$'[\x80-\xbf]' pattern
  [[ $rest == *[$'\x80'-$'\xff']* ]] || return 0
  for pattern in $'[\xc2-\xdf]'"$more" $'\xe0[\xa0-\xbf]'"$more" $'[\xe1-\xec\xee\xef]'"$more$more" \
    $'\xed[\x80-\x9f]'"$more" $'\xf0[\x90-\xbf]'"$more$more" $'[\xf1-\xf3]'"$more$more$more" \
    $'\xf4[\x80-\x8f]'"$more$more"; do
    rest=${rest//$pattern/.}
  done
  [[ $rest != *[$'\x80'-$'\xff']* ]] || refuse_value 'the value is not UTF-8'
}

# replace_bytes BEFORE SET ESCAPE: in REPLY, BEFORE and one byte of SET become ESCAPE and that byte in hex.
replace_bytes() {
  local +x start byte pattern="$1[$2]" hex
  while [[ $REPLY == *$pattern* ]]; do
    # shellcheck disable=SC2295  # a pattern is meant
    start=${REPLY%%$pattern*}
    byte=${REPLY:${#start}+${#1}:1}
    printf -v hex '%02x' "'$byte"
    REPLY=${REPLY//"$1$byte"/"$3$hex"}
  done
}

# escape_with_backslash CHARACTERS: in REPLY, a backslash before each of them.
escape_with_backslash() {
  local i char
  for (( i = 0; i < ${#1}; i++ )); do
    char=${1:i:1}
    REPLY=${REPLY//"$char"/"\\$char"}
  done
}

encode_sh() {
  local quote="'" escaped="'\\''"
  local reserved=' case coproc do done elif else esac fi for function if in select then time until while '
  if [[ -n $1 && $1 != *[!A-Za-z0-9_./:@%+=,-]* && ! $1 =~ ^[A-Za-z_][A-Za-z0-9_]*[+]?= ]]; then
    if [[ $reserved != *" $1 "* ]]; then
      REPLY=$1
      return 0
    fi
  fi
  REPLY="'${1//"$quote"/"$escaped"}'"
}

encode_envfile() {
  local fdd0=$'\xef\xb7[\x90-\xaf]' fffe=$'\xef\xbf[\xbe\xbf]' higher=$'[\xf0-\xf4][\x8f\x9f\xaf\xbf]\xbf[\xbe\xbf]'
  if [[ $1 == *$fdd0* || $1 == *$fffe* || $1 == *$higher* ]]; then
    refuse_value 'systemd refuses an environment with a Unicode noncharacter'
    return 1
  fi
  REPLY=$1
  escape_with_backslash "\\\"\$\`"
  REPLY="\"$REPLY\""
}

encode_nginx() {
  local dollar="\${dollar}"
  if [[ $1 == *[$'\r\n']* ]]; then
    refuse_value 'an nginx parameter cannot hold a line break'
    return 1
  fi
  REPLY=$1
  escape_with_backslash "\\\""
  REPLY="\"${REPLY//"$"/"$dollar"}\""
  (( ${#REPLY} <= 4000 )) || refuse_value 'an nginx parameter cannot be longer than 4000 bytes'
}

encode_pem() {
  local block=$'-----BEGIN [A-Z0-9 ]+-----\n([A-Za-z0-9+/=]+\n)+-----END [A-Z0-9 ]+-----\n'
  REPLY=${1%$'\n'}
  [[ $REPLY$'\n' =~ ^($block)+$ ]] || refuse_value 'this is no key or certificate in PEM'
}

encode_configobj() {
  local quote='"'
  if [[ $1 == *[$'\r\n']* ]]; then
    refuse_value 'a value of this file cannot hold a line break'
  elif [[ $1 == *'%('* ]]; then
    refuse_value 'a value of this file cannot hold "%("'
  elif [[ $1 == *\"* && $1 == *\'* ]]; then
    refuse_value 'a value of this file cannot hold both kinds of quotes'
  else
    [[ $1 != *\"* ]] || quote="'"
    REPLY=$quote$1$quote
  fi
}

encode_redis() {
  REPLY=$1
  escape_with_backslash "\\\""
  replace_bytes '' '! -~' "\\x"
  REPLY="\"$REPLY\""
}

encode_redissha256() {
  local sum
  if [[ -z $1 ]]; then
    refuse_value 'a redis password cannot be empty'
    return 1
  fi
  sum=$(printf '%s' "$1" | sha256sum) || refuse_value 'sha256sum does not work here' || return 1
  REPLY="#${sum%% *}"
}

encode_sqlstring() {
  local quote="'"
  REPLY=$1
  escape_with_backslash "\\"
  REPLY=${REPLY//"$quote"/"$quote$quote"}
  REPLY=${REPLY//$'\n'/"\\n"}
  REPLY=${REPLY//$'\r'/"\\r"}
  REPLY="E'$REPLY'"
}

encode_yaml() {
  REPLY=$1
  escape_with_backslash "\\\""
  if [[ $REPLY == *[!\ -~]* ]]; then
    REPLY=${REPLY//$'\b'/"\\b"}
    REPLY=${REPLY//$'\t'/"\\t"}
    REPLY=${REPLY//$'\n'/"\\n"}
    REPLY=${REPLY//$'\f'/"\\f"}
    REPLY=${REPLY//$'\r'/"\\r"}
    replace_bytes '' $'\x01-\x1f\x7f' "\\u00"
    replace_bytes $'\xc2' $'\x80-\x9f' "\\u00"
    REPLY=${REPLY//$'\xe2\x80\xa8'/"\\u2028"}
    REPLY=${REPLY//$'\xe2\x80\xa9'/"\\u2029"}
    REPLY=${REPLY//$'\xef\xbb\xbf'/"\\ufeff"}
    REPLY=${REPLY//$'\xef\xbf\xbe'/"\\ufffe"}
    REPLY=${REPLY//$'\xef\xbf\xbf'/"\\uffff"}
  fi
  REPLY="\"$REPLY\""
}

encode_supervisorenv() {
  local +x quote='"' rest before
  if [[ $1 == *[$'\r\n']* ]]; then
    refuse_value 'a supervisor value cannot hold a line break'
    return 1
  elif [[ $1 == *\"* && $1 == *\'* ]]; then
    refuse_value 'a supervisor environment value cannot hold both kinds of quotes'
    return 1
  elif [[ $1 == [\"\']* || $1 == *[\"\'] ]]; then
    refuse_value 'a supervisor environment value cannot start or end with a quote'
    return 1
  fi
  [[ $1 != *\"* ]] || quote="'"
  rest=${1//"%"/"%%"}
  # Where there is an [include], supervisor replaces the raw text "%(here)s" before it formats anything.
  rest=${rest//"%%("/"%%%(here).0s("}
  REPLY=$quote
  # White space and ; or # would start a comment, even here: an expansion to nothing goes between them.
  while [[ $rest == *[\;#]* ]]; do
    before=${rest%%[;#]*}
    REPLY+=$before
    [[ $REPLY == *[\!-~] ]] || REPLY+='%(here).0s'
    REPLY+=${rest:${#before}:1}
    rest=${rest:${#before}+1}
  done
  REPLY+=$rest$quote
}

# read_file FILE: its bytes in REPLY; or 1, and why not in REASON.
read_file() {
  REPLY=''
  [[ -f $1 && -r $1 ]] || refuse_value 'is missing or cannot be read' || return 1
  # `read` says yes only at a NUL; at the end of the file it says no and has everything.
  ! IFS= read -r -d '' REPLY <"$1" || refuse_value 'holds a NUL byte'
}

# read_secret NAME DIRECTORY: its value in REPLY, without one line break at the end; or 1, and what to do in REASON.
read_secret() {
  local advice="; put it there with: install -m 0600 /dev/stdin $2/$1"
  read_file "$2/$1" || refuse_value "secret \"$1\" $REASON$advice" || return 1
  REPLY=${REPLY%$'\n'}
  [[ -n $REPLY ]] || refuse_value "secret \"$1\" is empty$advice"
}

# percent_encode VALUE: in REPLY, each byte that is not unreserved as %XX (RFC 3986, 2.1 and 2.3).
percent_encode() {
  local +x LC_ALL=C value=$1 i byte hex
  REPLY=''
  for (( i = 0; i < ${#value}; i++ )); do
    byte=${value:i:1}
    if [[ $byte == [A-Za-z0-9_.~-] ]]; then
      REPLY+=$byte
    else
      printf -v hex '%02X' "'$byte"
      REPLY+=%${hex: -2}
    fi
  done
}

# encode_placeholder TEXT SECRETS_DIRECTORY: for TEXT = ENCODER:BODY, the value in REPLY; or 1, and why not in REASON.
encode_placeholder() {
  local +x body=${1#*:} value='' names='' part form
  [[ $1 == [a-z]*:?* ]] || refuse_value 'this is no placeholder of vgen; build the tree again' || return 1
  while [[ -n $body ]]; do
    case $body in
      '<'*'>'*)
        part=${body%%'>'*}
        part=${part#'<'}
        form=$part
        part=${part%:url}
        [[ $part == [A-Za-z]* && $part != *[!A-Za-z0-9_]* ]] ||
          refuse_value 'this is no name of a secret; build the tree again' || return 1
        read_secret "$part" "$2" || return 1
        names+="${names:+, }\"$part\""
        [[ $form == "$part" ]] || percent_encode "$REPLY"
        value+=$REPLY
        body=${body#*'>'}
        ;;
      %00*)
        refuse_value 'a NUL cannot be written in any configuration file'
        return 1
        ;;
      %[0-9A-F][0-9A-F]*)
        printf -v part '%b' "\\x${body:1:2}"
        value+=$part
        body=${body:3}
        ;;
      [A-Za-z0-9_.,:\;/@?\&=+*!~-]*)
        part=${body%%[!A-Za-z0-9_.,:\;/@?\&=+*!~-]*}
        value+=$part
        body=${body:${#part}}
        ;;
      *)
        refuse_value 'this is no placeholder of vgen; build the tree again'
        return 1
        ;;
    esac
  done
  encode "${1%%:*}" "$value" && return 0
  [[ -z $names ]] || REASON+="; choose another value for secret $names"
  return 1
}

# expand_placeholders SOURCE DESTINATION SECRETS_DIRECTORY: SOURCE with its placeholders encoded, into DESTINATION,
# which exists with its final owner and mode. All that is wrong is told on stderr, never with a value; then nothing is
# written and the answer is 1.
expand_placeholders() {
  local -
  set +ax
  # +x because a local of the same name as an exported variable would be exported, to sha256sum.
  local +x LC_ALL=C REPLY='' REASON='' rest before out='' line=1 failed=no
  if ! read_file "$1"; then
    printf '%s: the file %s\n' "$1" "$REASON" >&2 || true
    return 1
  fi
  rest=$REPLY
  while [[ $rest == *'@vgen('* ]]; do
    before=${rest%%'@vgen('*}
    rest=${rest#*'@vgen('}
    out+=$before
    before=${before//[!$'\n']/}
    line=$(( line + ${#before} ))
    if [[ $rest == *')'* ]] && encode_placeholder "${rest%%')'*}" "$3"; then
      out+=$REPLY
      rest=${rest#*')'}
    else
      [[ $rest == *')'* ]] || REASON='a placeholder of vgen does not end; build the tree again'
      printf '%s:%s: %s\n' "$1" "$line" "$REASON" >&2 || true
      failed=yes
    fi
  done
  [[ $failed == no ]] || return 1
  if [[ ! -f $2 || -L $2 ]]; then
    printf '%s: this file must be there before secrets come into it\n' "$2" >&2 || true
    return 1
  fi
  printf '%s' "$out$rest" >|"$2" || return 1
}

# ---- templates/host/opt/vgen/lib/core/exchange.sh
# Two names change places in one step, so that nobody ever finds one of them missing or half of a pair.

# exchange_paths A B: with renameat2(2) and RENAME_EXCHANGE, reached through perl; fails where the kernel or the machine
# does not do that, and then nothing has changed.
exchange_paths() {
  local call=0
  case $HOSTTYPE in
    x86_64) call=316 ;;
    aarch64) call=276 ;;
  esac
  (( call > 0 )) || return 1
  # shellcheck disable=SC2016  # the variables are perl's
  perl -e 'exit(syscall($ARGV[0] + 0, -100, $ARGV[1], -100, $ARGV[2], 2) == 0 ? 0 : 1)' "$call" "$1" "$2" 2>/dev/null
}

# ---- templates/host/opt/vgen/lib/core/lock.sh
# One thing at a time on a host: the kernel's lock on a file, which is free again however its holder ends.
# The file is never removed: a waiter would keep the lock of the removed one, and two would hold "the" lock.

# with_lock COMMAND…: runs COMMAND while no other script of vgen runs here.
with_lock() {
  # Who can read a file can lock it, and who may write to its directory can make it first: both are root's alone.
  [[ -d ${vgen_lock%/*} ]] || install -d -m 0700 -- "${vgen_lock%/*}"
  (umask 077 && : >>"${vgen_lock:?}")
  exec 9<>"$vgen_lock"
  flock --nonblock 9 || wait_for_lock
  : >"$vgen_lock"
  # on a full disk the lock holds all the same
  printf '%s, process %s, since %s\n' "$0" "$$" "$(time_now)" >&9 2>/dev/null || true
  # A child that outlives the script, such as a daemon, would keep the lock. So descriptor 9 is closed for COMMAND; bash
  # keeps a copy, marked close-on-exec, until COMMAND returns.
  "$@" 9>&-
}

# lock_is_held: some script of vgen works here; waits for nothing.
lock_is_held() { [[ -e $vgen_lock ]] && ! flock --nonblock "$vgen_lock" true; }

# free_lock: before the script ends.
free_lock() { exec 9>&-; }

wait_for_lock() {
  local seconds=${VGEN_LOCK_SECONDS:-300} holder
  holder=$(head -n 1 -- "$vgen_lock")
  note "waiting up to $seconds s for ${holder:-another run of vgen}"
  flock --timeout "$seconds" 9 || fail 3 "locked for $seconds s by ${holder:-another run of vgen}"
}

# ---- templates/host/opt/vgen/lib/core/options.sh
# The words that somebody gives to a command: those that all take, and those of install.sh.
#
# Usage: install.sh [--order NUMBER] [--commit ID] [--adopt | --force] [--rollback] [--allow-live]
#                   [--foreground | --attach]
#   --order       a number that grows with each version of the tree, such as the time of its commit; the host refuses a
#                 tree that is older than the newest that it has seen
#   --commit      noted with the generation
#   --adopt       files with local edits stay as they are, the rest is installed
#   --force       files with local edits are overwritten; they are kept in /var/lib/vgen/replaced
#   --rollback    the tree may be older
#   --allow-live  what is live may end with this install, or answer no more; else all is put back then
#   --foreground  run in this terminal; else the install runs by itself, and goes on if this terminal or connection ends
#   --attach      follow the run that is under way, or tell how the last one went
#
# Examples:
#   bash install.sh
#   bash install.sh --order "$(git log -1 --format=%ct)" --commit "$(git rev-parse HEAD)"
#   bash /var/lib/vgen/generations/7/install.sh --rollback
#
# Exit codes: 0 done, or nothing to do; 1 refused by a check or a unit, all is as before; 2 could not be done; 3 refused
# for safety: locked, an older tree, local edits, another host

usage_file=$0                   # whose comments are the help
usage_of=''                     # the command it is asked of
for_app=''                      # the app that a command is for
option_order=''
option_commit=''
option_local_edits=refuse           # what becomes of files with local edits: refuse, adopt or overwrite
option_rollback=no
option_allow_live=no

# common_option WORD: takes what every command takes; fails if WORD is nothing of that.
common_option() {
  case $1 in
    --help | -h) usage; exit 0 ;;
    --foreground) foreground=yes ;;
    --attach) attach ;;
    *) return 1 ;;
  esac
}

# install_options WORD…: those of install.sh.
install_options() {
  usage_file=${BASH_SOURCE[0]} usage_of=install.sh
  while (( $# > 0 )); do
    case $1 in
      --order)
        [[ ${2:-} =~ ^[0-9]{1,15}$ ]] || usage_error '--order needs a number'
        option_order=$((10#$2))
        shift
        ;;
      --commit)
        [[ ${2:-} =~ ^[A-Za-z0-9._/+-]{1,100}$ ]] || usage_error '--commit needs the name of a version'
        option_commit=$2
        shift
        ;;
      --adopt) option_local_edits=adopt ;;
      --force) option_local_edits=overwrite ;;
      --rollback) option_rollback=yes ;;
      --allow-live) option_allow_live=yes ;;
      *) common_option "$1" || usage_error "unknown word $1" ;;
    esac
    shift
  done
}

# app_options WORD…: those of a command that is given one app, for_app.
app_options() {
  local word
  for word; do
    common_option "$word" && continue
    [[ $word != -* ]] || usage_error "unknown option $word"
    [[ -z $for_app ]] || usage_error 'one app is needed'
    for_app=$word
  done
  [[ -n $for_app ]] || usage_error 'one app is needed'
}

# usage: the comment that begins with "Usage: COMMAND" is its help.
usage() { sed -n "/^# Usage: $usage_of/,/^\$/s/^# \{0,1\}//p" "$usage_file"; }

# usage_error MESSAGE
usage_error() {
  printf 'error: %s; see %s --help\n' "$1" "${usage_of:-$(basename -- "$0")}" >&2
  exit 2
}

# ---- templates/host/opt/vgen/lib/core/paths.sh
# What lies at paths: content, mode, owner, mount; and copies that are whole or not there at all.

declare -gA hash_of=()           # any path → sha256
declare -gA metadata_of=()       # path → "MODE OWNER:GROUP"
declare -gA mount_of=()          # directory → where its file system is mounted

# hash_files PATH…: one run of sha256sum for all; what is no plain file has no hash.
hash_files() {
  local path line plain=()
  for path; do
    [[ ! -f $path || -L $path ]] || plain+=("$path")
  done
  (( ${#plain[@]} > 0 )) || return 0
  while IFS= read -r line; do
    hash_of[${line:66}]=${line:0:64}
  done < <(sha256sum -- "${plain[@]}" 2>/dev/null)
}

read_metadata() {
  local mode owner path
  (( $# > 0 )) || return 0
  while read -r mode owner path; do
    metadata_of[$path]="$mode $owner"
  done < <(stat --dereference --format '%a %U:%G %n' -- "$@" 2>/dev/null || true)
}

same_metadata() {
  local is=${metadata_of[$1]:-}
  [[ -n $is && ${is#* } == "$3" ]] && (( 8#${is% *} == 8#$2 ))
}

find_mount() {
  [[ -n ${mount_of[$1]+known} ]] ||
    mount_of[$1]=$(findmnt --noheadings --first-only --output TARGET --target "$1" 2>/dev/null || true)
  REPLY=${mount_of[$1]}
}

# on_disk PATH…: these files, and the names in these directories, are on the disk from here on (fsync(2)), so that a
# power loss takes back nothing of what is promised next. What is not there is left out.
on_disk() {
  local path there=()
  for path; do
    [[ ! -e $path ]] || there+=("$path")
  done
  (( ${#there[@]} == 0 )) || sync -- "${there[@]}"
}

# beside PATH: a hidden name in the same directory, hence on the same file system and outside every *.conf.
beside() { printf '%s/.%s.vgen-new' "${1%/*}" "${1##*/}"; }

# copy_whole FROM TO: all of it or nothing, also where the disk is full or this is killed; half a copy would be put back
# as if it were the former version.
copy_whole() {
  local new
  new=$(beside "$2")
  rm -rf -- "${new:?}"
  if cp -aT -- "$1" "$new" && mv -fT -- "$new" "$2"; then
    return 0
  fi
  rm -rf -- "${new:?}"
  return 1
}

# replace_with SAVED PATH: in one step, so that nobody ever finds PATH missing or half written.
replace_with() {
  # A full disk must not keep the former version from coming back; moving it needs no room.
  copy_whole "$1" "$2" || mv -fT -- "$1" "$2"
}

# point LINK TARGET: in one step, there is never a moment without the link.
point() {
  local new
  new=$(beside "$1")
  rm -f -- "$new"
  ln -s -- "$2" "$new"
  mv -fT -- "$new" "$1"
}

# ---- templates/host/opt/vgen/lib/core/process.sh
# Processes and ports, whoever runs them.

# instance_of PID: this process in this boot; a process id alone can come again.
instance_of() {
  local fields
  [[ -r /proc/${1:-0}/stat ]] || { printf 'none'; return; }
  fields=$(<"/proc/$1/stat")
  read -r -a fields <<<"${fields##*) }"      # the name before it may hold spaces
  printf '%s:%s:%s' "$(</proc/sys/kernel/random/boot_id)" "$1" "${fields[19]}"
}

# descends_from PID ANCESTOR: it is that process, or was started by it, or is in its process group.
descends_from() {
  local pid=$1 fields
  while [[ -r /proc/$pid/stat ]] && (( pid > 1 )); do
    (( pid != $2 )) || return 0
    fields=$(<"/proc/$pid/stat")
    read -r -a fields <<<"${fields##*) }"
    (( fields[2] != $2 )) || return 0
    pid=${fields[1]}
  done
  return 1
}

# sockets_on PORT: inode and user id of each socket that takes connections to 127.0.0.1 there. What ss says of processes
# is not read: their names are theirs to choose, brackets and "pid=" included (prctl(2), PR_SET_NAME).
sockets_on() {
  local any='127\.0\.0\.1|0\.0\.0\.0|\*|\[::\]|\[::ffff:(127\.0\.0\.1|0\.0\.0\.0)\]'
  ss --no-header --listening --tcp --numeric --extended "sport = :$1" |
    sed -nE "s/^\S+ +\S+ +\S+ +($any)(%\S+)?:[0-9]+ +\S+ +(timer:\S+ +)?(uid:([0-9]+) +)?ino:([0-9]+) .*/\7 \6/p" |
    awk '{ print $1, ($2 == "" ? 0 : $2) }'
}

# holders_of INODE: the processes that hold this socket. Those that end meanwhile are no error.
holders_of() {
  { find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\[$1\]" -printf '%h\n' 2>/dev/null || true; } |
    cut -d / -f 3 | sort -un
}

# holder_of INODE: "held by …".
holder_of() {
  local pid name
  read -r pid < <(holders_of "$1") || pid=''
  name=$(tr -cd '[:alnum:]._/ -' 2>/dev/null <"/proc/${pid:-none}/comm") || name='?'
  printf 'held by "%s",pid=%s' "$name" "${pid:-?}"
}

# listener_on PORT: who listens there; nothing if nobody does.
listener_on() {
  local inode
  read -r inode _ < <(sockets_on "$1") || return 0
  holder_of "$inode"
}

connections_on() { ss --no-header --tcp --numeric state established "sport = :$1" | wc -l; }

# ---- templates/host/opt/vgen/lib/core/room.sh
# Room on a file system. Also joined into what vgen sends to hosts (src/fleet/guard/lock.sh), which may have no engine.

# lack_of_room DIRECTORY: why nothing can be written there, and what shows where the room went; nothing if there is
# some. A file system that makes inodes as they are needed says that it has none in all.
lack_of_room() {
  local blocks inodes all mount
  read -r blocks inodes all mount < <(df --output=avail,iavail,itotal,target -- "$1" 2>/dev/null | tail -n 1) ||
    return 0
  if [[ $blocks == 0 ]]; then
    printf 'no space is left on %s (ENOSPC); make room there, what fills it: du -axh %q | sort -h | tail -n 20' \
      "$mount" "$mount"
  elif [[ $inodes == 0 && $all =~ [1-9] ]]; then
    printf 'no inode is left on %s (ENOSPC); remove files there, %s: du --inodes -x %q | sort -n | tail -n 20' \
      "$mount" 'where most are' "$mount"
  fi
}

# ---- templates/host/opt/vgen/lib/core/say.sh
# What vgen tells: results on stdout, the rest on stderr, and one JSON line per action in the audit log.
# A closed pipe (a dropped connection) must never stop an action half-way, so printing cannot fail here.

failure=''          # the sentence that ended the script; goes into the audit log
changes=0           # how many things this run changed

say() { printf '%s\n' "$*" || true; }

note() { printf '%s\n' "$*" >&2 || true; }

warn() { printf 'warning: %s\n' "$*" >&2 || true; }

# count NUMBER WORD: "1 file", "2 files".
count() {
  if (( $1 == 1 )); then printf '%s %s' "$1" "$2"; else printf '%s %ss' "$1" "$2"; fi
}

# change WHAT NAME [NOTE]: one thing was changed on this host: told, and written down in "done" of the run (detach.sh).
change() {
  changes=$((changes + 1))
  printf '%-9s %s\n' "$1" "$2${3:+ $3}" || true
  [[ -z ${VGEN_RUN:-} ]] || printf '%s\t%s\n' "$1" "$2" >>"$VGEN_RUN/done" || true
}

# fail CODE MESSAGE: 1 the answer is no, 2 it could not be done, 3 refused for safety.
fail() {
  local code=$1
  shift
  failure=$*
  printf 'error: %s\n' "$failure" >&2 || true
  exit "$code"
}

# indent: every line of stdin two columns to the right, on stderr.
indent() { sed 's/^/  /' >&2 || true; }

require_root() {
  (( BASH_VERSINFO[0] > 4 || (BASH_VERSINFO[0] == 4 && BASH_VERSINFO[1] >= 4) )) ||
    fail 2 "bash 4.4 or newer is needed, this is $BASH_VERSION"
  (( EUID == 0 )) || fail 2 "only root can do this; try: sudo bash $(printf '%q ' "${called[@]}")…"
}

# end_on_signals: a signal ends the script through its EXIT trap, which tidies up. A broken pipe alone ends nothing; it
# is caught and not ignored, because children inherit what is ignored.
end_on_signals() {
  trap 'exit 129' HUP
  trap 'exit 130' INT
  trap 'exit 143' TERM
  trap : PIPE
}

time_now() { TZ=UTC printf '%(%Y-%m-%dT%H:%M:%SZ)T' -1; }

# json_string TEXT: TEXT as a JSON string.
json_string() {
  local text=$1 number char escaped
  text=${text//\\/\\\\}
  text=${text//\"/\\\"}
  if [[ $text == *[[:cntrl:]]* ]]; then
    for (( number = 1; number < 32; number++ )); do
      printf -v escaped '\\u%04x' "$number"
      printf -v char '%b' "\\x${escaped: -2}"
      text=${text//"$char"/"$escaped"}
    done
  fi
  printf '"%s"' "$text"
}

# audit ACTION KEY=VALUE…: one line in the audit log. "seconds" is a number, all else is text.
audit() {
  local line pair value
  line="{\"time\":\"$(time_now)\",\"who\":$(json_string "${SUDO_USER:-${USER:-root}}")"
  line+=",\"action\":$(json_string "$1")"
  shift
  for pair; do
    value=${pair#*=}
    [[ ${pair%%=*} == seconds ]] || value=$(json_string "$value")
    line+=",\"${pair%%=*}\":$value"
  done
  [[ -d ${vgen_log:?} ]] || install -d -m 0750 -- "$vgen_log"
  log_is_small "$vgen_log/audit.jsonl" || mv -fT -- "$vgen_log/audit.jsonl" "$vgen_log/audit.jsonl.1"
  printf '%s}\n' "$line" >>"$vgen_log/audit.jsonl"
  on_disk "$vgen_log" "$vgen_log/audit.jsonl"
}

# log_is_small FILE: some ten thousand lines; where it is not, it takes the place of the one before it.
log_is_small() { [[ ! -e $1 ]] || (( $(stat --format %s -- "$1") < 10000000 )); }

# result_of CODE: the word of the audit log for an exit code.
result_of() {
  case $1 in
    0) printf 'ok' ;;
    1) printf 'no' ;;
    2) printf 'failed' ;;
    3) printf 'refused' ;;
    *) printf 'interrupted' ;;
  esac
}

sorted() { (( $# == 0 )) || printf '%s\n' "$@" | sort; }
