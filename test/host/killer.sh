#!/usr/bin/env bash
# Given to bash as BASH_ENV, this runs before a script of vgen and ends it at a chosen step. Steps are the commands that
# change something; bash itself tells of each one (the DEBUG trap), so the scripts need no hooks.
#
#   KILL_AT    number of the step, from 1; 0 to write down all steps in /run/killer/steps and end nothing
#   KILL_WHEN  before, after (before the next command of any kind), or stop: stand still there, for a power loss
#   KILL_HOST  another HOSTTYPE, with which the switch finds no exchange in one step
#
# The script has to lead its process group (setsid): all of that is killed, as by an out-of-memory kill or a dying
# session.

unset BASH_ENV                          # not for the children of the script
killer=/run/killer
killer_at=${KILL_AT:?} killer_when=${KILL_WHEN:?}
[[ -z ${KILL_HOST:-} ]] || HOSTTYPE=$KILL_HOST
unset KILL_AT KILL_WHEN KILL_HOST
rm -rf -- "$killer"
mkdir -- "$killer"
printf '0\n' >"$killer/count"
: >"$killer/steps"

# killer_changes COMMAND ARGUMENT…: whether the command, inside a function with these arguments, changes something.
killer_changes() {
  local text=$1
  case $text in
    'mv '* | 'rm '* | 'ln '* | 'cp '* | 'mkdir '* | 'rmdir '* | 'install '* | 'mktemp '* | 'sync '*) return 0 ;;
    'chown '* | 'chmod '* | 'useradd '* | 'usermod '* | 'gpasswd '* | 'perl '* | 'tar --extract'*) return 0 ;;
    *apt-get* | 'dpkg --configure'*) return 0 ;;
    'systemctl show'* | 'systemctl is-'*) return 1 ;;
    'systemctl '*) return 0 ;;
    'supervisorctl '*)
      [[ ${2:-} == update || ${2:-} == reread || ${2:-} == start || ${2:-} == stop ]]
      return
      ;;
    'printf '* | 'cat '* | 'sort '* | 'awk '* | 'sed '* | ': '*)
      text=${text//'/dev/null'/}
      [[ $text =~ \>\|?\ *[\"/\$a-z] ]]
      return
      ;;
  esac
  return 1
}

# killer_step COMMAND FILE LINE FUNCTION ARGUMENT…: called before each command.
killer_step() {
  local number command=$1 lines function=$4
  [[ $killer_when != after || ! -e $killer/armed ]] || killer_end
  # While the EXIT trap runs, BASH_COMMAND stays at the command that it came after; the script's own line tells then.
  if [[ " ${FUNCNAME[*]} " == *' finish_'* ]]; then
    mapfile -t -s $(($3 - 1)) -n 1 lines <"$2"
    command=${lines[0]#"${lines[0]%%[! ]*}"}
    [[ $command != '[['* && $command != '(('* ]] || command=${command##*'|| '}
  fi
  shift 4
  killer_changes "$command" "$@" || return 0
  read -r number <"$killer/count"
  number=$((number + 1))
  printf '%s\n' "$number" >"$killer/count"
  printf '%s: %s [%s]\n' "$function" "${command//$'\n'/ }" "$*" >>"$killer/steps"
  (( number == killer_at )) || return 0
  [[ $killer_when == after ]] || killer_end
  : >"$killer/armed"
}

killer_end() {
  : >"$killer/ended"
  [[ $killer_when != stop ]] || kill -STOP -- "-$$"
  kill -9 -- "-$$"
}

set -o functrace
trap 'killer_step "$BASH_COMMAND" "${BASH_SOURCE[0]}" "$LINENO" "${FUNCNAME[0]:-main}" "$@"' DEBUG
