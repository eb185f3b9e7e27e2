#!/usr/bin/env bash
# Takes, renews or releases the fleet lock: take ID SECONDS DETAILS [INSTEAD] · renew ID SECONDS · release ID
# shellcheck source=SCRIPTDIR/../connect/places.sh
. places.sh
# shellcheck source=SCRIPTDIR/lock.sh
. lock.sh
case $1 in
  take) take_lock "${@:2}" ;;
  renew) renew_lock "${@:2}" ;;
  release) release_lock "${@:2}" ;;
esac
