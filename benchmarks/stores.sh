#!/bin/bash
# Builds the benchmarks and the command-line tool, starts the lab's S3 server (Ceph's radosgw) and Swift, and compares uploads and whole
# snapshots to them with those of other tools; stops what it has started. Takes the options of run.sh. Linux, as root.
#   apt-get install rclone python3-swiftclient awscli qemu-utils
# rclone and the swift client are needed; what else is absent is left out, and the report says so.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
lab=$root/examples/lab/stores
state=${STILLFRAME_LAB:-/var/tmp/stillframe-lab}
started=()

stop() {
  [ -z "${BENCH_BUCKET:-}" ] || rclone purge "LAB:$BENCH_BUCKET" 2>/dev/null || true
  [ -z "${BENCH_CONTAINER:-}" ] || swift -q delete "$BENCH_CONTAINER" "${BENCH_CONTAINER}_segments" 2>/dev/null || true
  for name in "${started[@]}"; do "$lab/$name-down.sh" >&2; done
}

up() {
  [ -s "$state/run/$1.env" ] || started+=("$1")
  "$lab/$1-up.sh" >&2
  # shellcheck disable=SC1090
  . "$state/run/$1.env"
}

# Each tool is told of the same bucket and container in its own way; secrets go by the environment alone.
settings() {
  # The servers of the lab speak plain http.
  unset AWS_CA_BUNDLE AWS_PROFILE
  export BENCH_ENDPOINT=$STILLFRAME_S3_ENDPOINT BENCH_BUCKET=stillframe-benchmarks BENCH_CONTAINER=stillframe-benchmarks
  export BENCH_S3="s3://$BENCH_BUCKET?endpoint=$BENCH_ENDPOINT&region=$AWS_REGION&features=create-if-absent,list-uploads,resume"
  export BENCH_SWIFT="swift://$BENCH_CONTAINER"
  export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_LAB_TYPE=s3 RCLONE_CONFIG_LAB_PROVIDER=Ceph RCLONE_CONFIG_LAB_ENV_AUTH=true
  export RCLONE_CONFIG_LAB_ENDPOINT=$BENCH_ENDPOINT RCLONE_CONFIG_LAB_REGION=$AWS_REGION
  # Other servers than Amazon's refuse the checksums behind the payload.
  export AWS_REQUEST_CHECKSUM_CALCULATION=when_required AWS_RESPONSE_CHECKSUM_VALIDATION=when_required
}

for tool in rclone swift; do command -v $tool >/dev/null || { echo "stores.sh: $tool is missing" >&2; exit 1; }; done
(cd "$root" && mvn -q -DskipTests -pl benchmarks,examples -am package) >&2
# Both sides of a comparison are to have the archive of classes that the first call makes.
"$root/examples/stillframe" --version >/dev/null
trap stop EXIT
up ceph
up swift
settings
rclone mkdir "LAB:$BENCH_BUCKET"
swift -q post "$BENCH_CONTAINER"
"${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$root/benchmarks/target/benchmarks.jar" \
  io.stillframe.benchmarks.compare.Main stores "$root" "$@"
