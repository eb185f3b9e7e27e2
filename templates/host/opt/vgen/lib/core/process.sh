#!/usr/bin/env bash
# Processes and ports, whoever runs them.

# instance_of PID: this process in this boot; a process id alone can come again.
instance_of() {
  local fields
  [[ -r /proc/${1:-0}/stat ]] || { printf 'none'; return; }
  fields=$(<"/proc/$1/stat")
  read -r -a fields <<<"${fields##*) }"      # the name before it may hold spaces
  printf '%s:%s:%s' "$(</proc/sys/kernel/random/boot_id)" "$1" "${fields[19]}"
}

# descends_from PID ANCESTOR: it is that process, or was started by it, or is in its process group.
descends_from() {
  local pid=$1 fields
  while [[ -r /proc/$pid/stat ]] && (( pid > 1 )); do
    (( pid != $2 )) || return 0
    fields=$(<"/proc/$pid/stat")
    read -r -a fields <<<"${fields##*) }"
    (( fields[2] != $2 )) || return 0
    pid=${fields[1]}
  done
  return 1
}

# sockets_on PORT: inode and user id of each socket that takes connections to 127.0.0.1 there. What ss says of processes
# is not read: their names are theirs to choose, brackets and "pid=" included (prctl(2), PR_SET_NAME).
sockets_on() {
  local any='127\.0\.0\.1|0\.0\.0\.0|\*|\[::\]|\[::ffff:(127\.0\.0\.1|0\.0\.0\.0)\]'
  ss --no-header --listening --tcp --numeric --extended "sport = :$1" |
    sed -nE "s/^\S+ +\S+ +\S+ +($any)(%\S+)?:[0-9]+ +\S+ +(timer:\S+ +)?(uid:([0-9]+) +)?ino:([0-9]+) .*/\7 \6/p" |
    awk '{ print $1, ($2 == "" ? 0 : $2) }'
}

# holders_of INODE: the processes that hold this socket. Those that end meanwhile are no error.
holders_of() {
  { find /proc/[0-9]*/fd -maxdepth 1 -lname "socket:\[$1\]" -printf '%h\n' 2>/dev/null || true; } |
    cut -d / -f 3 | sort -un
}

# holder_of INODE: "held by …".
holder_of() {
  local pid name
  read -r pid < <(holders_of "$1") || pid=''
  name=$(tr -cd '[:alnum:]._/ -' 2>/dev/null <"/proc/${pid:-none}/comm") || name='?'
  printf 'held by "%s",pid=%s' "$name" "${pid:-?}"
}

# listener_on PORT: who listens there; nothing if nobody does.
listener_on() {
  local inode
  read -r inode _ < <(sockets_on "$1") || return 0
  holder_of "$inode"
}

connections_on() { ss --no-header --tcp --numeric state established "sport = :$1" | wc -l; }
