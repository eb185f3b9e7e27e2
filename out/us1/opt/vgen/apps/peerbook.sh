# shellcheck shell=bash disable=SC2034,SC2209 # facts only: the scripts in /opt/vgen/bin read them
# Made by vgen from apps.peerbook; do not edit.
app=peerbook
dir=/opt/peerbook
user=peerbook
slots=(blue green)
binary=peerbook
health_seconds=30
steady_seconds=3
drain_seconds=30
live=127.0.0.1:8000
next=127.0.0.1:8001
served=''
keep=5
