#!/usr/bin/env bash
# A rehearsal's client of PostgreSQL, with nothing but the app's own URL.
# Usage: prove.sh before|after; writes a row, or reads it. Its environment has URL and MARK.
set -euo pipefail
: "${URL:?}" "${MARK:?}"

query() { psql --no-psqlrc --quiet --tuples-only --no-align --dbname "$URL" --command "$1" </dev/null; }

case ${1:?} in
  before)
    query "CREATE TABLE IF NOT EXISTS $MARK (word text)"
    query "INSERT INTO $MARK VALUES ('kept')"
    ;;
  after)
    rows=$(query "SELECT count(*) FROM $MARK")
    (( rows > 0 )) || { printf 'the row that was written before the switch is gone\n' >&2; exit 1; }
    query "DROP TABLE $MARK"
    printf 'a row written before the switches is read after them, over %s\n' \
      "$(query 'SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()')"
    ;;
esac
