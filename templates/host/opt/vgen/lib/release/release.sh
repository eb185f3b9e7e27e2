#!/usr/bin/env bash
# Release: apps that are deployed, proven healthy, switched and rolled back.

# shellcheck source=SCRIPTDIR/runtime.sh
declare -F of_runtime >/dev/null || . "${lib:?}/runtime.sh"
