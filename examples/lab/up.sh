#!/bin/bash
# up.sh: makes qemu:///system answer. Where no service manager runs libvirt, starts virtlogd and libvirtd itself and notes
# their pids in $STILLFRAME_LAB/run. Finds out whether KVM really runs a guest: $STILLFRAME_LAB/run/accel is `kvm` or `qemu`.
# May be called any number of times, also at once. Builds the guest when needed; starts none.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

BOOT_ID=$(cat /proc/sys/kernel/random/boot_id)

# ---- acceleration ----

accel_is_known() { [ "$(cat "$LAB_RUN/accel.boot" 2>/dev/null)" = "$BOOT_ID" ] && [ -s "$LAB_RUN/accel" ]; }

# /dev/kvm may open and yet run no guest (nested or filtered virtualization), so one is booted up to its first line.
kvm_boots_a_guest() {
  local log=$LAB_RUN/kvm-probe.log pid booted=1
  [ -r /dev/kvm ] && [ -w /dev/kvm ] || return 1
  : >"$log"
  timeout 15 qemu-system-x86_64 -machine q35,accel=kvm -cpu host -m 256 -nodefaults -display none -no-reboot \
    -kernel "$LAB_GUEST/vmlinuz" -initrd "$LAB_GUEST/initrd.img" -append 'console=ttyS0 quiet panic=-1 probe' \
    -serial "file:$log" >/dev/null 2>&1 9>&- &
  pid=$!
  await 10 probe_is_over "$log" "$pid" || true
  if grep -q 'GUEST boot' "$log"; then booted=0; fi
  kill "$pid" 2>/dev/null || true
  wait "$pid" 2>/dev/null || true
  return "$booted"
}

probe_is_over() { grep -q 'GUEST boot' "$1" || ! kill -0 "$2" 2>/dev/null; }

find_accel() {
  if accel_is_known; then return; fi
  local accel=qemu
  if kvm_boots_a_guest; then accel=kvm; fi
  echo "$accel" >"$LAB_RUN/accel"
  echo "$BOOT_ID" >"$LAB_RUN/accel.boot"
}

# ---- daemons ----

started_by_service_manager() {
  [ -d /run/systemd/system ] && command -v systemctl >/dev/null || return 1
  systemctl start virtlogd.socket libvirtd.socket 2>/dev/null || systemctl start libvirtd 2>/dev/null || return 1
  await 10 libvirt_answers
}

start_virtlogd() {
  if pgrep -x virtlogd >/dev/null; then return; fi
  rm -f "$LAB_RUN/virtlogd.pid"
  virtlogd -d -p "$LAB_RUN/virtlogd.pid" 9>&-
}

# Where KVM opens but does not work, libvirt would probe QEMU again for seconds at every call. A device that nobody may
# open, seen in place of /dev/kvm by libvirtd alone, makes it settle for emulation.
start_libvirtd_without_kvm() {
  local device=$LAB_RUN/no-kvm
  rm -f "$device"
  mknod "$device" c 1 3 2>/dev/null && chmod 000 "$device" || return 1
  # shellcheck disable=SC2016
  unshare -m --propagation slave sh -c 'mount --bind "$1" /dev/kvm && exec libvirtd -d -p "$2"' \
    sh "$device" "$LAB_RUN/libvirtd.pid" 9>&-
}

start_libvirtd() {
  rm -f "$LAB_RUN/libvirtd.pid"
  if [ -e /dev/kvm ] && [ "$(cat "$LAB_RUN/accel")" = qemu ]; then
    if start_libvirtd_without_kvm; then return; fi
  fi
  libvirtd -d -p "$LAB_RUN/libvirtd.pid" 9>&-
}

start_daemons() {
  if libvirt_answers || started_by_service_manager; then return; fi
  start_virtlogd
  start_libvirtd
  await 30 libvirt_answers || die "libvirtd does not answer on $LIBVIRT_DEFAULT_URI"
}

main() {
  if ! command -v libvirtd >/dev/null || ! command -v virsh >/dev/null; then die "libvirt is missing: run install.sh libvirt"; fi
  make_lab
  "$LAB_SCRIPTS/mkguest.sh"
  if ! accel_is_known || ! libvirt_answers; then
    lock up
    find_accel
    start_daemons
    unlock
  fi
  say "up: $LIBVIRT_DEFAULT_URI answers, guests run with $(cat "$LAB_RUN/accel"), state in $STILLFRAME_LAB"
}

become_root "$@"
main
