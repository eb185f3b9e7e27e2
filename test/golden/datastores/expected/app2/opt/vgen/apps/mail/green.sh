# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.mail.slots.green; do not edit.
slot_unit=mail-green
slot_port=3011
slot_runtime=pm2
slot_health=''
