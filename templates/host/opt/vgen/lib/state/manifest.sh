#!/usr/bin/env bash
# manifest.tsv, the one list of what this host shall have: read as data and checked line by line, never run. Columns are
# separated by tabs, "-" is an empty one; bash joins empty columns, so a line with one has too few and is refused.

want_host=''
want_packages=()
want_programs=()                # "PATH URL"
want_secrets=()
want_units=()
certificate_name=() certificate_group=() certificate_names=()
want_slots=()                   # "APP SLOT"
user_name=() user_home=() user_shell=() user_groups=()
file_path=() file_mode=() file_owner=() file_triggers=() file_check=() file_secrets=() file_slot=()
link_path=() link_target=()
first_link_path=() first_link_target=()
directory_path=() directory_mode=() directory_owner=()
declare -gA declared=()          # path → file, link, first-link or directory
declare -gA origin_of=()         # path → the key of the inventory that it was made from
manifest_line=''                # "manifest.tsv:NUMBER", while that line is read

# kind → how many columns follow it. src/contract/manifest.ts names them.
declare -grA manifest_columns=(
  [host]=1 [confirm-within]=1 [package]=2 [program]=3 [user]=5 [secret]=1 [certificate]=6 [directory]=3 [link]=2
  [first-link]=2 [file]=8 [unit]=3 [slot]=2
  [answer]=4 [variable]=4
)
confirm_seconds=60              # time to confirm a change of what leads into this host

