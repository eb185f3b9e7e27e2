# shellcheck shell=bash disable=SC2034,SC2209 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.mail; do not edit.
app=mail
dir=/opt/mail
user=mail
slots=(blue green)
binary=''
health_seconds=30
steady_seconds=3
drain_seconds=30
live=''
next=''
served=''
keep=5
