#!/usr/bin/env bash
# A rehearsal's client of Redis, with nothing but the app's own URL, and CA where it speaks TLS.
# Usage: prove.sh before|after; writes a key, or reads it. Its environment has URL, MARK and perhaps CA.
set -euo pipefail
place=${URL:?} key=${MARK:?}
place=${place##*@}
words=(--no-auth-warning -h "${place%:*}" -p "${place##*:}")
[[ -z ${CA:-} ]] || words+=(--tls --cacert "$CA")
if [[ $URL == *@* ]]; then
  secret=${URL#*://*:}
  secret=${secret%@*}
  printf -v REDISCLI_AUTH %b "${secret//%/\\x}"
  export REDISCLI_AUTH
fi

ask() { redis-cli "${words[@]}" "$@" </dev/null; }

case ${1:?} in
  before)
    answer=$(ask SET "$key" kept)
    [[ $answer == OK ]] || { printf 'SET answers: %s\n' "$answer" >&2; exit 1; }
    ;;
  after)
    answer=$(ask GET "$key")
    [[ $answer == kept ]] || { printf 'the key that was written before the switch reads: %s\n' "$answer" >&2; exit 1; }
    ask DEL "$key" >/dev/null
    printf 'a key written before the switches is read after them%s\n' "${CA:+, over TLS}"
    ;;
esac
