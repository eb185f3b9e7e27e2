#!/usr/bin/env bash
# State: what vgen keeps on this host: the list that is installed, the record, generations, the journal, apps.

# shellcheck source=SCRIPTDIR/core.sh
declare -F clean_environment >/dev/null || . "${lib:?}/core.sh"
