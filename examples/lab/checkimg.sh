#!/bin/bash
# checkimg.sh ROOT [DATA] [--format FORMAT]: proves that captured disks of a lab guest are consistent, without writing to them.
# Prints one key=value line per fact; exit status 0: consistent, 1: not, 2: the images cannot be read.
#   root.clean      the file system was unmounted (or remounted read-only) before the capture
#   root.recovery   its journal has to be replayed, as after a power cut
#   root.fsck       exit status of e2fsck -n after that replay: 0 = no error
#   root.first, root.max, root.records, root.gaps, root.bad   the sequence file (guest/seqfile.h)
#   data.*          the same for the data disk
#   cross           root.max - data.max: 0 or 1 when both disks are of one point in time
#   verdict         consistent | inconsistent
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

verdict=consistent

fact() { say "$1=$2"; }

unreadable() {
  printf 'checkimg.sh: %s\n' "$*" >&2
  exit 2
}

# expect WHAT ACTUAL WANTED
expect() {
  [ "$2" = "$3" ] && return
  verdict=inconsistent
  fact "why.$1" "${2:-none}"
}

image_format() {
  if [ -n "$format" ]; then echo "$format"
  else qemu-img info -U "$1" | sed -n 's/^file format: //p'; fi
}

# Works on a raw copy, since only a copy may have its journal replayed.
copy_raw() {
  local image=$1 raw=$2 from
  from=$(image_format "$image") || unreadable "$image is no disk image"
  qemu-img convert -U -f "$from" -O raw "$image" "$raw" || unreadable "cannot read $image"
}

check_file_system() {
  local disk=$1 raw=$2 header clean=false recovery=false rc=0
  if ! header=$(dumpe2fs -h "$raw" 2>/dev/null); then
    verdict=inconsistent
    fact "why.$disk" "no ext4 file system"
    return 1
  fi
  if grep -q '^Filesystem features:.* needs_recovery' <<<"$header"; then recovery=true; fi
  if [ $recovery = false ] && grep -qE '^Filesystem state: +clean$' <<<"$header"; then clean=true; fi
  e2fsck -y -E journal_only "$raw" >"$work/$disk.journal" 2>&1 || rc=$?
  if [ "$rc" -gt 1 ]; then expect "$disk.journal" "$rc" 0; fi
  rc=0
  e2fsck -fn "$raw" >"$work/$disk.fsck" 2>&1 || rc=$?
  fact "$disk.clean" $clean
  fact "$disk.recovery" $recovery
  fact "$disk.fsck" "$rc"
  expect "$disk.fsck" "$rc" 0
  if [ "$rc" -ne 0 ]; then head -n 20 "$work/$disk.fsck" >&2; fi
}

check_sequence() {
  local disk=$1 raw=$2 inside=$3 sequence=$work/$1.seq facts key value
  debugfs -R "dump $inside $sequence" "$raw" >/dev/null 2>&1 || true
  if [ ! -s "$sequence" ]; then
    expect "$disk.sequence" missing present
    return
  fi
  facts=$("$LAB_GUEST/seqcheck" "$sequence" || true)
  while IFS='=' read -r key value; do
    fact "$disk.$key" "$value"
    case $key in
      gaps | bad) expect "$disk.$key" "$value" 0 ;;
      max) max[$disk]=$value ;;
    esac
  done < <(tr ' ' '\n' <<<"$facts")
}

check_disk() {
  local disk=$1 image=$2 inside=$3 raw=$work/$1.raw
  copy_raw "$image" "$raw"
  fact "$disk.size" "$(stat -c %s "$raw")"
  if check_file_system "$disk" "$raw"; then check_sequence "$disk" "$raw" "$inside"; fi
  rm -f "$raw"
}

check_cross() {
  local cross=unknown
  [ -z "${max[root]:-}" ] || [ -z "${max[data]:-}" ] || cross=$((max[root] - max[data]))
  fact cross "$cross"
  if [ "$cross" != 0 ]; then expect cross "$cross" 1; fi
}

main() {
  local images=()
  format=''
  declare -gA max=()
  while [ $# -gt 0 ]; do
    case $1 in
      --format) [ $# -ge 2 ] || unreadable "--format needs a value"; format=$2; shift 2 ;;
      -*) unreadable "unknown option $1" ;;
      *) images+=("$1"); shift ;;
    esac
  done
  [[ ${#images[@]} -eq 1 || ${#images[@]} -eq 2 ]] || unreadable "usage: checkimg.sh ROOT [DATA] [--format FORMAT]"
  [ -x "$LAB_GUEST/seqcheck" ] || "$LAB_SCRIPTS/mkguest.sh" >&2
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/checkimg.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  check_disk root "${images[0]}" /var/seq.bin
  if [ ${#images[@]} -eq 2 ]; then
    check_disk data "${images[1]}" /seq.bin
    check_cross
  fi
  fact verdict "$verdict"
  [ "$verdict" = consistent ] || exit 1
}

main "$@"
