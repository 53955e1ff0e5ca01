#!/bin/bash
# vm.sh: the lab's guests. Disks, domain XML and console log lie in $STILLFRAME_LAB/vm/NAME/.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

usage() {
  cat >&2 <<'TEXT'
usage: vm.sh create NAME [--root-format qcow2|raw] [--data-size SIZE|none] [--data-format qcow2|raw]
                         [--args "KERNEL ARGUMENTS"] [--chain N] [--nic] [--start]
                         [--root-rbd POOL] [--data-rbd POOL]   volumes of Ceph, see stores/rbd-up.sh
                         [--root-block] [--data-block]         raw files as block devices
       vm.sh start NAME
       vm.sh wait NAME [REGEX [TIMEOUT_SECONDS [BOOT]]]   until the console shows REGEX (default: GUEST ready, 60 s)
       vm.sh stop NAME                                    power button, again and again; after 30 s a hard stop
       vm.sh destroy NAME                                 hard stop, then removes the guest and its files
       vm.sh xml|console|seq|boots NAME
       vm.sh list
TEXT
  exit 2
}

KERNEL_ARGS="console=ttyS0 quiet panic=-1 mitigations=off cryptomgr.notests no_timer_check tsc=reliable audit=0 lsm="
KERNEL_ARGS+=" rcupdate.rcu_expedited=1 random.trust_cpu=on noreplace-smp"
STOP_SECONDS=${STOP_SECONDS:-30}

# ---- disks ----

bytes() {
  local size=${1%B}
  numfmt --from=iec "${size%i}" 2>/dev/null || die "not a size: $1 (for example 512M, 100G)"
}

CHAIN_CLUSTER=65536
CHAIN_CLUSTERS=256 # the first 16 MiB, which hold the file system's tables, its files and the sequence

# The clusters of the root disk are dealt out to the base and its overlays in turn, and the base holds rubbish in place of
# those that it was not dealt, so that no layer can be left out of a capture unnoticed.
create_chain() {
  local depth=$1 clusters=$dir/clusters below=$dir/base.qcow2 top k i rubbish=()
  mkdir "$clusters"
  head -c $((CHAIN_CLUSTER * CHAIN_CLUSTERS)) "$LAB_GUEST/root.raw" | split -b $CHAIN_CLUSTER -a 3 -d - "$clusters/"
  cp --sparse=always "$LAB_GUEST/root.qcow2" "$below"
  for ((k = 1; k <= depth; k++)); do
    local commands=()
    top=$dir/layer$k.qcow2
    [ "$k" -lt "$depth" ] || top=$dir/root.qcow2
    for ((i = k; i < CHAIN_CLUSTERS; i += depth + 1)); do
      commands+=(-c "write -q -s $clusters/$(printf %03d "$i") $((i * CHAIN_CLUSTER)) $CHAIN_CLUSTER")
      rubbish+=(-c "write -q -P 0xee $((i * CHAIN_CLUSTER)) $CHAIN_CLUSTER")
    done
    qemu-img create -q -f qcow2 -b "$below" -F qcow2 "$top"
    qemu-io -f qcow2 -t unsafe "${commands[@]}" "$top"
    below=$top
  done
  qemu-io -f qcow2 -t unsafe "${rubbish[@]}" "$dir/base.qcow2"
  rm -r "$clusters"
}

create_root() {
  if [ "$chain" -gt 0 ]; then create_chain "$chain"
  else cp --sparse=always "$LAB_GUEST/root.$root_format" "$dir/root.$root_format"; fi
}

