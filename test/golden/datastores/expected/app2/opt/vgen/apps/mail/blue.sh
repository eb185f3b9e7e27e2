# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.mail.slots.blue; do not edit.
slot_unit=mail-blue
slot_port=3010
slot_runtime=pm2
slot_health=''
