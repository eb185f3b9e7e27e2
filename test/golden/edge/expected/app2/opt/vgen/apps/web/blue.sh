# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.web.slots.blue; do not edit.
slot_unit=web-blue
slot_port=20000
slot_runtime=systemd
slot_health=''
