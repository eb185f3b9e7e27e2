#!/usr/bin/env bash
# Keys and certificates in /etc/vgen/tls/NAME/{key.pem,cert.pem}. They are state: an install makes a placeholder where
# there is none and never touches one that is there. A pair is replaced as a whole, by exchanging directories.


placeholder_mark='vgen placeholder'     # the organization in the subject of placeholders
days_left=0 issuer=''                   # what read_certificate found

# make_certificates: each one of this tree is there, if only as a placeholder that no other host trusts.
make_certificates() {
  local i name
  (( ${#certificate_name[@]} > 0 )) || return 0
  install -d -m 0755 -- "${vgen_tls%/*}" "${vgen_tls:?}"
  for i in "${!certificate_name[@]}"; do
    name=${certificate_name[i]}
    if [[ ! -s $vgen_tls/$name/key.pem || ! -s $vgen_tls/$name/cert.pem ]]; then
      make_placeholder "$name" "${certificate_group[i]}" "${certificate_names[i]}"
    elif [[ $(stat -c '%a %U:%G' -- "$vgen_tls/$name/key.pem") != "640 root:${certificate_group[i]}" ]]; then
      give_pair "$vgen_tls/$name" "${certificate_group[i]}"
      change certificate "$name" "(for group ${certificate_group[i]})"
    fi
  done
  [[ -s $vgen_tls/ca.pem || -n ${declared[$vgen_tls/ca.pem]:-} ]] || make_bundle
}

# make_bundle: where the tree brings no bundle of CAs, this host trusts its certificates, and can check every
# configuration that names the bundle.
make_bundle() {
  local new name
  new=$(beside "$vgen_tls/ca.pem")
  for name in "${certificate_name[@]}"; do
    cat -- "$vgen_tls/$name/cert.pem"
  done >"$new" || fail 2 "$vgen_tls/ca.pem cannot be made"
  mv -fT -- "$new" "$vgen_tls/ca.pem"
}

# make_placeholder NAME GROUP NAMES
make_placeholder() {
  local new=$vgen_tls/.$1.vgen-new reason
  rm -rf -- "${new:?}"
  mkdir -m 0700 -- "$new"
  reason=$(new_key "$new" && openssl req -new -x509 -key "$new/key.pem" -out "$new/cert.pem" -days 3650 \
    -subj "/O=$placeholder_mark/CN=$1" -addext "subjectAltName=$(alternative_names "$3")" \
    -addext 'basicConstraints=critical,CA:FALSE' 2>&1) ||
    fail 2 "a placeholder for certificate $1 cannot be made: $(tail -n 1 <<<"$reason")"
  place_pair "$1" "$2" "$new"
  rm -rf -- "${new:?}"
  if [[ -s $vgen_tls/ca.pem && -z ${declared[$vgen_tls/ca.pem]:-} ]]; then
    new=$(beside "$vgen_tls/ca.pem")
    cat -- "$vgen_tls/ca.pem" "$vgen_tls/$1/cert.pem" >"$new" || fail 2 "$vgen_tls/ca.pem cannot be made"
    mv -fT -- "$new" "$vgen_tls/ca.pem"
  fi
  change certificate "$1" '(a placeholder)'
}

# new_key DIRECTORY: an EC key on P-256 in DIRECTORY/key.pem, for root alone for now.
new_key() {
  (umask 077 && openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1/key.pem")
}

# alternative_names NAME,NAME: as openssl wants a subjectAltName.
alternative_names() {
  local name list=''
  for name in ${1//,/ }; do
    if [[ $name == *:* || $name =~ ^[0-9.]+$ ]]; then list+=",IP:$name"; else list+=",DNS:$name"; fi
  done
  printf '%s' "${list#,}"
}

# give_pair DIRECTORY GROUP: root writes, GROUP reads.
give_pair() {
  chown -- "root:$2" "$1" "$1/key.pem" "$1/cert.pem" || fail 2 "$1 cannot belong to group $2"
  chmod -- 0640 "$1/key.pem"
  chmod -- 0644 "$1/cert.pem"
  chmod -- 0750 "$1"
}

# place_pair NAME GROUP DIRECTORY: what is in DIRECTORY becomes the pair of NAME, key and certificate in one step; the
# former pair is in DIRECTORY afterwards, if there was one.
place_pair() {
  give_pair "$3" "$2"
  if [[ ! -e $vgen_tls/$1 ]]; then
    mv -T -- "$3" "$vgen_tls/$1"
  elif ! exchange_paths "$vgen_tls/$1" "$3"; then
    mv -T -- "$vgen_tls/$1" "$3.former"
    mv -T -- "$3" "$vgen_tls/$1"
    mv -T -- "$3.former" "$3"
  fi
  on_disk "$vgen_tls/$1/key.pem" "$vgen_tls/$1/cert.pem" "$vgen_tls/$1" "$vgen_tls"
}

# take_up_pair NAME GROUP DIRECTORY COMMAND…: the pair in DIRECTORY replaces that of NAME, and COMMAND makes its users
# take it up. If key and certificate are no pair, or the command fails, all is as before: 1, and failure says why.
take_up_pair() {
  local name=$1 group=$2 new=$3 output
  shift 3
  if [[ $(openssl pkey -in "$new/key.pem" -pubout 2>&1) \
    != "$(openssl x509 -in "$new/cert.pem" -noout -pubkey 2>&1)" ]]; then
    failure="certificate $name is not for its key"
    return 1
  fi
  place_pair "$name" "$group" "$new"
  (( $# > 0 )) || return 0
  # the standard input is the caller's: rabbitmqctl would read on in it
  output=$("$@" 2>&1 </dev/null) && return 0
  failure="certificate $name is not taken up: $(tail -n 1 <<<"$output")"
  [[ ! -d $new ]] || place_pair "$name" "$group" "$new"
  return 1
}

# names_of FILE: the names in a certificate, as sorted_names has them.
names_of() {
  sorted_names "$(openssl x509 -in "$1" -noout -ext subjectAltName 2>/dev/null |
    grep -oE '(DNS|IP Address):[^, ]+' | sed 's/^[^:]*://' | paste -s -d , || true)"
}

# sorted_names NAME,NAME
sorted_names() { tr , '\n' <<<"$1" | sort -u | paste -s -d ,; }

# read_certificate FILE: days_left, less than 0 if it expired, and issuer: placeholder, CA (of the fleet) or public.
read_certificate() {
  local facts end
  facts=$(openssl x509 -in "$1" -noout -subject -enddate -nameopt multiline 2>/dev/null) || return 1
  end=$(date -u -d "$(sed -n 's/^notAfter=//p' <<<"$facts")" +%s)
  days_left=$(( (end - $(date -u +%s)) / 86400 ))
  (( end > $(date -u +%s) )) || days_left=-1
  if grep -q "organizationName *= $placeholder_mark\$" <<<"$facts"; then
    issuer=placeholder
  elif is_signed_by_ca "$1"; then
    issuer=CA
  else
    issuer=public
  fi
}

# is_signed_by_ca FILE: by one of the bundle, if only of late.
is_signed_by_ca() {
  openssl verify -no-CApath -no-CAstore -no_check_time -CAfile "$vgen_tls/ca.pem" -untrusted "$1" "$1" >/dev/null 2>&1
}

# tell_certificates: a line for each one; json_certificates is the same as data. One that expired is down.
tell_certificates() {
  local file name heading=certificates
  json_certificates=''
  for file in "$vgen_tls"/*/cert.pem; do
    [[ -f $file ]] || continue
    read_certificate "$file" || continue
    name=$(basename -- "${file%/*}")
    [[ -z $heading ]] || printf '%s\n' "$heading" >&3
    heading=''
    (( days_left >= 0 )) || down=$((down + 1))
    printf '  %-34s %-12s %s\n' "$name" "$issuer" \
      "$( (( days_left < 0 )) && printf 'expired' || printf 'good for %s' "$(count "$days_left" day)")" >&3
    json_certificates+="${json_certificates:+,}{\"name\":$(json_string "$name"),\"issuer\":\"$issuer\""
    json_certificates+=",\"days\":$days_left}"
  done
}
