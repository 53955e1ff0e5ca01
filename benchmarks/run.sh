#!/bin/sh
# Builds the benchmarks and the command-line tool and compares whole conversions with those of other tools on this machine.
# Tools that are absent are left out and reported so; on Debian and Ubuntu these are all of them:
#   apt-get install qemu-utils zstd lz4 pigz libnbd-bin e2fsprogs
# Linux only. `run.sh --help` lists the options.
set -eu

root=$(cd "$(dirname "$0")/.." && pwd -P)
jar=$root/benchmarks/target/benchmarks.jar

(cd "$root" && mvn -q -DskipTests -pl benchmarks,examples -am package) >&2
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" -cp "$jar" io.stillframe.benchmarks.compare.Main conversions "$root" "$@"
