#!/bin/bash
# selftest.sh: proves that the lab does what the tests rely on. Boots real guests; about a minute. Exit status 0: all proven.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

VM=$LAB_SCRIPTS/vm.sh
guests=()

step() { say "selftest: $*"; }

guest() {
  guests+=("$1")
  "$VM" create "$@" --start >/dev/null
}

cleanup() {
  local each
  for each in "${guests[@]}"; do "$VM" destroy "$each" >/dev/null; done
  rm -f "$STILLFRAME_LAB/selftest.qcow2"
}

# facts IMAGE... : must be consistent, prints the facts
facts() { "$LAB_SCRIPTS/checkimg.sh" "$@"; }

shut_off() { [ "$(virsh domstate "$1")" = 'shut off' ]; }

press() { virsh -q shutdown --mode acpi "$1"; }

disks() { echo "$STILLFRAME_LAB/vm/$1"; }

obeys() {
  local name=selftest-obey dir
  dir=$(disks $name)
  step "a guest stops by the power button and leaves clean file systems"
  guest $name --chain 2 --data-size 100G
  "$VM" wait $name >/dev/null
  press $name
  await 20 shut_off $name
  facts "$dir/root.qcow2" "$dir/data.qcow2" | grep -cE '^(root|data).clean=true$' | grep -qx 2
  step "a copy without a layer of its chain, or with an older data disk, is found out"
  if facts "$dir/base.qcow2" >/dev/null 2>&1; then die "rubbish passed for a root disk"; fi
  cp --sparse=always "$dir/data.qcow2" "$STILLFRAME_LAB/selftest.qcow2"
  "$VM" start $name >/dev/null
  "$VM" wait $name '^SEQ [0-9]{2,}$' >/dev/null
  "$VM" stop $name >/dev/null
  if facts "$dir/root.qcow2" "$STILLFRAME_LAB/selftest.qcow2" >/dev/null; then die "disks of two points in time passed"; fi
}

ignores() {
  local name=selftest-ignore dir
  dir=$(disks $name)
  step "a guest ignores the power button and counts the presses; its disks are crash-consistent after a hard stop"
  guest $name --args 'noacpi_btn noagent seq_ms=5' --root-format raw --data-format raw
  "$VM" wait $name >/dev/null
  for _ in 1 2 3; do
    press $name
    sleep 0.5
  done
  "$VM" wait $name 'ACPI press 3 ignored' 10 >/dev/null
  virsh -q destroy $name
  facts "$dir/root.raw" "$dir/data.raw" --format raw | grep -x root.recovery=true >/dev/null
}

reboots() {
  local name=selftest-reboot
  step "a guest reboots by the power button"
  guest $name --args reboot_btn --data-size none
  "$VM" wait $name >/dev/null
  press $name
  "$VM" wait $name 'GUEST ready' 60 2 >/dev/null
  step "the agent answers and stops the guest"
  virsh -q qemu-agent-command $name '{"execute":"guest-ping"}' >/dev/null
  virsh -q shutdown --mode agent $name
  await 20 shut_off $name
}

stops_slowly() {
  local name=selftest-slow
  step "a guest takes its time to stop"
  guest $name --args slow_stop=3
  "$VM" wait $name >/dev/null
  press $name
  sleep 1
  press $name
  "$VM" wait $name 'ACPI press 2 while stopping' 10 >/dev/null
  await 20 shut_off $name
}

overlays() {
  local name=selftest-overlay dir disk
  dir=$(disks $name)
  step "an overlay holds a running guest's point in time and is merged back"
  guest $name
  "$VM" wait $name '^SEQ [0-9]{2,}$' >/dev/null
  virsh -q snapshot-create-as $name --disk-only --atomic --no-metadata \
    --diskspec "vda,file=$dir/overlay-a.qcow2" --diskspec "vdb,file=$dir/overlay-b.qcow2"
  facts "$dir/root.qcow2" "$dir/data.qcow2" >/dev/null
  for disk in vda vdb; do virsh -q blockcommit $name $disk --active --pivot --wait >/dev/null; done
  "$VM" stop $name >/dev/null
  facts "$dir/root.qcow2" "$dir/data.qcow2" >/dev/null
}

become_root "$@"
"$LAB_SCRIPTS/up.sh"
trap cleanup EXIT
obeys
ignores
reboots
stops_slowly
overlays
say "selftest: all proven"
