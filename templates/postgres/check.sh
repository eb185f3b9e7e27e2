#!/usr/bin/env bash
# The check of PostgreSQL's files (lib/install/checks.sh).

# "postgres -C" reads all of a cluster's files and prints one setting, or says what is wrong; it refuses to be root.
check_postgres() {
  local path version output
  for path; do
    [[ $path =~ ^/etc/postgresql/([0-9]+)/ ]] || continue
    version=${BASH_REMATCH[1]}
    output=$(cd / && runuser -u postgres -- "/usr/lib/postgresql/$version/bin/postgres" -C listen_addresses \
      -D "/etc/postgresql/$version/main" 2>&1) && continue
    sed -E 's/^[0-9-]+ [0-9:.]+ [A-Z]+ \[[0-9]+\] //' <<<"$output"
    return 1
  done
}
