# shellcheck shell=bash
# Sourced by ceph-up.sh and ceph-down.sh: where the cluster lies and how its daemons are told apart.
. "$(dirname "${BASH_SOURCE[0]}")/../env.sh"

CEPH_HOME=$STILLFRAME_LAB/ceph
CEPH_PIDS=$CEPH_HOME/pid
CEPH_LOGS=$CEPH_HOME/log
CEPH_CONF=$CEPH_HOME/ceph.conf
CEPH_ENV=$LAB_RUN/ceph.env
export CEPH_CONF

# Bound to 127.0.0.1 only; to be changed before the first start.
CEPH_S3_PORT=${CEPH_S3_PORT:-17480}
CEPH_MON_PORT=${CEPH_MON_PORT:-17300}

# In the order in which they start; they are stopped the other way round.
CEPH_DAEMONS=(ceph-mon ceph-mgr ceph-osd radosgw)

ended() { ! kill -0 "$1" 2>/dev/null; }

# The noted pid counts only while it still is this daemon.
daemon_runs() {
  local pid
  pid=$(cat "$CEPH_PIDS/$1" 2>/dev/null) || return 1
  [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$1" ]
}
