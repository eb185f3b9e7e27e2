#!/usr/bin/env bash
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
