#!/bin/bash
# Fuzzes image readers, guided by coverage (Jazzer on libFuzzer), one after the other:
#
#   snapshot-api/fuzz.sh [SECONDS] [FORMAT...]
#
# 60 seconds each and every installed format by default, and "deflate", which compares our decoder with zlib. What the fuzzer learns is kept in snapshot-api/target/fuzz/FORMAT/corpus and
# used by the next run. An input that breaks a property is written to target/fuzz/FORMAT/findings: fix the reader, copy the file to
# src/test/resources/fuzz/FORMAT/, where every build replays it. The exit status is 1 if there was one.
# STILLFRAME_FUZZ_CLASSPATH names a class path to use in place of Maven's.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
seconds=${1:-60}
[ $# -eq 0 ] || shift
work=${STILLFRAME_FUZZ_DIR:-$here/target/fuzz}
mkdir -p "$work"

class_path=${STILLFRAME_FUZZ_CLASSPATH:-}
if [ -z "$class_path" ]; then
    (cd "$here/.." && mvn -q -Pfuzz -pl snapshot-api test-compile dependency:build-classpath \
        -Dmdep.outputFile="$work/classpath" -Dmdep.includeScope=test)
    class_path=$here/target/test-classes:$here/target/classes:$(cat "$work/classpath")
fi

formats=("$@")
if [ $# -eq 0 ]; then
    mapfile -t formats < <(java -cp "$class_path" io.stillframe.image.fuzz.Seeds formats)
    formats+=(deflate)
fi

status=0
for format in "${formats[@]}"; do
    directory=$work/$format
    mkdir -p "$directory/corpus" "$directory/findings"
    target=io.stillframe.image.fuzz.ImageFuzzer
    seeds=io.stillframe.image.fuzz.Seeds
    excludes='io.stillframe.image.fuzz.**:io.stillframe.internal.deflate.ZlibReference'
    longest=$((64 << 20))
    if [ "$format" = gzip ]; then
        # Zeros of an input decode to a thousand times as many, each of them observed; "deflate" observes the decoder.
        longest=$((32 << 10))
        excludes=$excludes:io.stillframe.internal.deflate.**
    fi
    if [ "$format" = deflate ]; then
        target=io.stillframe.internal.deflate.InflateFuzzer
        seeds=$target
    fi
    java -cp "$class_path" "$seeds" "$format" "$directory/seeds"
    echo "$format: $seconds s, log in $directory/log"
    java -Xmx512m -XX:MaxDirectMemorySize=256m -XX:-OmitStackTraceInFastThrow -cp "$class_path" \
        -Dstillframe.fuzz.format="$format" -Dstillframe.fuzz.longest="$longest" -Dorg.slf4j.simpleLogger.defaultLogLevel=error \
        com.code_intelligence.jazzer.Jazzer --target_class="$target" \
        --instrumentation_includes='io.stillframe.**' --instrumentation_excludes="$excludes" --trace=cov:cmp:div \
        --reproducer_path="$directory/findings" \
        -artifact_prefix="$directory/findings/" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=3000 \
        -max_len=40000 -use_value_profile=1 -print_final_stats=1 "$directory/corpus" "$directory/seeds" \
        > "$directory/log" 2>&1 || status=1
    grep -E 'DONE|number_of_executed_units|== Java Exception|ERROR: libFuzzer|Test unit written' "$directory/log" || true
done
exit $status