# Few inodes and a small journal, and no zeroing of what a sparse file holds as zeros already: megabytes even for terabytes.
create_data() {
  local size raw=$dir/data.raw
  [ "$data_size" != none ] || return 0
  size=$(bytes "$data_size")
  if [ "$size" -eq $((1 << 30)) ] && [ "$data_format" = qcow2 ]; then
    cp --sparse=always "$LAB_GUEST/data.qcow2" "$dir/data.qcow2"
    return
  fi
  [ "$size" -ge $((16 << 20)) ] || die "a data disk needs at least 16M, not $data_size"
  truncate -s "$size" "$raw"
  mke2fs -q -F -t ext4 -b 4096 -L data -m 0 -J size=4 -N 4096 -O ^resize_inode -d "$LAB_GUEST/data-files" \
    -E lazy_itable_init=1,lazy_journal_init=1,nodiscard,root_owner=0:0 "$raw"
  [ "$data_format" = qcow2 ] || return 0
  qemu-img convert -f raw -O qcow2 "$raw" "$dir/data.qcow2"
  rm "$raw"
}

# Volumes of Ceph begin as the disk that was made; their names are noted, so that they can be found again without the domain.
move_to_rbd() {
  local pool=$1 file=$2 format=$3 volume=$1/$name-$4
  . "$LAB_RUN/rbd.env"
  printf '%s\n' "$volume" >>"$dir/volumes"
  qemu-img convert -f "$format" -O raw "$file" "$dir/volume.raw"
  rbd import --no-progress "$dir/volume.raw" "$volume"
  rm "$dir/volume.raw" "$file"
}

move_to_block() {
  local file=$1 device
  device=$(losetup --find --show "$file")
  printf '%s\n' "$device" >>"$dir/loops"
}

place_disks() {
  [ -z "$root_rbd" ] || move_to_rbd "$root_rbd" "$dir/root.$root_format" "$root_format" vda
  [ -z "$data_rbd" ] || move_to_rbd "$data_rbd" "$dir/data.$data_format" "$data_format" vdb
  [ "$root_block" = no ] || move_to_block "$dir/root.$root_format"
  [ "$data_block" = no ] || move_to_block "$dir/data.$data_format"
}

# Removes what lies outside of the guest's directory: volumes with their snapshots, and loop devices.
remove_places() {
  local volume snapshot device
  if [ -e "$dir/volumes" ]; then
    . "$LAB_RUN/rbd.env"
    while read -r volume; do
      rbd info "$volume" >/dev/null 2>&1 || continue
      rbd snap ls "$volume" --format json | { grep -o '"name":"[^"]*"' || true; } | cut -d'"' -f4 | while read -r snapshot; do
        rbd snap unprotect "$volume@$snapshot" >/dev/null 2>&1 || true
      done
      rbd snap purge --no-progress "$volume" >/dev/null 2>&1 || true
      await 40 rbd rm --no-progress "$volume" >/dev/null 2>&1 || say "vm: the volume $volume stays: it is in use or was cloned" >&2
    done <"$dir/volumes"
  fi
  if [ -e "$dir/loops" ]; then
    while read -r device; do losetup --detach "$device" 2>/dev/null || true; done <"$dir/loops"
  fi
}

# ---- domain XML ----

rbd_source_xml() {
  . "$LAB_RUN/rbd.env"
  cat <<XML
      <source protocol='rbd' name='$1'>
        <host name='${STILLFRAME_RBD_MONITOR%:*}' port='${STILLFRAME_RBD_MONITOR##*:}'/>
        <auth username='$STILLFRAME_RBD_USER'><secret type='ceph' uuid='$STILLFRAME_RBD_SECRET'/></auth>
      </source>
XML
}

# The disk of a device name is a volume, a block device or a file, as it was placed.
disk_xml() {
  local format=$1 file=$2 target=$3 slot=$4 type=file source device
  source="<source file='$file'/>"
  device=$(losetup --noheadings --output NAME --associated "$file" 2>/dev/null | head -n 1 || true)
  if grep -qs -- "-$target\$" "$dir/volumes"; then
    type=network format=raw source=$(rbd_source_xml "$(grep -- "-$target\$" "$dir/volumes")")
  elif [ -n "$device" ]; then
    type=block source="<source dev='$device'/>"
  fi
  cat <<XML
    <disk type='$type' device='disk'>
      <driver name='qemu' type='$format' discard='unmap'/>
      $source
      <target dev='$target' bus='virtio'/>
      <serial>lab-$target</serial>
      <address type='pci' domain='0' bus='0' slot='$slot' function='0'/>
    </disk>
XML
}

