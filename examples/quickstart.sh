#!/bin/bash
# quickstart.sh [--embedded|--s3|--swift] [--clean]: takes a snapshot of a real guest and launches a copy from it, from an empty machine on.
#   --embedded  the same with a disk-image file as the instance: any system, no root, no hypervisor
#   --s3        stores the snapshot in an S3 server, which the lab starts (Ceph's radosgw), instead of a directory
#   --swift     the same in OpenStack Swift, which the lab starts, too
#   --clean     removes what an earlier run made (its guests, snapshots and files; not the packages)
# Everything lies in $STILLFRAME_QUICKSTART, by default quickstart below the lab's directory, or stillframe-quickstart in the
# directory for temporary files for --embedded.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=$here/lab
started=$SECONDS

say() { printf '%s\n' "$*"; }
step() { printf '\n==> %s\n' "$*"; }
die() {
  printf 'quickstart: %s\n' "$*" >&2
  exit 1
}

usage() {
  sed -n '2,8s/^# //p' "${BASH_SOURCE[0]}" >&2
  exit 2
}

# Runs a command as root where that is needed and the user is somebody else.
privileged() {
  if [ -n "$sudo" ]; then
    sudo --preserve-env=STILLFRAME_HYPERVISOR,STILLFRAME_STORE,STILLFRAME_CATALOG,STILLFRAME_LAB,JAVA_HOME \
      --preserve-env=AWS_ACCESS_KEY_ID,AWS_SECRET_ACCESS_KEY,ST_AUTH,ST_USER,ST_KEY "$@"
  else
    "$@"
  fi
}

# ---- building ----

up_to_date() {
  [ -f "$here/target/stillframe.jar" ] || return 1
  [ -z "$(find "$here/.." -path '*/target' -prune -o \
    \( -path '*/src/main/*' -o -name pom.xml \) -newer "$here/target/stillframe.jar" -type f -print | head -n 1)" ]
}

build() {
  if up_to_date; then return; fi
  step "Building Stillframe"
  command -v mvn >/dev/null || die "Maven is missing: install Maven 3.8 or newer and a JDK 17 or newer"
  (cd "$here/.." && mvn -q -B -DskipTests -pl examples -am package) || die "the build failed: see above"
  # Maven leaves a jar alone that would not change; its age is what tells the next run that nothing needs to be done.
  touch "$here/target/stillframe.jar"
}

# Shows a command of the tool and runs it; as root where the guest's disks need it.
stillframe() {
  printf '$ stillframe %s\n' "$*" >&2
  privileged "$here/stillframe" "$@"
}

# ---- a real guest ----

