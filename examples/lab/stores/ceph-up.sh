#!/bin/bash
# ceph-up.sh: a Ceph cluster of one monitor, one manager, one OSD (BlueStore in a sparse file) and one radosgw, all on
# 127.0.0.1, without a service manager; about 350 MiB of memory. Gives S3 and, with the pool `rbd`, block volumes.
# May be called any number of times, also at once: what runs is left alone, what was stopped starts again with its data.
# Endpoint, region, keys and a store with a bucket of its own are in $STILLFRAME_LAB/run/ceph.env, to be sourced; the keys are made at
# the first start.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/ceph.sh"

S3_USER=stillframe
S3_BUCKET=stillframe
OSD_BYTES=$((64 << 30))

# ---- first start ----

write_conf() {
  local fsid=$1
  cat >"$CEPH_CONF" <<CONF
[global]
fsid = $fsid
mon host = [v2:127.0.0.1:$CEPH_MON_PORT,v1:127.0.0.1:$((CEPH_MON_PORT + 1))]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
ms bind ipv6 = false
keyring = $CEPH_HOME/keyring
run dir = $CEPH_HOME
crash dir = $CEPH_HOME
admin socket =
log file = $CEPH_LOGS/\$name.log
mon cluster log file = $CEPH_LOGS/cluster.log

# One copy of everything on one device.
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon warn on pool no redundancy = false
mon allow pool delete = true

# A shared, small disk is no reason to stop; a slow machine is no reason to give a daemon up.
mon data avail warn = 2
mon data avail crit = 1
osd heartbeat grace = 60
paxos propose interval = 0.05
paxos min wait = 0.02

[mon]
mon data = $CEPH_HOME/mon
[mgr]
mgr data = $CEPH_HOME/mgr
mgr initial modules =
[osd]
osd data = $CEPH_HOME/osd
osd objectstore = bluestore
osd class update on start = false
bluestore block size = $OSD_BYTES
osd memory target = 939524096
[client.rgw]
rgw data = $CEPH_HOME/rgw
rgw frontends = beast endpoint=127.0.0.1:$CEPH_S3_PORT
rgw enable usage log = false
rgw thread pool size = 64
# Removed objects give their space back within seconds.
rgw gc obj min wait = 2
rgw gc processor period = 3
rgw gc processor max time = 3
# The lab's keys for SSE-C travel over loopback.
rgw crypt require ssl = false
CONF
}

write_keys() {
  local name
  ceph-authtool "$CEPH_HOME/keyring" --create-keyring --gen-key -n mon. --cap mon 'allow *' >/dev/null
  for name in client.admin mgr.lab osd.0 client.rgw; do
    ceph-authtool "$CEPH_HOME/keyring" --gen-key -n "$name" \
      --cap mon 'allow *' --cap mgr 'allow *' --cap osd 'allow *' >/dev/null
  done
  chmod 600 "$CEPH_HOME/keyring"
}

# `made` is written last: a first start that was cut short begins anew.
make_cluster() {
  local fsid
  [ ! -e "$CEPH_HOME/made" ] || return 0
  rm -rf "$CEPH_HOME"
  mkdir -p "$CEPH_PIDS" "$CEPH_LOGS" "$CEPH_HOME"/{mon,mgr,osd,rgw}
  fsid=$(cat /proc/sys/kernel/random/uuid)
  write_conf "$fsid"
  write_keys
  monmaptool --create --fsid "$fsid" \
    --addv lab "[v2:127.0.0.1:$CEPH_MON_PORT,v1:127.0.0.1:$((CEPH_MON_PORT + 1))]" "$CEPH_HOME/monmap" >/dev/null
  ceph-mon --mkfs -i lab --monmap "$CEPH_HOME/monmap" --keyring "$CEPH_HOME/keyring" >"$CEPH_LOGS/mkfs.out" 2>&1
  start ceph-mon -i lab
  await 30 monitor_answers || fail ceph-mon "does not answer"
  make_osd
  touch "$CEPH_HOME/made"
}

make_osd() {
  local uuid
  uuid=$(cat /proc/sys/kernel/random/uuid)
  ceph osd create "$uuid" >/dev/null
  ceph-osd --mkfs -i 0 --osd-uuid "$uuid" >>"$CEPH_LOGS/mkfs.out" 2>&1
  ceph osd crush add osd.0 1 root=default host=lab >/dev/null 2>&1
}

