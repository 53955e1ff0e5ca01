#!/bin/bash
# down.sh [--purge]: stops the lab's guests and the daemons that up.sh started, and nothing else.
#   --purge  also removes the guests and everything else in $STILLFRAME_LAB
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

each_guest() {
  local dir
  for dir in "$STILLFRAME_LAB"/vm/*/; do
    [ ! -f "$dir/domain.xml" ] || "$LAB_SCRIPTS/vm.sh" "$1" "$(basename "$dir")"
  done
}

each_database() {
  local dir
  for dir in "$STILLFRAME_LAB"/postgres/*/; do
    [ ! -d "$dir/data" ] || "$LAB_SCRIPTS/postgres.sh" stop "$(basename "$dir")"
  done
}

# Ends a daemon by the pid that up.sh noted, after a look whether that pid is still this daemon.
end_daemon() {
  local name=$1 file=$LAB_RUN/$1.pid pid
  [ -s "$file" ] || return 0
  pid=$(cat "$file")
  if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = "$name" ]; then
    kill "$pid"
    await 15 ended "$pid" || die "$name (pid $pid) does not end"
    say "down: stopped $name (pid $pid)"
  fi
  rm -f "$file"
}

ended() { ! kill -0 "$1" 2>/dev/null; }

purge() {
  [ -f "$LAB_RUN/up.lock" ] || die "$STILLFRAME_LAB does not look like a lab: not removed"
  rm -rf "$STILLFRAME_LAB"
  say "down: removed $STILLFRAME_LAB"
}

main() {
  local action=stop
  case ${1:-} in
    '') ;;
    --purge) action=destroy ;;
    *) die "usage: down.sh [--purge]" ;;
  esac
  [ -d "$LAB_RUN" ] || { say "down: nothing to stop"; exit 0; }
  lock up
  if libvirt_answers; then each_guest "$action"; fi
  each_database
  end_daemon libvirtd
  end_daemon virtlogd
  [ "$action" = stop ] || purge
}

become_root "$@"
main "$@"
