#!/usr/bin/env bash
# Puts secrets into files: each @vgen(ENCODER:BODY) becomes its value in the grammar of that file. The encoders are
# those of vgen's src/escape, byte for byte. A value goes from variable to variable, never into a process's arguments.

# encode ENCODER VALUE: the text for VALUE in REPLY; or 1, and why not in REASON, which never holds the value.
# ENCODER: configobj envfile nginx pem redis redissha256 sh sqlstring supervisorenv yaml.
encode() {
  local -
  set +ax
  local LC_ALL=C
  REPLY=''
  REASON=''
  require_utf8 "$2" || return 1
  case $1 in
    configobj | envfile | nginx | pem | redis | redissha256 | sh | sqlstring | supervisorenv | yaml) "encode_$1" "$2" ;;
    *) refuse_value 'the encoder is unknown' ;;
  esac
}

refuse_value() {
  REPLY=''
  REASON=$1
  return 1
}

# All multi-byte sequences away, then a byte that is left is not UTF-8. No regex: old C libraries know no such ranges.
require_utf8() {
  local +x rest=$1 more=$'[\x80-\xbf]' pattern
  [[ $rest == *[$'\x80'-$'\xff']* ]] || return 0
  for pattern in $'[\xc2-\xdf]'"$more" $'\xe0[\xa0-\xbf]'"$more" $'[\xe1-\xec\xee\xef]'"$more$more" \
    $'\xed[\x80-\x9f]'"$more" $'\xf0[\x90-\xbf]'"$more$more" $'[\xf1-\xf3]'"$more$more$more" \
    $'\xf4[\x80-\x8f]'"$more$more"; do
    rest=${rest//$pattern/.}
  done
  [[ $rest != *[$'\x80'-$'\xff']* ]] || refuse_value 'the value is not UTF-8'
}

# replace_bytes BEFORE SET ESCAPE: in REPLY, BEFORE and one byte of SET become ESCAPE and that byte in hex.
replace_bytes() {
  local +x start byte pattern="$1[$2]" hex
  while [[ $REPLY == *$pattern* ]]; do
    # shellcheck disable=SC2295  # a pattern is meant
    start=${REPLY%%$pattern*}
    byte=${REPLY:${#start}+${#1}:1}
    printf -v hex '%02x' "'$byte"
    REPLY=${REPLY//"$1$byte"/"$3$hex"}
  done
}

# escape_with_backslash CHARACTERS: in REPLY, a backslash before each of them.
escape_with_backslash() {
  local i char
  for (( i = 0; i < ${#1}; i++ )); do
    char=${1:i:1}
    REPLY=${REPLY//"$char"/"\\$char"}
  done
}

encode_sh() {
  local quote="'" escaped="'\\''"
  local reserved=' case coproc do done elif else esac fi for function if in select then time until while '
  if [[ -n $1 && $1 != *[!A-Za-z0-9_./:@%+=,-]* && ! $1 =~ ^[A-Za-z_][A-Za-z0-9_]*[+]?= ]]; then
    if [[ $reserved != *" $1 "* ]]; then
      REPLY=$1
      return 0
    fi
  fi
  REPLY="'${1//"$quote"/"$escaped"}'"
}

encode_envfile() {
  local fdd0=$'\xef\xb7[\x90-\xaf]' fffe=$'\xef\xbf[\xbe\xbf]' higher=$'[\xf0-\xf4][\x8f\x9f\xaf\xbf]\xbf[\xbe\xbf]'
  if [[ $1 == *$fdd0* || $1 == *$fffe* || $1 == *$higher* ]]; then
    refuse_value 'systemd refuses an environment with a Unicode noncharacter'
    return 1
  fi
  REPLY=$1
  escape_with_backslash "\\\"\$\`"
  REPLY="\"$REPLY\""
}

encode_nginx() {
  local dollar="\${dollar}"
  if [[ $1 == *[$'\r\n']* ]]; then
    refuse_value 'an nginx parameter cannot hold a line break'
    return 1
  fi
  REPLY=$1
  escape_with_backslash "\\\""
  REPLY="\"${REPLY//"$"/"$dollar"}\""
  (( ${#REPLY} <= 4000 )) || refuse_value 'an nginx parameter cannot be longer than 4000 bytes'
}

encode_pem() {
  local block=$'-----BEGIN [A-Z0-9 ]+-----\n([A-Za-z0-9+/=]+\n)+-----END [A-Z0-9 ]+-----\n'
  REPLY=${1%$'\n'}
  [[ $REPLY$'\n' =~ ^($block)+$ ]] || refuse_value 'this is no key or certificate in PEM'
}

encode_configobj() {
  local quote='"'
  if [[ $1 == *[$'\r\n']* ]]; then
    refuse_value 'a value of this file cannot hold a line break'
  elif [[ $1 == *'%('* ]]; then
    refuse_value 'a value of this file cannot hold "%("'
  elif [[ $1 == *\"* && $1 == *\'* ]]; then
    refuse_value 'a value of this file cannot hold both kinds of quotes'
  else
    [[ $1 != *\"* ]] || quote="'"
    REPLY=$quote$1$quote
  fi
}

encode_redis() {
  REPLY=$1
  escape_with_backslash "\\\""
  replace_bytes '' '! -~' "\\x"
  REPLY="\"$REPLY\""
}

encode_redissha256() {
  local sum
  if [[ -z $1 ]]; then
    refuse_value 'a redis password cannot be empty'
    return 1
  fi
  sum=$(printf '%s' "$1" | sha256sum) || refuse_value 'sha256sum does not work here' || return 1
  REPLY="#${sum%% *}"
}

encode_sqlstring() {
  local quote="'"
  REPLY=$1
  escape_with_backslash "\\"
  REPLY=${REPLY//"$quote"/"$quote$quote"}
  REPLY=${REPLY//$'\n'/"\\n"}
  REPLY=${REPLY//$'\r'/"\\r"}
  REPLY="E'$REPLY'"
}

encode_yaml() {
  REPLY=$1
  escape_with_backslash "\\\""
  if [[ $REPLY == *[!\ -~]* ]]; then
    REPLY=${REPLY//$'\b'/"\\b"}
    REPLY=${REPLY//$'\t'/"\\t"}
    REPLY=${REPLY//$'\n'/"\\n"}
    REPLY=${REPLY//$'\f'/"\\f"}
    REPLY=${REPLY//$'\r'/"\\r"}
    replace_bytes '' $'\x01-\x1f\x7f' "\\u00"
    replace_bytes $'\xc2' $'\x80-\x9f' "\\u00"
    REPLY=${REPLY//$'\xe2\x80\xa8'/"\\u2028"}
    REPLY=${REPLY//$'\xe2\x80\xa9'/"\\u2029"}
    REPLY=${REPLY//$'\xef\xbb\xbf'/"\\ufeff"}
    REPLY=${REPLY//$'\xef\xbf\xbe'/"\\ufffe"}
    REPLY=${REPLY//$'\xef\xbf\xbf'/"\\uffff"}
  fi
  REPLY="\"$REPLY\""
}

encode_supervisorenv() {
  local +x quote='"' rest before
  if [[ $1 == *[$'\r\n']* ]]; then
    refuse_value 'a supervisor value cannot hold a line break'
    return 1
  elif [[ $1 == *\"* && $1 == *\'* ]]; then
    refuse_value 'a supervisor environment value cannot hold both kinds of quotes'
    return 1
  elif [[ $1 == [\"\']* || $1 == *[\"\'] ]]; then
    refuse_value 'a supervisor environment value cannot start or end with a quote'
    return 1
  fi
  [[ $1 != *\"* ]] || quote="'"
  rest=${1//"%"/"%%"}
  # Where there is an [include], supervisor replaces the raw text "%(here)s" before it formats anything.
  rest=${rest//"%%("/"%%%(here).0s("}
  REPLY=$quote
  # White space and ; or # would start a comment, even here: an expansion to nothing goes between them.
  while [[ $rest == *[\;#]* ]]; do
    before=${rest%%[;#]*}
    REPLY+=$before
    [[ $REPLY == *[\!-~] ]] || REPLY+='%(here).0s'
    REPLY+=${rest:${#before}:1}
    rest=${rest:${#before}+1}
  done
  REPLY+=$rest$quote
}

# read_file FILE: its bytes in REPLY; or 1, and why not in REASON.
read_file() {
  REPLY=''
  [[ -f $1 && -r $1 ]] || refuse_value 'is missing or cannot be read' || return 1
  # `read` says yes only at a NUL; at the end of the file it says no and has everything.
  ! IFS= read -r -d '' REPLY <"$1" || refuse_value 'holds a NUL byte'
}

# read_secret NAME DIRECTORY: its value in REPLY, without one line break at the end; or 1, and what to do in REASON.
read_secret() {
  local advice="; put it there with: install -m 0600 /dev/stdin $2/$1"
  read_file "$2/$1" || refuse_value "secret \"$1\" $REASON$advice" || return 1
  REPLY=${REPLY%$'\n'}
  [[ -n $REPLY ]] || refuse_value "secret \"$1\" is empty$advice"
}

# percent_encode VALUE: in REPLY, each byte that is not unreserved as %XX (RFC 3986, 2.1 and 2.3).
percent_encode() {
  local +x LC_ALL=C value=$1 i byte hex
  REPLY=''
  for (( i = 0; i < ${#value}; i++ )); do
    byte=${value:i:1}
    if [[ $byte == [A-Za-z0-9_.~-] ]]; then
      REPLY+=$byte
    else
      printf -v hex '%02X' "'$byte"
      REPLY+=%${hex: -2}
    fi
  done
}

# encode_placeholder TEXT SECRETS_DIRECTORY: for TEXT = ENCODER:BODY, the value in REPLY; or 1, and why not in REASON.
encode_placeholder() {
  local +x body=${1#*:} value='' names='' part form
  [[ $1 == [a-z]*:?* ]] || refuse_value 'this is no placeholder of vgen; build the tree again' || return 1
  while [[ -n $body ]]; do
    case $body in
      '<'*'>'*)
        part=${body%%'>'*}
        part=${part#'<'}
        form=$part
        part=${part%:url}
        [[ $part == [A-Za-z]* && $part != *[!A-Za-z0-9_]* ]] ||
          refuse_value 'this is no name of a secret; build the tree again' || return 1
        read_secret "$part" "$2" || return 1
        names+="${names:+, }\"$part\""
        [[ $form == "$part" ]] || percent_encode "$REPLY"
        value+=$REPLY
        body=${body#*'>'}
        ;;
      %00*)
        refuse_value 'a NUL cannot be written in any configuration file'
        return 1
        ;;
      %[0-9A-F][0-9A-F]*)
        printf -v part '%b' "\\x${body:1:2}"
        value+=$part
        body=${body:3}
        ;;
      [A-Za-z0-9_.,:\;/@?\&=+*!~-]*)
        part=${body%%[!A-Za-z0-9_.,:\;/@?\&=+*!~-]*}
        value+=$part
        body=${body:${#part}}
        ;;
      *)
        refuse_value 'this is no placeholder of vgen; build the tree again'
        return 1
        ;;
    esac
  done
  encode "${1%%:*}" "$value" && return 0
  [[ -z $names ]] || REASON+="; choose another value for secret $names"
  return 1
}

# expand_placeholders SOURCE DESTINATION SECRETS_DIRECTORY: SOURCE with its placeholders encoded, into DESTINATION,
# which exists with its final owner and mode. All that is wrong is told on stderr, never with a value; then nothing is
# written and the answer is 1.
expand_placeholders() {
  local -
  set +ax
  # +x because a local of the same name as an exported variable would be exported, to sha256sum.
  local +x LC_ALL=C REPLY='' REASON='' rest before out='' line=1 failed=no
  if ! read_file "$1"; then
    printf '%s: the file %s\n' "$1" "$REASON" >&2 || true
    return 1
  fi
  rest=$REPLY
  while [[ $rest == *'@vgen('* ]]; do
    before=${rest%%'@vgen('*}
    rest=${rest#*'@vgen('}
    out+=$before
    before=${before//[!$'\n']/}
    line=$(( line + ${#before} ))
    if [[ $rest == *')'* ]] && encode_placeholder "${rest%%')'*}" "$3"; then
      out+=$REPLY
      rest=${rest#*')'}
    else
      [[ $rest == *')'* ]] || REASON='a placeholder of vgen does not end; build the tree again'
      printf '%s:%s: %s\n' "$1" "$line" "$REASON" >&2 || true
      failed=yes
    fi
  done
  [[ $failed == no ]] || return 1
  if [[ ! -f $2 || -L $2 ]]; then
    printf '%s: this file must be there before secrets come into it\n' "$2" >&2 || true
    return 1
  fi
  printf '%s' "$out$rest" >|"$2" || return 1
}
