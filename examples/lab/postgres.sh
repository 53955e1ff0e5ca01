#!/bin/bash
# postgres.sh COMMAND NAME: private PostgreSQL servers on 127.0.0.1, each with its own data, port and password, none of them the system's.
#   start NAME            makes it if it is not there, starts it if it is not running, and prints its JDBC URL
#   stop NAME [MODE]      MODE is fast (default) or immediate, which is what a crash is to the server
#   destroy NAME          stops it and removes its data
#   url NAME              prints its JDBC URL, password included
# Its pid is the first line of $STILLFRAME_LAB/postgres/NAME/data/postmaster.pid.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

usage() { die "usage: postgres.sh start|stop|destroy|url NAME [fast|immediate]"; }

# PostgreSQL refuses to run as root.
as_server() {
  if [ "$(id -u)" -eq 0 ]; then (cd / && runuser -u postgres -- "$@"); else "$@"; fi
}

running() { [ -d "$data" ] && as_server "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; }

make_cluster() {
  local password
  mkdir -p "$STILLFRAME_LAB" "$STILLFRAME_LAB/postgres"
  chmod a+rx "$STILLFRAME_LAB" "$STILLFRAME_LAB/postgres"
  mkdir -p "$home"
  [ "$(id -u)" -ne 0 ] || chown postgres "$home"
  password=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \n')
  (umask 077 && echo "$password" >"$home/password")
  [ "$(id -u)" -ne 0 ] || chown postgres "$home/password"
  as_server "$bin/initdb" -D "$data" -U stillframe -A scram-sha-256 --pwfile="$home/password" -E UTF8 --locale=C.UTF-8 \
    --no-sync >/dev/null
  as_server tee -a "$data/postgresql.conf" >/dev/null <<EOF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
shared_buffers = 128MB
max_connections = 200
EOF
}

# Another process may have the port that was chosen: then another one is.
start_server() {
  local try
  for try in 1 2 3 4 5 6 7 8; do
    [ -s "$home/port" ] || (umask 022 && echo $((20000 + RANDOM % 12000)) >"$home/port")
    if as_server "$bin/pg_ctl" -D "$data" -l "$home/log" -o "-p $(cat "$home/port")" -w -t 30 start >/dev/null 9>&-; then return; fi
    rm -f "$home/port"
  done
  die "the server does not start after $try tries, see $home/log"
}

make_database() {
  PGPASSWORD=$(cat "$home/password") "$bin/psql" -h 127.0.0.1 -p "$(cat "$home/port")" -U stillframe -d postgres -qAt \
    -c 'CREATE DATABASE stillframe' >/dev/null
}

url() { echo "jdbc:postgresql://127.0.0.1:$(cat "$home/port")/stillframe?user=stillframe&password=$(cat "$home/password")"; }

start() {
  local made=no
  if [ ! -d "$data" ]; then
    make_cluster
    made=yes
  fi
  running || start_server
  [ "$made" = no ] || make_database
  url
}

stop() { ! running || as_server "$bin/pg_ctl" -D "$data" -m "$1" -w stop >/dev/null; }

main() {
  [ $# -ge 2 ] || usage
  case $2 in '' | *[!a-z0-9-]*) die "a server's name is of a-z 0-9 -" ;; esac
  bin=$(postgres_bin) || die "PostgreSQL is missing: run install.sh postgres"
  home=$STILLFRAME_LAB/postgres/$2
  data=$home/data
  lock "postgres-$2"
  case $1 in
    start) start ;;
    stop) stop "${3:-fast}" ;;
    destroy)
      stop immediate
      rm -rf "$home"
      ;;
    url) url ;;
    *) usage ;;
  esac
}

main "$@"
