# shellcheck shell=bash disable=SC2034,SC2209 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.worker; do not edit.
app=worker
dir=/opt/jobs/worker
user=jobs
slots=(blue green)
binary=''
health_seconds=120
steady_seconds=5
drain_seconds=1
live=''
next=''
served=''
keep=2
