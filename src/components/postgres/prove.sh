#!/usr/bin/env bash
# A rehearsal's client of PostgreSQL, with nothing but the app's own URL.
# Usage: prove.sh before|after; writes a row, or reads it. Its environment has URL.
set -euo pipefail
: "${URL:?}"

query() { psql --no-psqlrc --quiet --tuples-only --no-align --dbname "$URL" --command "$1" </dev/null; }

case ${1:?} in
  before)
    query 'CREATE TABLE IF NOT EXISTS vgen_rehearsal (word text)'
    query "INSERT INTO vgen_rehearsal VALUES ('kept')"
    ;;
  after)
    rows=$(query 'SELECT count(*) FROM vgen_rehearsal')
    (( rows > 0 )) || { printf 'the row that was written before the switch is gone\n' >&2; exit 1; }
    query 'DROP TABLE vgen_rehearsal'
    printf 'a row written before the switches is read after them, over %s\n' \
      "$(query 'SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()')"
    ;;
esac
