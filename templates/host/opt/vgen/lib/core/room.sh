#!/usr/bin/env bash
# Room on a file system. Also joined into what vgen sends to hosts (src/fleet/guard/lock.sh), which may have no engine.

# lack_of_room DIRECTORY: why nothing can be written there, and what shows where the room went; nothing if there is
# some. A file system that makes inodes as they are needed says that it has none in all.
lack_of_room() {
  local blocks inodes all mount
  read -r blocks inodes all mount < <(df --output=avail,iavail,itotal,target -- "$1" 2>/dev/null | tail -n 1) ||
    return 0
  if [[ $blocks == 0 ]]; then
    printf 'no space is left on %s (ENOSPC); make room there, what fills it: du -axh %q | sort -h | tail -n 20' \
      "$mount" "$mount"
  elif [[ $inodes == 0 && $all =~ [1-9] ]]; then
    printf 'no inode is left on %s (ENOSPC); remove files there, %s: du --inodes -x %q | sort -n | tail -n 20' \
      "$mount" 'where most are' "$mount"
  fi
}
