# shellcheck shell=bash disable=SC2034 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.shop.slots.blue; do not edit.
slot_unit=shop-blue
slot_port=3000
slot_runtime=systemd
slot_health=''