virsh_() { privileged virsh -q -c qemu:///system "$@"; }

libvirt_answers() { command -v virsh >/dev/null && virsh_ version >/dev/null 2>&1; }

state_of() { virsh_ domstate "$1" 2>/dev/null | head -n 1; }

# The files that belong to a launched copy: its disks and its console, as its definition names them.
files_of() { virsh_ dumpxml "$1" | sed -n "s/.*<source \(file\|path\)='\([^']*\/$1-[^']*\)'.*/\2/p" | sort -u; }

remove_copy() {
  local files
  [ -n "$(state_of "$copy")" ] || return 0
  files=$(files_of "$copy")
  [ "$(state_of "$copy")" = 'shut off' ] || virsh_ destroy "$copy" >/dev/null
  virsh_ undefine "$copy" >/dev/null
  printf '%s\n' "$files" | while IFS= read -r file; do
    [ -z "$file" ] || privileged rm -f -- "$file"
  done
}

boot_guest() {
  if [ -z "$(state_of "$guest")" ]; then "$lab/vm.sh" create "$guest" --start; fi
  [ "$(state_of "$guest")" = running ] || "$lab/vm.sh" start "$guest"
  "$lab/vm.sh" wait "$guest" 'GUEST ready' 120
  "$lab/vm.sh" wait "$guest" '^SEQ [0-9][0-9]' 60
}

await_console() {
  local file=$1 pattern=$2 end=$((SECONDS + $3))
  until privileged grep -aEq -- "$pattern" "$file" 2>/dev/null; do
    [ "$SECONDS" -lt "$end" ] || die "the copy did not show /$pattern/ on its console $file within $3 s"
    sleep 0.2
  done
}

# What the copy found on its root disk when it booted: the last number that the original had written durably.
prove_copy() {
  local before=$1 console found
  console=$(files_of "$copy" | grep '\.log$' | head -n 1)
  [ -n "$console" ] || die "$copy has no console file"
  await_console "$console" '^SEQ file /var/seq.bin ' 120
  await_console "$console" 'GUEST ready' 120
  found=$(privileged tr -d '\r' <"$console" | sed -n 's/^SEQ file \/var\/seq.bin .*max=\([0-9]*\) gaps=0 bad=0.*/\1/p' | head -n 1)
  [ -n "$found" ] || die "the copy's data has gaps: see $console"
  [ "$found" -ge "$before" ] || die "the copy's data ends at $found, the original had written $before: see $console"
  say "The original had written record $before when the snapshot was asked for; the copy found records up to $found, no gap."
}

server_runs() { [ -s "$settings" ]; }

# Who it is comes by the environment; the catalog stays in a directory.
settle() {
  # shellcheck disable=SC1090
  . "$settings"
  if [ "$mode" = s3 ]; then STILLFRAME_STORE=$STILLFRAME_S3_STORE; else STILLFRAME_STORE=$STILLFRAME_SWIFT_STORE; fi
  export STILLFRAME_STORE STILLFRAME_CATALOG=file://$home/catalog
}

use_server() {
  step "Starting an object store"
  "$lab/install.sh" "$server"
  server_runs || privileged touch "$home/started-$server"
  "$lab/stores/$server-up.sh"
  settle
  stillframe store probe "$STILLFRAME_STORE"
}

# What the store holds of this quickstart, and the server if it was started for it.
clean_server() {
  local id
  if server_runs && [ -d "$home/catalog" ]; then
    export STILLFRAME_HYPERVISOR=qemu:///system
    settle
    for id in $(stillframe snapshot list | grep -o '^snap-[0-9a-z]*'); do stillframe snapshot delete "$id"; done
  fi
  [ ! -e "$home/started-$server" ] || "$lab/stores/$server-down.sh"
}

real() {
  local before id more=
  step "Installing what is missing"
  "$lab/install.sh"
  build
  privileged mkdir -p "$home"
  # What ran before this script goes on after its --clean.
  libvirt_answers || privileged touch "$home/started-libvirt"
  step "Starting libvirt"
  "$lab/up.sh"
  step "Booting a guest that writes numbered records to its disks"
  remove_copy
  boot_guest
  before=$("$lab/vm.sh" seq "$guest")
  export STILLFRAME_HYPERVISOR=qemu:///system STILLFRAME_STORE=file://$home/snapshots
  if [ -n "$server" ]; then use_server; fi
  step "Taking a snapshot of it"
  id=$(stillframe snapshot create --instance "$guest" --name quickstart --retention-days 1 --wait | tail -n 1)
  stillframe snapshot show "$id"
  [ "$(state_of "$guest")" = running ] || die "the original does not run: $(state_of "$guest")"
  step "Launching a copy from the snapshot"
  stillframe launch "$id" --as "$copy" --all-disks
  step "Waiting for the copy to boot"
  prove_copy "$before"
  step "Done in $((SECONDS - started)) s"
  [ -z "$server" ] || more="; . $settings; export STILLFRAME_CATALOG=$STILLFRAME_CATALOG"
  cat <<TEXT
The original    $guest, running (console: $lab/vm.sh console $guest)
The copy        $copy, running (console: $(files_of "$copy" | grep '\.log$'))
The snapshot    $id, kept for one day, in $STILLFRAME_STORE
Go on with      export STILLFRAME_HYPERVISOR=$STILLFRAME_HYPERVISOR STILLFRAME_STORE='$STILLFRAME_STORE'$more
                $sudo$here/stillframe snapshot list
                $sudo$here/stillframe launch $id --as another
Remove it all   $here/quickstart.sh$([ -z "$server" ] || echo " --$mode") --clean
TEXT
}

clean_real() {
  if [ -n "$server" ]; then clean_server; fi
  if libvirt_answers; then
    remove_copy
    [ -z "$(state_of "$guest")" ] || "$lab/vm.sh" destroy "$guest"
    [ ! -e "$home/started-libvirt" ] || [ -n "$("$lab/vm.sh" list)" ] || "$lab/down.sh"
  fi
  privileged rm -rf -- "$home"
  say "quickstart: removed its guests, snapshots and files"
}

# ---- a disk-image file ----

# 64 MiB: some text, 4 MiB that do not compress, and otherwise nothing.
make_image() {
  local image=$1
  {
    printf 'This disk was made by quickstart.sh, process %s.\n' "$$"
    head -c 1048000 /dev/zero
    head -c 4194304 /dev/urandom
  } >"$image"
  dd if=/dev/zero of="$image" bs=1 count=0 seek=67108864 2>/dev/null
}

embedded() {
  local id original=$home/instances/$guest/disk.raw launched
  build
  step "Making an instance of a disk-image file"
  rm -rf -- "$home/instances"
  mkdir -p "$home/instances/$guest"
  make_image "$original"
  cat >"$home/instances/$guest/instance.json" <<JSON
{"version": 1, "id": "$guest-1", "name": "$guest",
 "disks": [{"device": "vda", "role": "root", "file": "disk.raw", "format": "raw"}]}
JSON
  say "$original"
  export STILLFRAME_HYPERVISOR=images://$home/instances STILLFRAME_STORE=file://$home/snapshots
  step "Taking a snapshot of it"
  id=$(stillframe snapshot create --instance "$guest" --name quickstart --retention-days 1 --wait | tail -n 1)
  stillframe snapshot show "$id"
  step "Launching a copy from the snapshot"
  launched=$(stillframe launch "$id" --as "$copy" --no-start)
  say "$launched"
  step "Comparing the copy with the original"
  launched=$(printf '%s\n' "$launched" | sed -n 's/^disk vda: \(.*\), raw, .*/\1/p')
  cmp "$original" "$launched" || die "the copy's disk differs from the original's"
  say "The copy's disk is the original's, byte for byte."
  step "Done in $((SECONDS - started)) s"
  cat <<TEXT
The original    $original
The copy        $launched
The snapshot    $id, kept for one day, in $home/snapshots
Go on with      export STILLFRAME_HYPERVISOR=$STILLFRAME_HYPERVISOR STILLFRAME_STORE=$STILLFRAME_STORE
                $here/stillframe snapshot list
                $here/stillframe snapshot export $id --to qcow2 disk.qcow2
Remove it all   $here/quickstart.sh --embedded --clean
TEXT
}

clean_embedded() {
  rm -rf -- "$home"
  say "quickstart: removed $home"
}

main() {
  local mode=real server='' action=run
  while [ $# -gt 0 ]; do
    case $1 in
      --embedded) mode=embedded ;;
      --s3) mode=s3 server=ceph ;;
      --swift) mode=swift server=swift ;;
      --clean) action=clean ;;
      *) usage ;;
    esac
    shift
  done
  guest=${STILLFRAME_QUICKSTART_GUEST:-quickstart}
  copy=$guest-copy
  sudo=
  if [ $mode != embedded ]; then
    settings=${STILLFRAME_LAB:-/var/tmp/stillframe-lab}/run/$server.env
    home=${STILLFRAME_QUICKSTART:-${STILLFRAME_LAB:-/var/tmp/stillframe-lab}/quickstart}
    [ "$(id -u)" -eq 0 ] || sudo='sudo -E '
  else
    home=${STILLFRAME_QUICKSTART:-${TMPDIR:-/tmp}/stillframe-quickstart}
  fi
  case $mode-$action in
    embedded-run) embedded ;;
    embedded-clean) clean_embedded ;;
    *-clean) clean_real ;;
    *) real ;;
  esac
}

main "$@"
