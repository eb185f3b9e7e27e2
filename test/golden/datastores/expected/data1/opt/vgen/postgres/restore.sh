#!/usr/bin/env bash
# Made by vgen; do not edit.
# Usage, as the user postgres: [DRILL=OTHER] restore.sh PORT DATABASE <DUMP
# Restores what "pg_dump --format=custom" printed: in one transaction over DATABASE, or into a new database OTHER beside
# it, and says how many rows each of its tables has. A database OTHER of a former drill is replaced.
set -euo pipefail
export PGPORT=${1:?} PGCLIENTENCODING=UTF8
database=${2:?}
cd /

if [[ -z ${DRILL:-} ]]; then
  pg_restore --single-transaction --clean --if-exists --exit-on-error --dbname="$database"
  exit
fi
[[ $DRILL =~ ^[a-z][a-z0-9_-]{0,62}$ && $DRILL != "$database" ]] || {
  printf 'DRILL has to name another database, in lower-case letters, digits and _ -\n' >&2
  exit 2
}
# Only what a drill made is removed: its comment says so.
mark='made by vgen for a restore drill'
former=$(psql --no-psqlrc -At --set=name="$DRILL" postgres \
  <<<"SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = :'name';")
exists=$(psql --no-psqlrc -At --set=name="$DRILL" postgres <<<"SELECT 1 FROM pg_database WHERE datname = :'name';")
if [[ -n $exists ]]; then
  [[ $former == "$mark" ]] || {
    printf 'there is a database "%s", which no drill made\n' "$DRILL" >&2
    exit 3
  }
  dropdb -- "$DRILL"
fi
createdb --template=template0 -- "$DRILL" "$mark"
pg_restore --single-transaction --exit-on-error --dbname="$DRILL"
psql --no-psqlrc -At --field-separator=$'\t' "$DRILL" <<'SQL'
SELECT format('SELECT %L, count(*) FROM %I.%I', schemaname || '.' || tablename, schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1 \gexec
SQL
