#!/usr/bin/env bash
# Keeps the secrets of a host for "vgen secrets". The first line on stdin is "check" or "push", each other one is
# "NAME TAB VALUE" in base64; values come by no other way, and only words about them go back.
#
# check: the value that is sent is compared here, by HMAC-SHA256 under a key that never leaves the host. Nothing that
# stands for a value is told: whoever got a fingerprint could try values against it, wherever he is.
# push: values that no file of the tree can hold are refused, all of them, before a former one is gone ("@encode" brings
# the tree's own encoders, "@placeholder" what they are to encode). Then each value that differs is put into
# /etc/vgen/secrets in one step, and install.sh of the installed tree runs, so that exactly what holds a changed secret
# is restarted. If it refuses them, the former values are put back.
# shellcheck source=SCRIPTDIR/../connect/places.sh
. places.sh
set +ax

key_file=$state/secrets.key     # 32 random bytes in hex; root's alone
prints=$state/secrets.tsv       # name, HMAC of the value that was pushed, when
former=$state/former-secrets    # the values before this push, until it went through
inner='' outer=''               # the two pads of the key, as printf writes them
candidates=$state/new-secrets   # all values as they would be, while they are judged
names=() placeholders=() encode=''
declare -A value_of=() print_of=() pushed_at=()

fail() {
  printf '%s\n' "$2" >&2
  exit "$1"
}

# read_key: makes it at the first push; the key is mixed in by the shell itself, so no list of processes shows it.
read_key() {
  local key='' i byte
  if [[ ! -s $key_file && $1 == push ]]; then
    install -d -m 0700 -- "$state"
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$key_file.new"
    mv -fT -- "$key_file.new" "$key_file"
  fi
  [[ -s $key_file ]] || return 1
  read -r key <"$key_file" || true
  [[ $key =~ ^[0-9a-f]{64}$ ]] || fail 2 "$key_file is not a key of vgen; remove it, a new one is made at the next push"
  for (( i = 0; i < 64; i++ )); do
    byte=0
    (( i >= 32 )) || byte=$((16#${key:i*2:2}))
    printf -v inner '%s\\x%02x' "$inner" $((byte ^ 0x36))
    printf -v outer '%s\\x%02x' "$outer" $((byte ^ 0x5c))
  done
}

# hmac: HMAC-SHA256 (RFC 2104) of stdin, in hex.
hmac() {
  local hash bytes='' i
  hash=$({ printf '%b' "$inner"; cat; } | sha256sum)
  for (( i = 0; i < 64; i += 2 )); do
    bytes+="\\x${hash:i:2}"
  done
  hash=$(printf '%b' "$outer$bytes" | sha256sum)
  printf '%s' "${hash:0:64}"
}

# sent NAME: the value that came, one line break at its end not counted, as the engine reads it.
sent() {
  local value=''
  IFS= read -r -d '' value < <(printf '%s' "${value_of[$1]}" | base64 -d) || true
  printf '%s' "${value%$'\n'}"
}

# kept NAME: the value that is here; a NUL in it, which only somebody else can have put there, makes it another one.
kept() {
  local value=''
  if IFS= read -r -d '' value <"$secrets/$1"; then value+=$'\n(NUL)\n'; fi
  printf '%s' "${value%$'\n'}"
}

# is_same NAME: the value that came is the one that is here.
is_same() { [[ $(sent "$1" | hmac) == "$(kept "$1" | hmac)" ]]; }

read_questions() {
  local name value
  while IFS=$'\t' read -r name value; do
    case $name in
      @encode) encode=$value; continue ;;
      @placeholder) placeholders+=("$value"); continue ;;
    esac
    [[ $name =~ ^[A-Za-z][A-Za-z0-9_]{0,63}$ ]] || fail 2 'a name came that is no name of a secret'
    names+=("$name")
    value_of[$name]=$value
  done
}

read_prints() {
  local name print time
  [[ -f $prints ]] || return 0
  while IFS=$'\t' read -r name print time; do
    print_of[$name]=$print
    pushed_at[$name]=$time
  done <"$prints"
}

