# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.worker.slots.green; do not edit.
slot_unit=worker-green
slot_port=7101
slot_runtime=systemd
slot_health=''
