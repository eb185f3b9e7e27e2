#!/usr/bin/env bash
# A rehearsal's client of a site: asks for a path by the site's name and verifies its certificate.
# Usage: prove.sh http|https NAME ADDRESS PORT PATH EXPECTED; its environment has TRUST and RELEASE
# EXPECTED: app (its release answers), dir (nginx answers), closed (503), "redirect URL"
set -euo pipefail
scheme=$1 name=$2 address=$3 port=$4 path=$5 expected=$6
body=$(mktemp)
trap 'rm -f -- "$body"' EXIT
[[ $address != *:* ]] || address=[$address]
url=$scheme://$name:$port$path
# the former workers of nginx answer for some 100 ms after a reload
for try in 1 2 3; do
  answer=$(curl --disable --silent --show-error --noproxy '*' --max-time 20 --cacert "${TRUST:?}" \
    --resolve "$name:$port:$address" --output "$body" --write-out '%{http_code} %{redirect_url}' -- "$url" \
    2>&1 </dev/null) && break
  (( try < 3 )) || { printf '%s: %s\n' "$url" "$answer" >&2; exit 1; }
  sleep 1
done
code=${answer%% *} to=${answer#* } text=$(head -c 200 -- "$body" | head -n 1 | tr -d '\0')

no() { printf '%s answers %s %s, and not %s\n' "$url" "$code" "${to:-$text}" "$1" >&2; exit 1; }

case $expected in
  app)
    if [[ -n ${RELEASE:-} ]]; then
      [[ $code == 200 && $text == "$RELEASE" ]] || no "200 $RELEASE"
      answer=$RELEASE
    else
      (( code > 0 && code < 500 )) || no 'an answer of the app'
      answer=$code
    fi
    ;;
  dir) [[ $code =~ ^(200|403|404)$ ]] || no 'a file or 404'; answer=$code ;;
  closed) [[ $code == 503 ]] || no 503; answer=503 ;;
  'redirect '*) [[ $code =~ ^30[1278]$ && $to == "${expected#redirect }"* ]] || no "$expected"; answer="$code to $to" ;;
esac
printf '%s%s: %s\n' "$([[ $scheme == https ]] || echo 'http: ')" "$path" "$answer"
