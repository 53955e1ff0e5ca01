# shellcheck shell=bash
# Sourced by swift-up.sh and swift-down.sh: where the clusters lie and how their processes are told apart.
. "$(dirname "${BASH_SOURCE[0]}")/../env.sh"

SWIFT_HOME=$STILLFRAME_LAB/swift
SWIFT_PIDS=$SWIFT_HOME/pid
SWIFT_LOGS=$SWIFT_HOME/log
SWIFT_ENV=$LAB_RUN/swift.env
KEYSTONE_ENV=$LAB_RUN/keystone.env

# Bound to 127.0.0.1 only; to be changed before the first start. Keystone has this port, the clusters the 33 after it.
SWIFT_PORT=${SWIFT_PORT:-17570}

ended() { ! kill -0 "$1" 2>/dev/null; }

# A noted pid counts only while it still is a process of these clusters.
process_runs() {
  local pid
  pid=$(cat "$1" 2>/dev/null) || return 1
  tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$SWIFT_HOME"
}