make_pool() {
  if ceph osd pool ls | grep -qx rbd; then return; fi
  ceph osd pool create rbd 8 >/dev/null 2>&1
  rbd pool init rbd
}

# ---- daemons ----

start() {
  local name=$1
  shift
  if daemon_runs "$name"; then return; fi
  setsid nohup "$name" "$@" -f >"$CEPH_LOGS/$name.out" 2>&1 </dev/null 9>&- &
  echo $! >"$CEPH_PIDS/$name"
}

fail() {
  tail -n 5 "$CEPH_LOGS/$1.out" >&2 || true
  die "$1 $2; its log is in $CEPH_LOGS"
}

monitor_answers() { timeout 10 ceph --connect-timeout 3 mon stat >/dev/null 2>&1; }
osd_is_up() { ceph osd stat 2>/dev/null | grep -q '1 up'; }
s3_answers() { curl -fs -o /dev/null "http://127.0.0.1:$CEPH_S3_PORT/"; }
s3_is_decided() { s3_answers || ! daemon_runs radosgw; }

start_daemons() {
  start ceph-mon -i lab
  await 30 monitor_answers || fail ceph-mon "does not answer"
  start ceph-mgr -i lab
  start ceph-osd -i 0
  await 30 osd_is_up || fail ceph-osd "does not come up"
  start radosgw -n client.rgw
  if ! await 120 s3_is_decided || ! s3_answers; then fail radosgw "does not answer on port $CEPH_S3_PORT"; fi
}

# ---- what users of the cluster need ----

write_env() {
  local user access secret
  user=$(radosgw-admin user info --uid="$S3_USER" 2>/dev/null) ||
    user=$(radosgw-admin user create --uid="$S3_USER" --display-name="$S3_USER" 2>/dev/null)
  access=$(sed -n 's/.*"access_key": "\(.*\)".*/\1/p' <<<"$user")
  secret=$(sed -n 's/.*"secret_key": "\(.*\)".*/\1/p' <<<"$user")
  if [ -z "$access" ] || [ -z "$secret" ]; then die "no keys of the S3 user $S3_USER"; fi
  (umask 077 && cat >"$CEPH_ENV.new" <<ENV
export CEPH_CONF='$CEPH_CONF'
export STILLFRAME_S3_ENDPOINT='http://127.0.0.1:$CEPH_S3_PORT'
export STILLFRAME_S3_STORE='s3://$S3_BUCKET?endpoint=http://127.0.0.1:$CEPH_S3_PORT&region=default&features=create-if-absent,list-uploads,resume'
export AWS_REGION='default'
export AWS_ACCESS_KEY_ID='$access'
export AWS_SECRET_ACCESS_KEY='${secret//\\\//\/}'
ENV
  )
  make_bucket "$access" "${secret//\\\//\/}"
  chown "${SUDO_UID:-0}:${SUDO_GID:-0}" "$CEPH_ENV.new"
  mv "$CEPH_ENV.new" "$CEPH_ENV"
}

# Made by its owner again, it stays as it is. The secret does not appear in the list of processes.
make_bucket() {
  printf 'user = "%s:%s"\n' "$1" "$2" |
    curl -fs -o /dev/null -K - --aws-sigv4 aws:amz:default:s3 -H "x-amz-content-sha256: $(sha256sum </dev/null | cut -d' ' -f1)" \
      -X PUT "http://127.0.0.1:$CEPH_S3_PORT/$S3_BUCKET" ||
    die "the bucket $S3_BUCKET cannot be made"
}

all_run() {
  local daemon
  grep -qs STILLFRAME_S3_STORE "$CEPH_ENV" && [ -e "$CEPH_HOME/made" ] || return 1
  for daemon in "${CEPH_DAEMONS[@]}"; do daemon_runs "$daemon" || return 1; done
  s3_answers
}

main() {
  local daemon
  for daemon in "${CEPH_DAEMONS[@]}" rbd curl; do
    command -v "$daemon" >/dev/null || die "$daemon is missing: run install.sh ceph"
  done
  make_lab
  lock ceph
  if ! all_run; then
    make_cluster
    start_daemons
    make_pool
    write_env
  fi
  say "ceph-up: S3 at http://127.0.0.1:$CEPH_S3_PORT, RBD pool rbd, settings in $CEPH_ENV"
}

become_root "$@"
main
