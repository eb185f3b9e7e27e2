# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.web.slots.green; do not edit.
slot_unit=web-green
slot_port=20001
slot_runtime=systemd
slot_health=''
