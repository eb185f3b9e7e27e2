#!/usr/bin/env bash
# Release: apps that are deployed, proven healthy, switched and rolled back.

# shellcheck source=SCRIPTDIR/runtime.sh
[[ -n ${runtime_is_loaded:-} ]] || . "${lib:?}/runtime.sh"
release_is_loaded=yes
