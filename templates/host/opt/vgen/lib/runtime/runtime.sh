#!/usr/bin/env bash
# Runtime: what keeps the processes of slots running. Each runtime is a file runtime.sh in the templates of its
# component and joined into this layer; to add one is to add that file. NAME being the component's, it has the functions
#
#   NAME_look UNIT                  sets process_state, process_pid and process_detail (process.sh)
#   NAME_start UNIT, NAME_stop UNIT with the files as they are now; how it went is seen from its state and health
#   NAME_log UNIT                   the last lines that it printed, indented, on stderr
#   NAME_instance UNIT              prints what holds the slot's configuration; another one has read the files anew
#
# and, where the default does not fit:
#
#   NAME_place ARTIFACT DIRECTORY   makes the release of an artifact (default: place_files of release/releases.sh)
#   NAME_release_of SLOT            prints the id of the slot's release (default: by its link, release_of_link)
#   NAME_has_process UNIT PID       the process is of this unit (default: it descends from the one that was looked at)
#   NAME_ready                      it answers (default: yes)
#   NAME_revive UNIT                what an install stopped runs again
#
# One that has a shared unit (runtime_unit), and programs beside those of slots, also has
#
#   NAME_owns PATH                  a change of this file is taken up by NAME_take_up
#   NAME_take_up                    programs that are no slots run with their files of today; fails with "failure" set
#   NAME_has_programs PATH          programs run because of this file
#   NAME_programs_in PATH           prints their names; NAME_stop_programs PATH ends them
#   NAME_own_instance               the running process of its unit

# shellcheck source=SCRIPTDIR/state.sh
declare -F read_manifest >/dev/null || . "${lib:?}/state.sh"
runtimes=()                     # their names
declare -gA runtime_unit=()      # runtime → its shared unit
