#!/usr/bin/env bash
# Removes the artifact $1 that was deployed, and those below $2 that a run which went on without us left a day ago.
set -euo pipefail
rm -rf -- "${1:?}"
find "$2" -mindepth 1 -maxdepth 1 -mmin +1440 -exec rm -rf -- {} +
