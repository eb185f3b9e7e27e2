# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.site.slots.blue; do not edit.
slot_unit=site-blue
slot_port=5000
slot_runtime=supervisor
slot_health=''
