#!/bin/bash
# ceph-down.sh [--purge]: stops the daemons that ceph-up.sh started, and nothing else.
#   --purge  also removes the cluster with all that is stored in it
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/ceph.sh"

end_daemon() {
  local name=$1 pid
  if daemon_runs "$name"; then
    pid=$(cat "$CEPH_PIDS/$name")
    kill "$pid"
    await 20 ended "$pid" || kill -9 "$pid" 2>/dev/null || true
    await 5 ended "$pid" || die "$name (pid $pid) does not end"
    say "ceph-down: stopped $name (pid $pid)"
  fi
  rm -f "$CEPH_PIDS/$name"
}

main() {
  local i
  case ${1:-} in
    '' | --purge) ;;
    *) die "usage: ceph-down.sh [--purge]" ;;
  esac
  [ -d "$CEPH_HOME" ] || { say "ceph-down: nothing to stop"; exit 0; }
  lock ceph
  for ((i = ${#CEPH_DAEMONS[@]} - 1; i >= 0; i--)); do end_daemon "${CEPH_DAEMONS[i]}"; done
  rm -f "$CEPH_ENV"
  if [ "${1:-}" = --purge ]; then
    rm -rf "$CEPH_HOME"
    say "ceph-down: removed $CEPH_HOME"
  fi
}

become_root "$@"
main "$@"