nic_xml() {
  cat <<XML
    <interface type='user'>
      <model type='virtio'/>
      <rom enabled='no'/>
      <address type='pci' domain='0' bus='0' slot='6' function='0'/>
    </interface>
XML
}

domain_xml() {
  local accel loader='' cpu=''
  accel=$(cat "$LAB_RUN/accel")
  [ ! -f "$LAB_GUEST/qboot.rom" ] || loader="<loader type='rom'>$LAB_GUEST/qboot.rom</loader>"
  [ "$accel" = qemu ] || cpu="<cpu mode='host-passthrough'/>"
  cat <<XML
<domain type='$accel'>
  <name>$name</name>
  <memory unit='MiB'>256</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='q35'>hvm</type>
    $loader
    <kernel>$LAB_GUEST/vmlinuz</kernel>
    <initrd>$LAB_GUEST/initrd.img</initrd>
    <cmdline>$KERNEL_ARGS $args</cmdline>
  </os>
  <features><acpi/><apic/></features>
  $cpu
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <devices>
$(disk_xml "$root_format" "$dir/root.$root_format" vda 3)
$([ "$data_size" = none ] || disk_xml "$data_format" "$dir/data.$data_format" vdb 4)
    <controller type='virtio-serial' index='0'>
      <address type='pci' domain='0' bus='0' slot='5' function='0'/>
    </controller>
    <controller type='usb' model='none'/>
$([ "$nic" = no ] || nic_xml)
    <serial type='file'>
      <source path='$dir/console.log' append='on'/>
      <target port='0'/>
    </serial>
    <channel type='unix'>
      <target type='virtio' name='org.qemu.guest_agent.0'/>
    </channel>
    <memballoon model='none'/>
  </devices>
</domain>
XML
}

# ---- commands ----

create() {
  local root_format=qcow2 data_size=1G data_format=qcow2 args='' chain=0 nic=no start=no
  local root_rbd='' data_rbd='' root_block=no data_block=no
  while [ $# -gt 0 ]; do
    case $1 in
      --nic) nic=yes; shift; continue ;;
      --start) start=yes; shift; continue ;;
      --root-block) root_block=yes; shift; continue ;;
      --data-block) data_block=yes; shift; continue ;;
      --root-rbd | --data-rbd | --root-format | --data-size | --data-format | --args | --chain) [ $# -ge 2 ] || usage ;;
      *) usage ;;
    esac
    case $1 in
      --root-rbd) root_rbd=$2 ;;
      --data-rbd) data_rbd=$2 ;;
      --root-format) root_format=$2 ;;
      --data-size) data_size=$2 ;;
      --data-format) data_format=$2 ;;
      --args) args=$2 ;;
      --chain) chain=$2 ;;
    esac
    shift 2
  done
  [[ $root_format =~ ^(qcow2|raw)$ && $data_format =~ ^(qcow2|raw)$ ]] || die "formats are qcow2 and raw"
  [[ $chain =~ ^[0-9]+$ && $chain -le 64 ]] || die "--chain takes 0 to 64"
  [[ $chain -eq 0 || $root_format = qcow2 ]] || die "only a qcow2 root disk has a chain"
  [[ $args =~ ^[A-Za-z0-9\ =_.,:/-]*$ ]] || die "kernel arguments may not need quoting: $args"
  [[ $root_rbd$data_rbd =~ ^[A-Za-z0-9._-]*$ ]] || die "not a pool's name: $root_rbd $data_rbd"
  [[ -z $root_rbd$data_rbd || -e $LAB_RUN/rbd.env ]] || die "volumes need a cluster: stores/rbd-up.sh"
  [[ $root_block = no || $root_format = raw ]] && [[ $data_block = no || $data_format = raw ]] || die "block devices are raw"
  [ ! -e "$dir" ] || die "guest $name exists: vm.sh destroy $name"
  if [ ! -s "$LAB_RUN/accel" ] || ! libvirt_answers; then "$LAB_SCRIPTS/up.sh" >&2; fi
  mkdir "$dir"
  chmod a+rx "$dir"
  trap 'remove_places; rm -rf "$dir"' EXIT
  lock guest --shared # mkguest.sh must not replace the disks while they are copied
  create_root
  create_data
  unlock
  place_disks
  : >"$dir/console.log"
  domain_xml >"$dir/domain.xml"
  virsh -q define "$dir/domain.xml" >/dev/null
  trap - EXIT
  say "vm: created $name"
  [ "$start" = no ] || start
}

