#!/usr/bin/env bash
# System users, and the secrets that have to be on the host. Users are never removed: files may belong to them.

# make_user NAME HOME SHELL GROUP,GROUP
make_user() {
  local name=${1:?} home=${2:?} shell=${3:?} groups=$4 entry group_option=--user-group
  require_groups "$name" "$groups"
  if ! entry=$(getent passwd "$name"); then
    ! getent group "$name" >/dev/null || group_option=--gid=$name
    useradd --system "$group_option" --home-dir "$home" --no-create-home --shell "$shell" -- "$name"
    change user "$name"
  elif [[ $(cut -d: -f6,7 <<<"$entry") != "$home:$shell" ]]; then
    usermod --home "$home" --shell "$shell" -- "$name" ||
      fail 2 "user $name has another home or shell and runs something, so it cannot be changed now; stop it first," \
        "or name another user"
    change user "$name" "(home $home, shell $shell)"
  fi
  join_groups "$name" "$groups"
}

require_groups() {
  local group
  for group in ${2//,/ }; do
    getent group "$group" >/dev/null || fail 2 "user $1 shall be in group $group, which does not exist here"
  done
}

# join_groups NAME GROUP,GROUP: in these groups, and out of those in which vgen had put it before.
join_groups() {
  local name=$1 groups=$2 group has
  has=" $(id -nG -- "$name") "
  for group in ${groups//,/ }; do
    [[ $has != *" $group "* ]] || continue
    usermod --append --groups "$group" -- "$name"
    change user "$name" "(joins $group)"
  done
  for group in $(former_groups_of "$name"); do
    [[ ,$groups, != *",$group,"* && $has == *" $group "* ]] || continue
    gpasswd --delete "$name" "$group" >/dev/null
    change user "$name" "(leaves $group)"
  done
}

make_users() {
  local i
  for i in "${!user_name[@]}"; do
    make_user "${user_name[i]}" "${user_home[i]}" "${user_shell[i]}" "${user_groups[i]}"
  done
}

# require_secrets NAME…: every one is there, not empty, and for root alone.
require_secrets() {
  local name file missing=()
  (( $# > 0 )) || return 0
  install -d -m 0700 -o root -g root -- "${vgen_secrets:?}"
  for name; do
    file=$vgen_secrets/${name:?}
    if [[ ! -f $file || ! -s $file ]]; then
      missing+=("$name")
    elif [[ $(stat -c '%a %u' -- "$file") != '600 0' ]]; then
      chown -- root:root "$file"
      chmod -- 0600 "$file"
      warn "secret $name was not for root alone; now it is, but others may have read it"
    fi
  done
  (( ${#missing[@]} == 0 )) || fail 2 "missing in $vgen_secrets: ${missing[*]}" \
    "(put one there with: install -m 0600 /dev/stdin $vgen_secrets/${missing[0]})"
}
