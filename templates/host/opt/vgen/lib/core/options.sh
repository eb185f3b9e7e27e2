#!/usr/bin/env bash
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
