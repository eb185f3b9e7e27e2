# shellcheck shell=bash disable=SC2034,SC2209 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.shop; do not edit.
app=shop
dir=/opt/shop
user=shop
slots=(blue green)
binary=''
health_seconds=30
steady_seconds=3
drain_seconds=30
live=''
next=''
served=''
keep=5
