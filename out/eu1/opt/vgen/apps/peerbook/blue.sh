# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.peerbook.slots.blue; do not edit.
slot_unit=pb-blue
slot_port=20000
slot_runtime=supervisor
slot_health=/health
