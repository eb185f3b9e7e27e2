# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.worker.slots.blue; do not edit.
slot_unit=worker-blue
slot_port=7100
slot_runtime=systemd
slot_health=''
