# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.api.slots.blue; do not edit.
slot_unit=api-blue
slot_port=4000
slot_runtime=pm2
slot_health=/health
