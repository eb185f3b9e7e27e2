#!/usr/bin/env bash
# Made by vgen; do not edit.
# The words that somebody gives to a script: those that all scripts take, and those of install.sh.
#
# Usage: install.sh [--foreground | --attach]
#   --foreground  run in this terminal; else the install runs by itself, and goes on if this terminal or connection ends
#   --attach      follow the run that is under way, or tell how the last one went
#
# Exit codes: 0 done, or nothing to do; 1 refused by a check or a unit, all is as before; 2 could not be done; 3 refused
# for safety, or locked
# shellcheck disable=SC2034  # what is set here is read in the other files

usage_file=$0                   # whose comment is the help
for_app=''                      # the app that a script is for

# common_option WORD: takes what every script takes; fails if WORD is nothing of that.
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
  usage_file=${BASH_SOURCE[0]}
  while (( $# > 0 )); do
    case $1 in
      *) common_option "$1" || usage_error "unknown word $1" ;;
    esac
    shift
  done
}

# app_options WORD…: those of a script that is given one app, for_app.
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

# usage: the comment at the head of a script is its help.
usage() { sed -n '/^# Usage:/,/^$/{/^# shellcheck/d; s/^# \{0,1\}//p;}' "$usage_file"; }

# usage_error MESSAGE
usage_error() {
  printf 'error: %s; see %s --help\n' "$1" "$(basename -- "$0")" >&2
  exit 2
}
