# shellcheck shell=bash disable=SC2034,SC2209 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.api; do not edit.
app=api
dir=/opt/api
user=api
slots=(blue green)
binary=api
health_seconds=30
steady_seconds=3
drain_seconds=30
live=127.0.0.1:8000
next=''
served=''
keep=5