# read_manifest FILE
read_manifest() {
  local number=0 line fields i
  while IFS= read -r line || [[ -n $line ]]; do
    number=$((number + 1))
    IFS=$'\t' read -r -a fields <<<"$line"
    [[ -n ${fields[*]} && ${fields[0]} != '#'* ]] || continue
    manifest_line=${1##*/}:$number
    [[ $line != $'\t'* ]] || refuse_line 'the line begins with a tab'
    [[ -n ${manifest_columns[${fields[0]}]:-} ]] || refuse_line "unknown kind \"${fields[0]}\""
    (( ${#fields[@]} == manifest_columns[${fields[0]}] + 1 )) ||
      refuse_line "${fields[0]} needs ${manifest_columns[${fields[0]}]} columns, none of them empty"
    for i in "${!fields[@]}"; do
      [[ ${fields[i]} != - ]] || fields[i]=''
    done
    "list_${fields[0]/-/_}" "${fields[@]:1}"
  done <"$1"
  [[ -n $want_host ]] || fail 2 "${1##*/} names no host; build the tree again"
  manifest_line=''
}

# list_host NAME
list_host() {
  check_names "$1"
  [[ -z $want_host ]] || refuse_line 'the host is named twice'
  want_host=$1
}

# list_confirm_within SECONDS: the time to confirm a change of what leads into this host.
list_confirm_within() {
  [[ $1 =~ ^[1-9][0-9]{0,9}$ ]] || refuse_line "\"$1\" is not a number of seconds"
  confirm_seconds=$1
}

# list_package NAME WHY: a Debian package.
list_package() {
  check_names "$1"
  want_packages+=("$1")
}

# list_program PATH URL WHY: a program that Debian does not have; only asked for, never fetched.
list_program() {
  check_path "$1"
  want_programs+=("$1 $2")
}

# list_user NAME HOME SHELL GROUPS WHY: a system user; its home is not made.
list_user() {
  check_names "$1"
  [[ $2 == / ]] || check_path "$2"
  user_name+=("$1")
  user_home+=("$2")
  [[ $4 =~ ^([a-z_][a-z0-9_-]*(,[a-z_][a-z0-9_-]*)*)?$ ]] || refuse_line "\"$4\" are no names of groups"
  user_shell+=("${3:-/usr/sbin/nologin}")
  user_groups+=("$4")
}

# list_secret NAME: a file in /etc/vgen/secrets that has to be there.
list_secret() {
  check_names "$1"
  want_secrets+=("$1")
}

# list_certificate NAME GROUP NAMES ISSUER RELOAD-COMMAND WHY: a key that is made here and its certificate, in
# /etc/vgen/tls/NAME; GROUP may read both, NAMES are DNS names and addresses. The rest is for "vgen certs".
list_certificate() {
  check_names "$1" "$2"
  [[ $3 =~ ^[A-Za-z0-9.:*_,-]+$ ]] || refuse_line "\"$3\" are no names of a certificate"
  certificate_name+=("$1")
  certificate_group+=("$2")
  certificate_names+=("$3")
}

# list_directory PATH MODE OWNER:GROUP
list_directory() {
  declare_path directory "$1"
  check_mode "$2" "$3"
  directory_path+=("$1")
  directory_mode+=("$2")
  directory_owner+=("$3")
}

# list_link PATH TARGET: a symbolic link.
list_link() {
  declare_path link "$1"
  [[ -n $2 ]] || refuse_line "$1 leads nowhere"
  link_path+=("$1")
  link_target+=("$2")
}

# list_first_link PATH TARGET: a link that is state; made if nothing is there, then left alone.
list_first_link() {
  declare_path first-link "$1"
  [[ -n $2 ]] || refuse_line "$1 leads nowhere"
  first_link_path+=("$1")
  first_link_target+=("$2")
}

# list_file PATH MODE OWNER:GROUP TRIGGERS CHECK SECRETS FROM SLOT: what its change triggers, separated by commas, is
# reload:UNIT, restart:UNIT, slot:APP/SLOT or confirm; CHECK is the program that judges it; where it has SECRETS, its
# placeholders are filled here; FROM is the key of the inventory; SLOT is the APP/SLOT with which it changes.
list_file() {
  declare_path file "$1"
  check_mode "$2" "$3"
  check_triggers "$4"
  [[ $5 =~ ^[a-z]*$ ]] || refuse_line "\"$5\" is no name of a check"
  [[ $8 =~ ^([a-z0-9_-]+/[a-z0-9_-]+)?$ ]] || refuse_line "\"$8\" is no slot such as app/blue"
  file_path+=("$1")
  file_mode+=("$2")
  file_owner+=("$3")
  file_triggers+=("$4")
  file_check+=("$5")
  file_secrets+=("$6")
  file_slot+=("$8")
  origin_of[$1]=$7
}

# list_unit NAME DOWNTIME WHY: a systemd unit that is enabled and runs.
list_unit() {
  check_names "$1"
  want_units+=("$1")
}

# list_slot APP SLOT: a place in which a release of APP can run; its details are in /opt/vgen/apps/APP/SLOT.sh.
list_slot() {
  check_names "$1" "$2"
  want_slots+=("$1 $2")
}

# list_answer NAME PATH BY WHAT: what is served under a name; for those who look at what a change ends.
list_answer() { check_names "${1#'*.'}"; }

# list_variable APP NAME VALUE WHY: what an app is told of what it uses; for the same.
list_variable() { check_names "$1" "$2"; }

# declare_path KIND PATH: what is there is said once only.
declare_path() {
  check_path "$2"
  [[ -z ${declared[$2]:-} ]] || refuse_line "$2 is listed twice"
  declared[$2]=$1
}

# check_path PATH: absolute and plain.
check_path() {
  [[ $1 == /?* && $1 != */ && $1 != *//* && $1/ != */./* && $1/ != */../* ]] ||
    refuse_line "\"$1\" is not a plain absolute path"
  [[ $1 != *[[:cntrl:]\\]* ]] || refuse_line "\"$1\" has a character that vgen does not write in paths"
}

check_triggers() {
  local trigger triggers
  IFS=, read -r -a triggers <<<"$1"
  for trigger in "${triggers[@]}"; do
    [[ $trigger =~ ^((reload|restart):[A-Za-z0-9@:._-]+|slot:[a-z0-9_-]+/[a-z0-9_-]+|confirm)$ ]] ||
      refuse_line "unknown trigger \"$trigger\"; known: reload, restart, slot, confirm"
  done
}

# check_mode MODE OWNER:GROUP
check_mode() {
  [[ $1 =~ ^[0-7]{4}$ ]] || refuse_line "\"$1\" is not a mode such as 0644"
  [[ $2 =~ ^[A-Za-z0-9_.-]+:[A-Za-z0-9_.-]+$ ]] || refuse_line "\"$2\" is not an owner such as root:root"
}

check_names() {
  local name
  for name; do
    [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9@:._+-]*$ ]] || refuse_line "\"$name\" is not a plain name"
  done
}

refuse_line() { fail 2 "$manifest_line: $1; build the tree again"; }
