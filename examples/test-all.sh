#!/bin/bash
# test-all.sh: passes all tests, those with real guests included. On Debian or Ubuntu, as root or with sudo.
#   1. installs what is missing and starts the lab
#   2. mvn verify with the JDK in use; tests that need the lab fail if they cannot have it
#   3. what was built is tested with the newest other JDK on this machine, without the tests that need the lab and the long ones that
#      compare formats with QEMU and try every fault: .ci/not-on-the-second-jdk names them
#   4. the quickstarts, one of them to S3 and one to Swift, and their cleaning up
# Ends with status 0 only if all of it passed. What it started is stopped again.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(dirname "$here")
started=$SECONDS
# Guests of its own, so that those of a quickstart that somebody looks at stay as they are.
export STILLFRAME_QUICKSTART_GUEST=quickstart-test

step() { printf '\n######## %s (at %d s)\n' "$*" "$((SECONDS - started))"; }
die() {
  printf 'test-all: %s\n' "$*" >&2
  exit 1
}

# ---- the JDKs ----

major_of() { sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$1/release" 2>/dev/null || true; }

# The JDK that Maven would take: JAVA_HOME, else javac on the PATH.
jdk_in_use() {
  if [ -n "${JAVA_HOME:-}" ]; then echo "$JAVA_HOME"; else dirname "$(dirname "$(readlink -f "$(command -v javac)")")"; fi
}

newest_other_jdk() {
  local used newest='' best candidate major
  used=$(major_of "$1")
  best=$used
  for candidate in /usr/lib/jvm/*/; do
    candidate=${candidate%/}
    [ -x "$candidate/bin/javac" ] || continue
    major=$(major_of "$candidate")
    if [ "${major:-0}" -ge 17 ] && [ "$major" -gt "$best" ]; then
      newest=$candidate
      best=$major
    fi
  done
  echo "$newest"
}

verify() {
  local jdk=$1
  shift
  # Two modules at once: the tests with guests mostly wait for them.
  (cd "$root" && JAVA_HOME=$jdk mvn -B -ntp -V -T 2 "$@")
}

# ---- the lab ----

libvirt_answers() { virsh -q -c qemu:///system version >/dev/null 2>&1; }

s3_runs() { [ -s "${STILLFRAME_LAB:-/var/tmp/stillframe-lab}/run/ceph.env" ]; }

swift_runs() { [ -s "${STILLFRAME_LAB:-/var/tmp/stillframe-lab}/run/swift.env" ]; }

stop_lab() {
  if [ "${swift_was_up:-yes}" = no ]; then "$here/lab/stores/swift-down.sh" || true; fi
  if [ "${s3_was_up:-yes}" = no ]; then "$here/lab/stores/ceph-down.sh" || true; fi
  if [ "${lab_was_up:-yes}" = no ]; then "$here/lab/down.sh" || true; fi
}

main() {
  local jdk other
  [ $# -eq 0 ] || die "takes no arguments"
  # The tests boot guests of the system's libvirt and read their disks.
  [ "$(id -u)" -eq 0 ] || exec sudo -E "$here/test-all.sh"
  step "installing what is missing"
  "$here/lab/install.sh"
  lab_was_up=no
  if libvirt_answers; then lab_was_up=yes; fi
  s3_was_up=no
  if s3_runs; then s3_was_up=yes; fi
  swift_was_up=no
  if swift_runs; then swift_was_up=yes; fi
  trap stop_lab EXIT
  step "starting the lab"
  "$here/lab/up.sh"
  "$here/lab/stores/ceph-up.sh"
  "$here/lab/stores/swift-up.sh"

  jdk=$(jdk_in_use)
  step "all tests with $jdk"
  STILLFRAME_LAB_TESTS=required verify "$jdk" clean verify

  other=$(newest_other_jdk "$jdk")
  if [ -n "$other" ]; then
    step "the tests of everything that is not the lab's, nor long, with $other"
    # Nothing is compiled again: who uses the library runs classes of the oldest JDK on the newest one, too.
    STILLFRAME_LAB_TESTS=off verify "$other" -Dmaven.compiler.useIncrementalCompilation=false \
      "-Dsurefire.excludesFile=$root/.ci/not-on-the-second-jdk" verify
  else
    step "no newer JDK than $jdk in /usr/lib/jvm: tested with one only"
  fi

  step "the quickstart without a hypervisor"
  "$here/quickstart.sh" --embedded
  "$here/quickstart.sh" --embedded --clean
  step "the quickstart with a real guest"
  "$here/quickstart.sh"
  "$here/quickstart.sh" --clean
  step "the quickstart with a real guest and S3"
  "$here/quickstart.sh" --s3
  "$here/quickstart.sh" --s3 --clean
  step "the quickstart with a real guest and Swift"
  "$here/quickstart.sh" --swift
  "$here/quickstart.sh" --swift --clean
  step "everything passed"
}

main "$@"
