#!/bin/bash
# swift-up.sh: OpenStack Swift on 127.0.0.1, without a service manager: one cluster with TempAuth, and Keystone with two more as
# the regions RegionOne and RegionTwo; about 650 MiB of memory.
# May be called any number of times, also at once: what runs is left alone, what was stopped starts again with its data.
# How to log in is in $STILLFRAME_LAB/run/swift.env (TempAuth, with a store in a container of its own) and keystone.env, to be
# sourced; the secrets are made at the first start. STILLFRAME_SWIFT_SMALL_AUTH there is the same TempAuth cluster with at most 4 segments in a manifest.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/swift.sh"

PYTHON=/usr/bin/python3
CLUSTERS=(tempauth one two)
SWIFT_CONTAINER=stillframe
KEYSTONE_URL=http://127.0.0.1:$SWIFT_PORT/v3

port_of() {
  case $1 in
    tempauth) echo $((SWIFT_PORT + 10)) ;;
    one) echo $((SWIFT_PORT + 20)) ;;
    two) echo $((SWIFT_PORT + 30)) ;;
  esac
}

# ---- secrets ----

secret() {
  [ -s "$SWIFT_HOME/secret.$1" ] || (umask 077 && head -c 18 /dev/urandom | base64 | tr '+/' 'ab' >"$SWIFT_HOME/secret.$1")
  cat "$SWIFT_HOME/secret.$1"
}

# ---- processes ----

in_background() {
  setsid nohup "$@" >>"$SWIFT_LOGS/$name.log" 2>&1 </dev/null 9>&- &
}

start_memcached() {
  local cluster name
  for cluster in "${CLUSTERS[@]}"; do
    name=memcached-$cluster
    process_runs "$SWIFT_PIDS/$name" && continue
    # Its pid file also names the clusters' home in its command line.
    in_background memcached -l 127.0.0.1 -p $(($(port_of "$cluster") + 4)) -U 0 -m 16 -t 1 -u root -P "$SWIFT_PIDS/$name.own"
    echo $! >"$SWIFT_PIDS/$name"
  done
}

start_keystone() {
  local name=keystone
  process_runs "$SWIFT_PIDS/$name" && return
  in_background "$PYTHON" "$LAB_SCRIPTS/stores/keystone_server.py" "$SWIFT_HOME/keystone" "$SWIFT_PORT" \
    "$SWIFT_HOME/secret.admin" "$SWIFT_HOME/secret.swift" "$SWIFT_HOME/secret.user" "$SWIFT_HOME/secret.application" \
    "RegionOne=http://127.0.0.1:$(port_of one)" "RegionTwo=http://127.0.0.1:$(port_of two)"
  echo $! >"$SWIFT_PIDS/$name"
}

swift_processes() {
  local cluster server
  for cluster in "${CLUSTERS[@]}"; do
    for server in account container object proxy; do echo "$cluster-$server"; done
  done
  echo tempauth-proxy-small
}

# The servers are forks of one process, so they are started all together.
start_swift() {
  local name process missing=
  for process in $(swift_processes); do process_runs "$SWIFT_PIDS/$process" || missing=yes; done
  [ -n "$missing" ] || return 0
  for process in $(swift_processes); do
    if process_runs "$SWIFT_PIDS/$process"; then kill "$(cat "$SWIFT_PIDS/$process")"; fi
  done
  name=swift
  in_background "$PYTHON" "$LAB_SCRIPTS/stores/swift_servers.py" "$SWIFT_HOME" "$SWIFT_PORT" "$SWIFT_HOME/secret.swift" \
    "$SWIFT_HOME/secret.user"
}

# ---- readiness ----