console() { tr -d '\r' <"$dir/console.log"; }

boots() { console | grep -ac '^GUEST boot$' || true; }

# From now on `wait` looks at the boot that begins here, not at what earlier boots left in the log.
start() {
  echo $(($(boots) + 1)) >"$dir/awaited-boot"
  virsh -q start "$name"
  say "vm: started $name"
}

console_since_boot() { console | awk -v from="$1" '/^GUEST boot$/ { n++ } n >= from'; }

# The first line that matches (read to the end: a closed pipe would look like a failure).
shows() {
  local lines
  lines=$(console_since_boot "$1" | grep -aE -- "$2") && printf '%s\n' "${lines%%$'\n'*}"
}

wait_for() {
  local regex=${1:-GUEST ready} seconds=${2:-60} boot=${3:-} awaited
  if [ -z "$boot" ]; then
    boot=$(boots)
    awaited=$(cat "$dir/awaited-boot" 2>/dev/null || echo 1)
    [ "$boot" -ge "$awaited" ] || boot=$awaited
  fi
  await "$seconds" shows "$boot" "$regex" || {
    console | tail -n 5 >&2
    die "guest $name did not show /$regex/ within $seconds s"
  }
}

is_off() { [ "$(virsh domstate "$name" 2>/dev/null)" = 'shut off' ]; }

# The guest loses a press that comes before it listens, so it is pressed again.
stop() {
  local end=$((SECONDS + STOP_SECONDS))
  until is_off; do
    if [ "$SECONDS" -ge "$end" ]; then
      virsh -q destroy "$name" >/dev/null
      say "vm: stopped $name hard"
      return
    fi
    virsh -q shutdown --mode acpi "$name" >/dev/null 2>&1 || true
    await 2 is_off || true
  done
  say "vm: stopped $name"
}

exists() { virsh -q domuuid "$name" >/dev/null 2>&1; }

destroy() {
  if exists; then
    is_off || virsh -q destroy "$name" >/dev/null 2>&1 || true
    virsh -q undefine "$name" --managed-save --snapshots-metadata --checkpoints-metadata >/dev/null
  fi
  remove_places
  rm -rf "$dir"
  say "vm: destroyed $name"
}

list() {
  local each
  for each in "$STILLFRAME_LAB"/vm/*/domain.xml; do
    [ -e "$each" ] || continue
    name=$(basename "$(dirname "$each")")
    printf '%s\t%s\n' "$name" "$(virsh domstate "$name" 2>/dev/null | sed -n 1p)"
  done
}

main() {
  local command=${1:-}
  [ -n "$command" ] || usage
  shift
  make_lab
  if [ "$command" = list ]; then
    list
    return
  fi
  name=${1:-}
  [[ $name =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$ ]] || usage
  dir=$STILLFRAME_LAB/vm/$name
  shift
  case $command in
    create) create "$@" ;;
    destroy) destroy ;;
    start | stop | wait | xml | console | seq | boots)
      [ -d "$dir" ] || die "no guest $name"
      case $command in
        start) start ;;
        stop) stop ;;
        wait) wait_for "$@" ;;
        xml) virsh dumpxml "$name" ;;
        console) console ;;
        seq) console | sed -n 's/^SEQ \([0-9]*\)$/\1/p' | tail -n 1 ;;
        boots) boots ;;
      esac
      ;;
    *) usage ;;
  esac
}

become_root "$@"
main "$@"
