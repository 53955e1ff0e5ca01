#!/bin/bash
# swift-down.sh [--purge]: stops what swift-up.sh started, and nothing else.
#   --purge  also removes the clusters with all that is stored in them
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/swift.sh"

all_ended() {
  local file
  for file in "$SWIFT_PIDS"/*; do
    case $file in *.own) continue ;; esac
    if process_runs "$file"; then return 1; fi
  done
}

signal_all() {
  local file
  for file in "$SWIFT_PIDS"/*; do
    case $file in *.own) continue ;; esac
    if process_runs "$file"; then kill "$1" "$(cat "$file")" 2>/dev/null || true; fi
  done
}

main() {
  case ${1:-} in
    '' | --purge) ;;
    *) die "usage: swift-down.sh [--purge]" ;;
  esac
  [ -d "$SWIFT_PIDS" ] || { say "swift-down: nothing to stop"; exit 0; }
  lock swift
  signal_all -TERM
  if ! await 20 all_ended; then
    signal_all -KILL
    await 5 all_ended || die "some processes of $SWIFT_PIDS do not end"
  fi
  rm -rf "$SWIFT_PIDS"
  rm -f "$SWIFT_ENV" "$KEYSTONE_ENV"
  say "swift-down: stopped Swift and Keystone"
  if [ "${1:-}" = --purge ]; then
    rm -rf "$SWIFT_HOME"
    say "swift-down: removed $SWIFT_HOME"
  fi
}

become_root "$@"
main "$@"