# check_all: without a key nothing was ever pushed here; then one that lasts for this check will do.
check_all() {
  local name note
  if ! read_key check; then
    key_file=$(mktemp /run/vgen-secrets.XXXXXXXX)
    trap 'rm -f -- "$key_file"' EXIT
    head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$key_file"
    read_key check
  fi
  read_prints
  for name in "${names[@]}"; do
    note=${pushed_at[$name]:--}
    if [[ ! -s $secrets/$name ]]; then
      tell secret "$name" missing "$note" -
    elif is_same "$name"; then
      tell secret "$name" present "$note" "$(hand_of "$name")"
    else
      tell secret "$name" stale "$note" "$(hand_of "$name")"
    fi
  done
}

# hand_of NAME: "hand" if the value here is not the one that was pushed last.
hand_of() {
  if [[ -n ${print_of[$1]:-} && $(kept "$1" | hmac) != "${print_of[$1]}" ]]; then printf hand; else printf -- -; fi
}

# push_all: under the host's lock, so that no install reads one old and one new value.
push_all() {
  local name changed=()
  trap '' HUP PIPE
  # neither values that were replaced nor candidates stay, whatever the result is; a kill leaves them to the next push
  trap 'rm -rf -- "$candidates" "$former"' EXIT
  read_key push
  read_prints
  [[ -d ${host_lock%/*} ]] || install -d -m 0700 -- "${host_lock%/*}"
  : >>"$host_lock"
  exec 9<>"$host_lock"
  flock --timeout 300 9 || fail 3 "locked by $(head -n 1 -- "$host_lock")"
  install -d -m 0755 -- "${secrets%/*}"
  install -d -m 0700 -o root -g root -- "$secrets" "$state"
  rm -rf -- "$former"
  for name in "${names[@]}"; do
    if [[ -s $secrets/$name ]] && is_same "$name"; then
      tell secret "$name" same
    else
      changed+=("$name")
    fi
  done
  if (( ${#changed[@]} > 0 )); then
    judge_values "${changed[@]}"
    mkdir -m 0700 -- "$former"
    for name in "${changed[@]}"; do
      [[ ! -e $secrets/$name ]] || cp -pT -- "$secrets/$name" "$former/$name"
    done
    rm -rf -- "$candidates"
    for name in "${changed[@]}"; do
      sent "$name" >"$secrets/.$name.new"
      mv -fT -- "$secrets/.$name.new" "$secrets/$name"
    done
    sync -- "${changed[@]/#/$secrets/}" "$secrets"
  fi
  write_prints
  exec 9>&-
  take_up "${changed[@]}"
  tell_pushed "${changed[@]}"
}

# judge_values NAME…: each place that takes one of these can hold it, in the tree that is installed and in the one that
# is to come; else none is taken, and this ends. What lacks another secret cannot be judged yet.
judge_values() {
  local name reasons
  rm -rf -- "$candidates"
  mkdir -m 0700 -- "$candidates"
  cp -p -- "$secrets"/* "$candidates" 2>/dev/null || true
  for name; do
    sent "$name" >"$candidates/$name"
  done
  reasons=$(refusals "$@")
  [[ -n $reasons ]] || return 0
  for name; do
    tell secret "$name" refused
  done
  tell note "$(sort -u <<<"$reasons" | awk 'NR > 1 { printf "; " } { printf "%s", $0 }')"
  audit_push refused "$@"
  exit 1
}

# refusals NAME…: why, one line each; never with a value.
refusals() (
  set +eu
  tree=$(installed_tree 2>/dev/null)
  [[ -z $tree ]] || mapfile -t -O "${#placeholders[@]}" placeholders < <(
    awk -F '\t' '$1 == "file" && $7 != "-" { print $2 }' "$tree/manifest.tsv" |
      while IFS= read -r path; do grep -ohE '@vgen\([a-z0-9]+:[^)]*\)' -- "$tree$path"; done)
  if [[ -n $encode ]]; then
    # shellcheck source=/dev/null
    . <(base64 -d <<<"$encode")
  elif [[ -f $lib/core.sh ]]; then
    # shellcheck source=/dev/null
    . "$lib/core.sh"
  else
    exit 0
  fi
  for text in "${placeholders[@]}"; do
    text=${text#@vgen(}
    text=${text%)}
    is_meant=no
    for name; do
      [[ $text != *"<$name>"* && $text != *"<$name:"* ]] || is_meant=yes
    done
    [[ $is_meant == yes ]] || continue
    while IFS= read -r name; do
      [[ -s $candidates/$name ]] || is_meant=no
    done < <(grep -oE '<[A-Za-z0-9_]+' <<<"$text" | tr -d '<')
    [[ $is_meant == no ]] || encode_placeholder "$text" "$candidates" || printf '%s\n' "$REASON"
  done
  exit 0
)

write_prints() {
  local name time
  TZ=UTC printf -v time '%(%Y-%m-%dT%H:%M:%SZ)T' -1
  for name in "${names[@]}"; do
    print_of[$name]=$(sent "$name" | hmac)
    pushed_at[$name]=$time
  done
  for name in "${!print_of[@]}"; do
    printf '%s\t%s\t%s\n' "$name" "${print_of[$name]}" "${pushed_at[$name]}"
  done | sort >"$prints.new"
  mv -fT -- "$prints.new" "$prints"
}

# take_up NAME…: the installed tree is installed once more; it fills its files anew and restarts what reads those that
# changed. Also without a new value, for one that was edited on the host and never taken up.
take_up() {
  local tree code=0
  tree=$(installed_tree)
  if [[ -z $tree ]]; then
    tell note 'nothing is installed yet; the first apply takes them up'
    return 0
  fi
  VGEN_LOCK_SECONDS=${VGEN_LOCK_SECONDS:-300} bash "$tree/install.sh" </dev/null >"$state/secrets.out" 2>&1 || code=$?
  (( code != 1 )) || put_back_values "$@"
  tell note "$(tac -- "$state/secrets.out" | grep -m 1 -E '^error: ' || tail -n 1 -- "$state/secrets.out")"
  grep -E '^(restart|reload|file|start) |: live slot [a-z]+ keeps ' "$state/secrets.out" | sed 's/^/did\t/' || true
  rm -f -- "$state/secrets.out"
  (( code == 0 )) && return 0
  # Also where something does not run for another reason, the values are on the host now.
  (( code != 2 )) || tell_pushed "$@"
  exit "$code"
}

tell_pushed() {
  local name
  (( $# == 0 )) || audit_push ok "$@"
  for name; do
    tell secret "$name" pushed
  done
}

# audit_push RESULT NAME…: one line in the host's audit log, by the engine's function; names alone.
audit_push() (
  [[ -f $lib/core.sh ]] || exit 0
  set +eu
  result=$1
  shift
  # shellcheck source=/dev/null
  . "$lib/core.sh" && audit secrets result="$result" names="$*"
  exit 0
)

# put_back_values NAME…: a unit did not start with them, and install.sh has put back its files; so are the values.
put_back_values() {
  local name
  for name; do
    if [[ -e $former/$name ]]; then
      mv -fT -- "$former/$name" "$secrets/$name"
    else
      rm -f -- "$secrets/$name"
    fi
    tell secret "$name" refused
  done
  rm -rf -- "$former"
  audit_push refused "$@"
}

# installed_tree: the directory of the tree that the record names; nothing if it is not kept here.
installed_tree() {
  local id='' dir
  [[ -f $state/installed.tsv ]] || return 0
  id=$(awk -F '\t' '$1 == "tree" { print $2 }' "$state/installed.tsv")
  for dir in "$state"/generations/*/ "$state/incoming" /root/vgen; do
    [[ -f $dir/SHA256SUMS && -f $dir/install.sh ]] || continue
    [[ $(sha256sum <"$dir/SHA256SUMS") == "$id "* ]] || continue
    printf '%s' "$dir"
    return 0
  done
  fail 2 'the tree that is installed here is not kept; "vgen apply" sends it, and takes up the secrets'
}

action=''
IFS= read -r action || true
case $action in
  check | push) read_questions ;;
  *) fail 2 'neither check nor push' ;;
esac
(( ${#names[@]} > 0 )) || exit 0
"${action}_all"
tell end
