# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.site.slots.green; do not edit.
slot_unit=site-green
slot_port=5001
slot_runtime=supervisor
slot_health=''
