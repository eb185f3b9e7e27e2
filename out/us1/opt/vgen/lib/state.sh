#!/usr/bin/env bash
# Made by vgen; do not edit.

# ---- templates/host/opt/vgen/lib/state/state.sh
# State: what vgen keeps on this host: the list that is installed, the record, generations, the journal, apps.

# shellcheck source=SCRIPTDIR/core.sh
declare -F clean_environment >/dev/null || . "${lib:?}/core.sh"

# ---- templates/host/opt/vgen/lib/state/apps.sh
# An app on this host: its generated data, which slot is live and which is next, what was live before, which releases
# proved bad. After load_app the data has the names that /opt/vgen/apps/APP.sh gives it (dir, user, live, next …); so
# no function anywhere may have locals of those names.

declare -gA unit_of=() port_of=()      # slot → its unit, its port
declare -gA runtime_of=() health_of=()  # slot → its runtime, the path that it answers when it is healthy
finished_action=''                    # what a killed script had begun and this one completed

# load_app NAME
load_app() {
  local file=$vgen_apps/$1.sh name
  [[ $1 =~ ^[a-z][a-z0-9_-]{0,62}$ && -f $file ]] || fail 2 "no app \"$1\" on this host; known: $(known_apps)"
  # shellcheck disable=SC2034  # user and live are read by their names' names
  app='' dir='' user='' slots=() binary='' live='' next='' served=''
  health_seconds=30 steady_seconds=3 drain_seconds=30 keep=5
  units=() ports=() runtime='' health=''
  # shellcheck source=/dev/null
  . "$file"
  [[ ${app:?} == "$1" && ${dir:?} == /*/* && ${#slots[@]} == 2 ]] || fail 2 "$file is not the data of app \"$1\""
  for name in "${slots[@]}"; do
    load_slot "$name"
  done
  app_state=${vgen_state:?}/apps/$app
}

# load_slot SLOT: what changes with the slot, and is another one's for each of them while one is live.
load_slot() {
  local file=$vgen_apps/$app/$1.sh
  slot_unit='' slot_port='' slot_runtime='' slot_health=''
  if [[ -f $file ]]; then
    # shellcheck source=/dev/null
    . "$file"
  else
    former_slot_data "$1" || fail 2 "$file is not there; run install.sh first"
  fi
  [[ -n $slot_unit && $slot_port =~ ^[0-9]+$ && $slot_runtime =~ ^[a-z][a-z0-9-]*$ ]] ||
    fail 2 "$file is not the data of slot $1 of app \"$app\""
  unit_of[$1]=$slot_unit port_of[$1]=$slot_port runtime_of[$1]=$slot_runtime health_of[$1]=$slot_health
}

# former_slot_data SLOT: as earlier engines have it, of both slots in the app's file; 1 if that does not have it.
former_slot_data() {
  local i
  for i in "${!units[@]}"; do
    [[ ${slots[i]} != "$1" ]] || slot_unit=${units[i]} slot_port=${ports[i]} slot_runtime=$runtime slot_health=$health
  done
  [[ -n $slot_unit ]]
}

known_apps() {
  local file names=()
  for file in "$vgen_apps"/*.sh; do
    [[ ! -f $file ]] || names+=("$(basename -- "$file" .sh)")
  done
  printf '%s' "${names[*]:-none}"
}

# slot_at live|next: the slot that the link names; nothing if it names none.
slot_at() {
  local slot
  [[ -L ${dir:?}/$1 ]] || return 0
  for slot in "${slots[@]}"; do
    [[ ! $dir/$1 -ef $dir/$slot ]] || printf '%s' "$slot"
  done
}

other_slot() {
  if [[ $1 == "${slots[0]}" ]]; then printf '%s' "${slots[1]}"; else printf '%s' "${slots[0]}"; fi
}

# remember_live ACTION SLOT RELEASE: one line of history; time, action, slot, release.
remember_live() {
  install -d -m 0700 -- "$app_state"
  printf '%s\t%s\t%s\t%s\n' "$(time_now)" "$@" >>"$app_state/history"
}

# last_live_slot: of the last line of history; nothing if nothing was live yet.
last_live_slot() {
  [[ ! -s $app_state/history ]] || tail -n 1 -- "$app_state/history" | cut -f 3
}

# good_before RELEASE: the last one before it that was live, is still here and is not marked bad.
good_before() {
  local id
  [[ -s $app_state/history ]] || return 0
  while IFS=$'\t' read -r _ _ _ id; do
    [[ $id == "$1" || ! -d $dir/releases/$id || -e $app_state/bad/$id ]] || break
    id=''
  done < <(tac -- "$app_state/history")
  printf '%s' "$id"
}

# mark_bad RELEASE REASON
mark_bad() {
  install -d -m 0700 -- "$app_state/bad"
  printf '%s\n' "$2" >"$app_state/bad/${1:?}"
}

unmark_bad() { rm -f -- "$app_state/bad/${1:?}"; }

is_bad() { [[ -e $app_state/bad/${1:?} ]]; }

# release_of_link SLOT: the id of the release that its link names; nothing if there is none.
release_of_link() {
  [[ -L ${dir:?}/${1:?}/release && -d $dir/$1/release ]] || return 0
  (cd -P -- "$dir/$1/release" && printf '%s' "${PWD##*/}")
}

# ---- templates/host/opt/vgen/lib/state/drift.sh
# Drift, three ways: what vgen wrote last (the record), what is on the host now, and what a tree says. Read only.

json_drift=''

# tell_drift: one line per path that is not the same in all three. The tree is the one around this script, or else the
# present generation.
tell_drift() {
  local around=${lib%/opt/vgen/lib} path on_host in_tree heading=drift
  local -A tree_content=()
  [[ -n $around ]] || around=$generations/$generation
  read_record
  read_tree "$around"
  hash_files "${!former_content[@]}"
  read_metadata "${!former_content[@]}"
  while IFS= read -r path; do
    if [[ -n ${former_waiting[$path]:-} ]]; then
      [[ -n ${former_content[$path]:-} ]] || continue
      tree_content[$path]=${former_source[$path]}       # what waits for the switch is no drift
    fi
    on_host=$(state_on_host "$path")
    in_tree=$(state_in_tree "$path")
    [[ $on_host == same && $in_tree == same ]] && continue
    [[ -z $heading ]] || printf '%s\n' "$heading" >&3
    heading=''
    printf '  %-44s %s\n' "$path" "$(in_words "$on_host" "$in_tree")" >&3
    json_drift+="${json_drift:+,}{\"path\":$(json_string "$path"),\"host\":\"$on_host\",\"tree\":\"$in_tree\"}"
  done < <({ (( ${#former_content[@]} == 0 )) || printf '%s\n' "${!former_content[@]}"
    (( ${#tree_content[@]} == 0 )) || printf '%s\n' "${!tree_content[@]}"; } | sort -u)
}

# read_tree TREE: tree_content[path] is the sha256 of a file in the tree, or "-> TARGET" of a link.
read_tree() {
  local kind path target line
  local -A sums=()
  [[ -f $1/manifest.tsv && -f $1/SHA256SUMS ]] || return 0
  while IFS= read -r line; do
    sums[/${line:66}]=${line:0:64}
  done <"$1/SHA256SUMS"
  while IFS=$'\t' read -r kind path target _; do
    case $kind in
      file) tree_content[$path]=${sums[$path]:-} ;;
      link) tree_content[$path]="-> $target" ;;
    esac
  done <"$1/manifest.tsv"
}

state_on_host() {
  if [[ -z ${former_content[$1]:-} ]]; then
    printf 'same'                       # vgen has not written it yet
  elif [[ ! -e $1 && ! -L $1 ]]; then
    printf 'removed'
  elif ! as_left "$1"; then
    printf 'changed'
  elif [[ -n ${former_adopted[$1]:-} ]]; then
    printf 'adopted'
  else
    printf 'same'
  fi
}

state_in_tree() {
  local was=${former_source[$1]:-}
  [[ $was != link ]] || was="-> ${former_content[$1]}"
  if [[ -z $was ]]; then
    printf 'new'
  elif [[ -z ${tree_content[$1]:-} ]]; then
    printf 'dropped'
  elif [[ ${tree_content[$1]} != "$was" ]]; then
    printf 'changed'
  else
    printf 'same'
  fi
}

in_words() {
  local host='as vgen left it on the host' tree='the tree is as last installed'
  case $1 in
    changed) host='edited on the host' ;;
    removed) host='removed on the host' ;;
    adopted) host='edited on the host, and adopted' ;;
  esac
  case $2 in
    changed) tree='changed in the tree' ;;
    new) tree='new in the tree' ;;
    dropped) tree='no longer in the tree' ;;
  esac
  printf '%s; %s' "$host" "$tree"
}

# ---- templates/host/opt/vgen/lib/state/generations.sh
# Generations: each tree that this host took, by number, whole and installable, so that a console alone is enough to go
# back. The list is /var/lib/vgen/generations.tsv: number, tree (sha256 of its SHA256SUMS), order, commit, time, result
# (started, ok or left, which a rollback says of the one that it leaves). The last line is what the host is.

generations=${vgen_state:?}/generations
generations_list=${vgen_state:?}/generations.tsv
replaced=${vgen_state:?}/replaced           # N/PATH: versions with local edits that were overwritten by generation N
keep_generations=10
generation=0                                # the present one; 0 before the first
generation_tree=''
newest_order=0                              # the highest that this host has seen
tree_id=''                                  # of the tree that is installed: sha256 of its SHA256SUMS

read_generations() {
  local number id order
  [[ -f $generations_list ]] || return 0
  while IFS=$'\t' read -r number id order _; do
    generation=$number
    generation_tree=$id
    [[ $order == - ]] || (( order <= newest_order )) || newest_order=$order
  done <"$generations_list"
}

# field_of NUMBER COLUMN: of the line of a generation.
field_of() {
  [[ -f $generations_list ]] || return 0
  awk -F '\t' -v number="$1" -v column="$2" '$1 == number { print $column }' "$generations_list"
}

# generation_with TREE-ID: the last one that was this tree; nothing if none was.
generation_with() {
  [[ -f $generations_list ]] || return 0
  awk -F '\t' -v id="$1" '$2 == id { number = $1 } END { print number }' "$generations_list"
}

# good_generation: the last one that ran before the present one, with another tree.
good_generation() {
  awk -F '\t' -v number="$generation" -v tree="$generation_tree" \
    '$1 < number && $2 != tree && $6 == "ok" { good = $1 } END { print good }' "$generations_list" 2>/dev/null || true
}

known_generations() {
  find "$generations" -mindepth 1 -maxdepth 1 -name '[0-9]*' -printf '%f\n' | sort -n | paste -sd ' '
}

# roll_back_host [GENERATION] [OPTION…]: by the install.sh that this generation carries itself.
roll_back_host() {
  local to=''
  require_root
  read_generations
  if [[ ${1:-} =~ ^[0-9]+$ ]]; then
    to=$1
    shift
  else
    to=$(good_generation)
    [[ -n $to ]] || fail 3 'nothing to roll back to: no earlier generation of this host ran'
  fi
  [[ -f $generations/$to/install.sh ]] || fail 2 "generation $to is not here; known: $(known_generations)"
  note "from generation $generation back to $to"
  exec bash "$generations/$to/install.sh" --rollback "$@"
}

# ---- templates/host/opt/vgen/lib/state/journal.sh
# What an install is about to change, written down before it changes it, with the former versions beside it. While the
# journal exists the install is not finished; `put_back` undoes all that it names, in the next run if this one dies.
#
#   saved PATH NUMBER        its former version is former/NUMBER      new PATH             it was not there
#   mode PATH MODE OWNER     a directory had these                    made PATH            a directory was not there
#   stopped RUNTIME UNIT     a service was stopped           started UNIT / enabled UNIT   a unit was not so before

journal=${vgen_state:?}/journal
former=${vgen_state:?}/former
saved_count=0
pending_actions=$vgen_state/pending-actions     # lib/install/pending-actions.sh

# journal_add KIND FIELD…: the first line opens the journal and drops what the install before this one saved.
journal_add() {
  local IFS=$'\t'
  if [[ ! -e $journal ]]; then
    rm -rf -- "${former:?}"
    mkdir -m 0700 -- "$former"
  fi
  printf '%s\n' "$*" >>"$journal" || fail 2 "$journal cannot be written"
}

# journal_safe: all of it, and what is saved, staged or in place because of it, is on the disk from here on: each file
# system as a whole, which for many files is quicker than one by one.
journal_safe() {
  local device path parents=()
  local -A one_on=()
  mapfile -t parents < <(sed -nE 's|^[a-z]+\t(/[^\t]*)/[^\t]*.*|\1|p' "$journal" | sort -u)
  while read -r device path; do
    one_on[$device]=$path
  done < <(stat --format '%d %n' -- / "$vgen_state" "${parents[@]}" 2>/dev/null)
  sync -f -- "${one_on[@]}"
}

journal_end() {
  [[ -e $journal ]] || return 0
  journal_safe
  mv -fT -- "$journal" "$former/journal"
  on_disk "$vgen_state" "$former"
}

# is_left_half_done: an install was killed, or what it had begun to reload or restart is still pending.
is_left_half_done() { [[ -e $journal || -s $pending_actions ]] && ! lock_is_held; }

# is_pending_slot APP/SLOT: an install may have begun to restart it, and was cut short or put back.
is_pending_slot() { [[ -s $pending_actions ]] && grep -qxF -- "slot $1" "$pending_actions"; }

# save PATH: keeps what is there now, whatever it is.
save() {
  if [[ -e $1 || -L $1 ]]; then
    saved_count=$((saved_count + 1))
    journal_add saved "$1" "$saved_count"
    copy_whole "$1" "$former/$saved_count" || fail 2 "the former version of $1 cannot be kept, so it is not replaced"
  else
    journal_add new "$1"
  fi
}

# ---- templates/host/opt/vgen/lib/state/manifest.sh
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

# ---- templates/host/opt/vgen/lib/state/record.sh
# What vgen made on this host, kept in /var/lib/vgen/installed.tsv, and the removal of what it made and no longer makes.
# Columns: type, name, content (sha256 of a file, target of a link, groups of a user), triggers of its change, source
# (sha256 of a file in the tree, with placeholders where the host has secrets), "adopted" if a local edit was
# left in place, mode, owner, check, slot to which it belongs. "-" is an empty one. Nothing that is not in the record is
# ever removed. "waiting PATH APP/SLOT" is a file of a slot that was live: its new version, or its removal, waits until
# that slot is not live any more.

record=${vgen_state:?}/installed.tsv
originals=${vgen_state:?}/originals         # what was there before vgen first replaced it, e.g. a package's default
former_tree=''                              # id of the tree that was installed last
declare -gA former_content=()                # path of a file or link → content
declare -gA former_kind=()                   # path → file or link
declare -gA former_triggers=()               # path → what its change triggers, separated by commas
declare -gA former_check=()                  # path → what judges it
declare -gA former_mode=() former_owner=()   # path → as vgen left it
declare -gA former_source=()                 # path → sha256 in the tree; "link" for a link
declare -gA former_adopted=()                # path → yes
declare -gA former_slot=()                   # path → APP/SLOT, of a file that belongs to a slot
declare -gA former_waiting=()                # path → APP/SLOT, of a file whose change waits for that slot
declare -gA former_units=() former_users=() former_directories=()

read_record() {
  local kind name content triggers source adopted mode owner check slot
  [[ -f $record ]] || return 0
  while IFS=$'\t' read -r kind name content triggers source adopted mode owner check slot; do
    case $kind in
      tree) former_tree=$name ;;
      file | link)
        former_content[$name]=$content
        former_kind[$name]=$kind
        former_triggers[$name]=${triggers#-}
        former_check[$name]=${check#-}
        former_mode[$name]=${mode#-}
        former_owner[$name]=${owner#-}
        former_source[$name]=$source
        former_slot[$name]=${slot#-}
        [[ $adopted != adopted ]] || former_adopted[$name]=yes
        ;;
      waiting) former_waiting[$name]=$content ;;
      directory) former_directories[$name]=yes ;;
      unit) former_units[$name]=yes ;;
      user) former_users[$name]=${content#-} ;;
    esac
  done <"$record"
}

# waiting_paths APP/SLOT: those whose new versions wait until it is not live any more, separated by spaces.
waiting_paths() {
  [[ ! -f $record ]] || awk -F '\t' -v slot="$1" '$1 == "waiting" && $3 == slot { print $2 }' "$record" |
    paste -s -d ' '
}

# released_slots: APP/SLOT of those whose files waited and that are not live any more, one per line.
released_slots() (
  read_record
  for slot in $(sorted "${former_waiting[@]}" | uniq); do
    [[ -f $vgen_apps/${slot%%/*}.sh ]] || continue
    load_app "${slot%%/*}"
    [[ $(slot_at live) == "${slot#*/}" ]] || printf '%s\n' "$slot"
  done
)

former_groups_of() { printf '%s' "${former_users[$1]:-}" | tr ',' ' '; }

# as_left PATH: content or target, mode and owner are as vgen left them. hash_files and read_metadata know the path.
as_left() {
  has_content_as_left "$1" || return 1
  [[ -L $1 || -z ${former_mode[$1]:-} ]] || same_metadata "$1" "${former_mode[$1]}" "${former_owner[$1]}"
}

# has_content_as_left PATH: another mode or owner alone is nobody's work to lose; an install sets it right again.
has_content_as_left() {
  if [[ -L $1 ]]; then
    # a link whose target spells the digest of the file that it replaced is none of vgen's
    [[ ${former_kind[$1]} == link || -n ${former_adopted[$1]:-} ]] &&
      [[ $(readlink -- "$1") == "${former_content[$1]}" ]]
  else
    [[ -n ${hash_of[$1]:-} && ${hash_of[$1]} == "${former_content[$1]}" ]]
  fi
}

# content_of PATH: the target of a link, the sha256 of a file that hash_files knows.
content_of() { if [[ -L $1 ]]; then readlink -- "$1"; else printf '%s' "${hash_of[$1]:-}"; fi; }

has_original() { [[ -e $originals$1 || -L $originals$1 ]]; }

# keep_original PATH: before vgen replaces what it did not make.
keep_original() {
  [[ -e $1 || -L $1 ]] || return 0
  [[ -z ${former_content[$1]:-} ]] || return 0
  install -d -m 0700 -- "$originals${1%/*}"
  copy_whole "$1" "$originals$1" || fail 2 "the former version of $1 cannot be kept, so it is not replaced"
}

# ---- templates/host/opt/vgen/lib/state/stale.sh
# What still runs with its former configuration although the files changed: a live slot until the next switch, or
# supervisord itself. One line each: what (APP/SLOT or a unit), which running instance, the paths that changed. The
# instance tells a process from its successor, so that a line dies by itself when the machine was started anew.

stale_file=${vgen_state:?}/stale

# stale_add WHAT INSTANCE PATHS
stale_add() {
  local paths=()
  read -r -a paths <<<"$(stale_paths "$1") $3"
  mapfile -t paths < <(printf '%s\n' "${paths[@]}" | sort -u)
  stale_clear "$1"
  printf '%s\t%s\t%s\n' "$1" "$2" "${paths[*]}" >>"$stale_file"
}

# stale_paths WHAT: nothing if it is up to date.
stale_paths() {
  local what paths
  [[ -f $stale_file ]] || return 0
  while IFS=$'\t' read -r what _ paths; do
    [[ $what != "$1" ]] || printf '%s' "$paths"
  done <"$stale_file"
}

stale_clear() {
  [[ -f $stale_file ]] || return 0
  awk -F '\t' -v what="$1" '$1 != what' "$stale_file" >"$stale_file.new"
  mv -fT -- "$stale_file.new" "$stale_file"
}

# stale_refresh WHAT INSTANCE: the line goes if another instance runs now.
stale_refresh() {
  local what instance
  [[ -f $stale_file ]] || return 0
  while IFS=$'\t' read -r what instance _; do
    [[ $what != "$1" || $instance == "$2" ]] || stale_clear "$1"
  done <"$stale_file"
}
