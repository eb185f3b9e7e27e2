#!/usr/bin/env bash
# Deploy: a release comes into the next slot and is healthy there. The live slot is never touched.

deploy() {
  local artifact=$1 id=$2 slot
  slot=$(slot_at next)
  action_from=$(release_of "$slot")
  [[ -d ${dir:?}/releases ]] || fail 2 "$dir/releases is not there; run install.sh first"
  make_release "$artifact" "$id" "$slot"
  action_to=$release_id
  place "$release_id" "$slot" || give_up_deploy "$slot"
  remove_old_releases
  on_disk "$dir/$slot" "$app_state" "$app_state/bad"
  say "$app: release $release_id is healthy in next ($slot)${next:+, see http://$next}; live is $(slot_at live)"
  ! is_served next || nginx_serves "$slot"
}

give_up_deploy() {
  remove_old_releases
  note "$app: release $release_id stays in next ($1) as it is; live ($(slot_at live)) is untouched"
  exit 1
}

# nginx_serves SLOT: a warning only, because the release itself is healthy; a switch would refuse.
nginx_serves() {
  local answer
  answer=$(ask_nginx next /.vgen/slot 2>&1) || true
  [[ $answer == "$1" ]] || warn "nginx does not serve $1 on $(place_of next): ${answer:0:120}"
}