listens() { (exec 8<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

cluster_listens() {
  local first distance
  first=$(port_of "$1")
  for distance in 0 1 2 3 4; do listens $((first + distance)) || return 1; done
}

all_listen() {
  local cluster
  for cluster in "${CLUSTERS[@]}"; do cluster_listens "$cluster" || return 1; done
  listens $(($(port_of tempauth) + 5)) && listens "$SWIFT_PORT"
}

fail() {
  tail -n 5 "$SWIFT_LOGS"/*.log >&2 || true
  die "Swift does not come up; its logs are in $SWIFT_LOGS"
}

# ---- what users of the clusters need ----

write_env() {
  local tempauth
  tempauth=$(port_of tempauth)
  (umask 077 && cat >"$SWIFT_ENV.new" <<ENV
export ST_AUTH='http://127.0.0.1:$tempauth/auth/v1.0'
export ST_USER='stillframe:tester'
export ST_KEY='$(secret user)'
export STILLFRAME_SWIFT_STORE='swift://$SWIFT_CONTAINER'
export STILLFRAME_SWIFT_SMALL_AUTH='http://127.0.0.1:$((tempauth + 5))/auth/v1.0'
ENV
  cat >"$KEYSTONE_ENV.new" <<ENV
export OS_AUTH_URL='$KEYSTONE_URL'
export OS_USERNAME='tester'
export OS_PASSWORD='$(secret user)'
export OS_PROJECT_NAME='stillframe'
export OS_USER_DOMAIN_NAME='Default'
export OS_PROJECT_DOMAIN_NAME='Default'
export OS_REGION_NAME='RegionOne'
export STILLFRAME_OS_APPLICATION_CREDENTIAL_ID='stillframe-application'
export STILLFRAME_OS_APPLICATION_CREDENTIAL_SECRET='$(secret application)'
ENV
  )
  make_container "http://127.0.0.1:$tempauth"
  chown "${SUDO_UID:-0}:${SUDO_GID:-0}" "$SWIFT_ENV.new" "$KEYSTONE_ENV.new"
  mv "$SWIFT_ENV.new" "$SWIFT_ENV"
  mv "$KEYSTONE_ENV.new" "$KEYSTONE_ENV"
}

# Made again, it stays as it is. The secrets do not appear in the list of processes.
make_container() {
  local answer token storage
  answer=$(printf 'header = "X-Auth-User: stillframe:tester"\nheader = "X-Auth-Key: %s"\n' "$(secret user)" |
    curl -fsi -K - "$1/auth/v1.0") || die "TempAuth does not answer"
  token=$(sed -n 's/^[Xx]-[Aa]uth-[Tt]oken: *\([^ \r]*\).*/\1/p' <<<"$answer")
  storage=$(sed -n 's/^[Xx]-[Ss]torage-[Uu]rl: *\([^ \r]*\).*/\1/p' <<<"$answer")
  printf 'header = "X-Auth-Token: %s"\n' "$token" | curl -fs -o /dev/null -K - -X PUT "$storage/$SWIFT_CONTAINER" ||
    die "the container $SWIFT_CONTAINER cannot be made"
}

main() {
  local name
  command -v curl >/dev/null || die "curl is missing: run install.sh swift"
  command -v memcached >/dev/null || die "memcached is missing: run install.sh swift"
  "$PYTHON" -c 'import importlib.util as u, sys
sys.exit(any(u.find_spec(n) is None for n in ("swift", "keystone", "keystonemiddleware", "cheroot")))' ||
    die "Swift or Keystone is missing: run install.sh swift"
  make_lab
  lock swift
  mkdir -p "$SWIFT_PIDS" "$SWIFT_LOGS" "$SWIFT_HOME/keystone"
  for name in admin swift user application; do secret $name >/dev/null; done
  start_memcached
  start_keystone
  start_swift
  await 120 all_listen || fail
  write_env
  say "swift-up: TempAuth at port $(port_of tempauth), Keystone at $KEYSTONE_URL with RegionOne and RegionTwo; settings in" \
    "$SWIFT_ENV and $KEYSTONE_ENV"
}

become_root "$@"
main
