#!/usr/bin/env bash
# State: what vgen keeps on this host: the list that is installed, the record, generations, the journal, apps.

# shellcheck source=SCRIPTDIR/core.sh
[[ -n ${core_is_loaded:-} ]] || . "${lib:?}/core.sh"
state_is_loaded=yes
