#!/usr/bin/env bash
# Made by vgen; do not edit.
# The words of install.sh. Each one only remembers what this host shall have; `apply` does it, in its own order.
# shellcheck disable=SC2034  # what is set here is read in the other files

want_host=''
want_packages=()
want_programs=()                # "PATH URL"
want_secrets=()
want_units=()
certificate_name=() certificate_group=() certificate_names=()
want_slots=()                   # "APP SLOT"
user_name=() user_home=() user_shell=() user_groups=()
file_path=() file_mode=() file_owner=() file_secret=() file_then=()
link_path=() link_target=() link_then=()
first_link_path=() first_link_target=()
directory_path=() directory_mode=() directory_owner=()
declare -A declared=()          # path → file, link, first_link or directory

# host NAME
host() {
  check_names "$1"
  want_host=$1
}

# package NAME: a Debian package.
package() {
  check_names "$1"
  want_packages+=("$1")
}

# user NAME HOME [SHELL [GROUP,GROUP]]: a system user; its home is not made.
user() {
  check_names "$1"
  user_name+=("$1")
  user_home+=("${2:?}")
  user_shell+=("${3:-/usr/sbin/nologin}")
  user_groups+=("${4:-}")
}

# secret NAME: a file in /etc/vgen/secrets that has to be there.
secret() {
  check_names "$1"
  want_secrets+=("$1")
}

# certificate NAME GROUP NAMES: a key that is made here and its certificate, in /etc/vgen/tls/NAME; GROUP may read both,
# NAMES are DNS names and addresses, separated by commas.
certificate() {
  check_names "$1" "$2"
  [[ ${3:?} =~ ^[A-Za-z0-9.:*_,-]+$ ]] || fail 2 "\"$3\" are no names of a certificate"
  certificate_name+=("$1")
  certificate_group+=("$2")
  certificate_names+=("$3")
}

# program PATH URL: a program that Debian does not have; only asked for, never fetched.
program() { want_programs+=("${1:?} ${2:?}"); }

# directory MODE OWNER:GROUP PATH
directory() {
  declare_path directory "$3"
  check_mode "$1"
  directory_mode+=("$1")
  directory_owner+=("${2:?}")
  directory_path+=("$3")
}

# file MODE OWNER:GROUP PATH [check=PROGRAM] [reload=UNIT] [restart=UNIT] [slot=APP/SLOT] [confirm] …
file() { declare_file no "$@"; }

# secret_file: a file whose placeholders are filled from /etc/vgen/secrets here, on the host.
secret_file() { declare_file yes "$@"; }

# link PATH TARGET [check=… reload=… restart=… slot=…]: a symbolic link.
link() {
  declare_path link "$1"
  link_path+=("$1")
  link_target+=("${2:?}")
  shift 2
  check_options "$@"
  link_then+=("$*")
}

# first_link PATH TARGET: a link that is state; made if nothing is there, then left alone.
first_link() {
  declare_path first_link "$1"
  first_link_path+=("$1")
  first_link_target+=("${2:?}")
}

# unit NAME: a systemd unit that is enabled and runs.
unit() {
  check_names "$1"
  want_units+=("$1")
}

# slot APP SLOT: a place in which a release of APP can run; its details are in /opt/vgen/apps/APP.sh.
slot() {
  check_names "$1" "$2"
  want_slots+=("$1 $2")
}

declare_file() {
  local secret=$1 mode=$2 owner=$3 path=$4
  shift 4
  declare_path file "$path"
  check_mode "$mode"
  check_options "$@"
  file_path+=("$path")
  file_mode+=("$mode")
  file_owner+=("${owner:?}")
  file_secret+=("$secret")
  file_then+=("$*")
}

# declare_path KIND PATH: a path is absolute, plain, and says what is there once only.
declare_path() {
  local path=${2:?}
  [[ $path == /?* && $path != */ && $path != *//* && $path/ != */./* && $path/ != */../* ]] ||
    fail 2 "\"$path\" is not a plain absolute path"
  [[ $path != *[[:cntrl:]\\]* ]] || fail 2 "\"$path\" has a character that vgen does not write in paths"
  [[ -z ${declared[$path]:-} ]] || fail 2 "$path is declared twice"
  declared[$path]=$1
}

check_options() {
  local option
  for option; do
    [[ $option =~ ^(check=[a-z]+|(reload|restart)=[A-Za-z0-9@:._-]+|slot=[a-z0-9_-]+/[a-z0-9_-]+|confirm)$ ]] ||
      fail 2 "unknown option \"$option\"; known: check, reload, restart, slot, confirm"
  done
}

check_mode() {
  [[ $1 =~ ^[0-7]{4}$ ]] || fail 2 "\"$1\" is not a mode such as 0644"
}

check_names() {
  local name
  for name; do
    [[ ${name:?} =~ ^[A-Za-z0-9][A-Za-z0-9@:._+-]*$ ]] || fail 2 "\"$name\" is not a plain name"
  done
}
