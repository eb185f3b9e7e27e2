#!/usr/bin/env bash
# Made by vgen; do not edit.
# Run as root on the host: makes it what manifest.tsv lists. The same on every host; bash install.sh --help
set -euo pipefail
tree=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd -P)
lib=$tree/opt/vgen/lib
# shellcheck source=/dev/null
. "$lib/core.sh"
clean_environment "$@"
# shellcheck source=/dev/null
. "$lib/install.sh"
apply "$@"
