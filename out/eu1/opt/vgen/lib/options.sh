#!/usr/bin/env bash
# Made by vgen; do not edit.
# What install.sh can be told. Everything else about a host is in its tree.
# shellcheck disable=SC2034  # what is set here is read in the other files

option_order=''                 # a number that grows with each version of the tree
option_commit=''
option_by_hand=refuse           # what becomes of files that were changed by hand: refuse, adopt or overwrite
option_rollback=no              # the tree is meant to be older

# read_options WORD…
read_options() {
  while (( $# > 0 )); do
    case $1 in
      --order)
        [[ ${2:-} =~ ^[0-9]{1,15}$ ]] || install_usage_error '--order needs a number'
        option_order=$((10#$2))
        shift
        ;;
      --commit)
        [[ ${2:-} =~ ^[A-Za-z0-9._/+-]{1,100}$ ]] || install_usage_error '--commit needs a name of a version'
        option_commit=$2
        shift
        ;;
      --adopt) option_by_hand=adopt ;;
      --force) option_by_hand=overwrite ;;
      --rollback) option_rollback=yes ;;
      --help | -h) install_usage; exit 0 ;;
      *) install_usage_error "unknown word $1" ;;
    esac
    shift
  done
}

install_usage() {
  cat <<'EOF'
Usage: install.sh [--order NUMBER] [--commit ID] [--adopt | --force] [--rollback]
Makes this host what the tree around this script says. Whatever fails, everything is put back.

  --order NUMBER  grows with each version of the tree, such as the time of its commit; a tree that is older than the
                  newest that this host has seen is refused
  --commit ID     noted with the generation
  --adopt         files that were changed by hand stay as they are, the rest is installed
  --force         files that were changed by hand are overwritten; they are kept in /var/lib/vgen/replaced
  --rollback      the tree may be older

Examples:
  bash install.sh
  bash install.sh --order "$(git log -1 --format=%ct)" --commit "$(git rev-parse HEAD)"
  bash /var/lib/vgen/generations/7/install.sh --rollback

Exit codes: 0 done, or nothing to do; 1 refused by a check or a unit, all is as before; 2 could not be done; 3 refused for
safety (locked, an older tree, changed by hand, another host)
EOF
}

# install_usage_error MESSAGE
install_usage_error() { fail 2 "$1; see install.sh --help"; }
