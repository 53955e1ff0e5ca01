#!/bin/bash
# mkguest.sh [--force]: builds the lab's tiny real guest from the distribution's kernel, busybox and qemu-guest-agent.
# Result: $STILLFRAME_LAB/guest/{vmlinuz,initrd.img,root.raw,root.qcow2,data.qcow2,seqcheck}; kept until this script or the
# sources in guest/ change. The kernel and the agent are only downloaded and unpacked, never installed on this machine.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

SOURCES=$LAB_SCRIPTS/guest
DOWNLOADS=$STILLFRAME_LAB/downloads
MODULES=(virtio_pci virtio_blk ext4 crc32c_generic button evdev virtio_console)

fingerprint() { cat "$LAB_SCRIPTS/mkguest.sh" "$SOURCES"/*.[ch] | sha256sum | cut -d' ' -f1; }

is_current() {
  local f
  for f in vmlinuz initrd.img root.raw root.qcow2 data.qcow2 seqcheck; do [ -s "$LAB_GUEST/$f" ] || return 1; done
  [ "$(cat "$LAB_GUEST/fingerprint" 2>/dev/null)" = "$(fingerprint)" ]
}

# ---- packages: downloaded, not installed ----

# The real kernel package behind the distribution's meta package for virtual machines.
kernel_package() {
  local meta package
  for meta in linux-image-cloud-amd64 linux-image-virtual linux-image-amd64 linux-image-generic; do
    package=$(apt-cache depends "$meta" 2>/dev/null | sed -n 's/^ *Depends: \(linux-image-[0-9].*\)/\1/p' | sed -n 1p)
    [ -z "$package" ] || break
  done
  echo "$package"
}

download() {
  local package=$1
  compgen -G "$DOWNLOADS/${package}_*.deb" >/dev/null && return
  say "guest: downloading $package"
  (cd "$DOWNLOADS" && apt_get -qq download "$package" 2>/dev/null) || {
    apt_get -qq update
    (cd "$DOWNLOADS" && apt_get -qq download "$package")
  }
}

fetch_packages() {
  mkdir -p "$DOWNLOADS"
  kernel=$(kernel_package)
  [ -n "$kernel" ] || { apt_get -qq update && kernel=$(kernel_package); }
  [ -n "$kernel" ] || die "apt knows no kernel package (linux-image-cloud-amd64 or linux-image-virtual)"
  release=${kernel#linux-image-}
  release=${release#unsigned-}
  download "$kernel"
  download qemu-guest-agent
  # Ubuntu keeps the modules in a package of their own.
  ! apt-cache show "linux-modules-$release" >/dev/null 2>&1 || download "linux-modules-$release"
}

unpack() {
  local deb
  for deb in "$DOWNLOADS/$1"_*.deb; do :; done # the newest, if there are several
  dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$2" --exclude='./usr/share/doc' --exclude='*/kernel/drivers/net' \
    --exclude='*/kernel/drivers/gpu' --exclude='*/kernel/sound' --exclude='*/kernel/net'
}

# ---- kernel and initramfs ----

# Takes the ELF kernel out of a bzImage (header fields: Linux x86 boot protocol, 2.08 and newer), so that the guest needs
# not unpack it at each boot, which takes seconds under emulation.
extract_vmlinux() {
  local image=$1 out=$2 setup offset length magic
  setup=$(od -An -tu1 -j $((0x1f1)) -N1 "$image")
  offset=$(od -An -tu4 -j $((0x248)) -N4 "$image")
  length=$(od -An -tu4 -j $((0x24c)) -N4 "$image")
  offset=$((offset + (setup + 1) * 512))
  payload() { tail -c +$((offset + 1)) "$image" | head -c "$length"; }
  magic=$(od -An -tx1 -j "$offset" -N4 "$image" | tr -d ' ')
  # The last four bytes are the unpacked size, which the tools take for garbage: only the ELF file counts.
  case $magic in
    1f8b*) payload | gzip -dc >"$out" 2>/dev/null ;;
    fd377a58) payload | xz -dc --single-stream >"$out" 2>/dev/null ;;
    28b52ffd) payload | zstd -qdc >"$out" 2>/dev/null ;;
    02214c18) payload | lz4 -qdc >"$out" 2>/dev/null ;;
    *) return 1 ;;
  esac || true
  [ "$(head -c 4 "$out" | od -An -tx1 | tr -d ' ')" = 7f454c46 ] || return 1
  readelf -nW "$out" 2>/dev/null | grep '0x00000012' >/dev/null # the PVH entry point that QEMU needs to start an ELF kernel
}

build_kernel() {
  local image
  image=$(find "$work/kernel" -name "vmlinuz-$release" -type f -print -quit)
  [ -n "$image" ] || die "no vmlinuz in $kernel"
  if extract_vmlinux "$image" "$work/vmlinux"; then
    strip "$work/vmlinux" -o "$new/vmlinuz" && return
  fi
  say "guest: kernel cannot be started unpacked, using it as it is"
  cp "$image" "$new/vmlinuz"
}

# Copies a module, unpacked and stripped, and notes it in the order of loading.
add_module() {
  local path=$1 name
  name=$(basename "$path")
  name=${name%.ko*}.ko
  [ ! -e "$work/initrd/modules/$name" ] || return 0
  case $path in
    *.xz) xz -dc "$path" ;;
    *.zst) zstd -qdc "$path" ;;
    *.gz) gzip -dc "$path" ;;
    *) cat "$path" ;;
  esac >"$work/initrd/modules/$name"
  strip --strip-debug "$work/initrd/modules/$name"
  echo "$name" >>"$work/initrd/modules.list"
}

build_initrd() {
  local module kind path rest
  mkdir -p "$work/initrd/modules"
  : >"$work/initrd/modules.list"
  # Distributions with a merged /usr ship the modules below /usr/lib.
  [ -d "$work/kernel/lib/modules" ] || ln -s usr/lib "$work/kernel/lib"
  depmod -b "$work/kernel" "$release" 2>/dev/null
  for module in "${MODULES[@]}"; do
    while read -r kind path rest; do
      [ "$kind" != insmod ] || add_module "$path"
    done < <(modprobe -d "$work/kernel" -S "$release" --show-depends "$module" 2>/dev/null || true)
  done
  cp "$work/init" "$work/initrd/init"
  (cd "$work/initrd" && find . | LC_ALL=C sort | cpio -o -H newc --quiet) >"$new/initrd.img"
}

# qboot starts the kernel a second sooner than SeaBIOS under emulation; without it guests use SeaBIOS.
copy_firmware() {
  local rom
  for rom in /usr/share/qemu/qboot.rom /usr/share/seabios/qboot.rom; do
    [ ! -f "$rom" ] || cp "$rom" "$new/qboot.rom"
  done
}

# ---- programs and disks ----

compile() {
  local program
  for program in init seqd seqcheck; do
    gcc -O2 -s -static -Wall -o "$work/$program" "$SOURCES/$program.c"
  done
  cp "$work/seqcheck" "$new/seqcheck"
}

copy_libraries() {
  local library
  if ldd "$1" | grep 'not found' >/dev/null; then die "libraries of $(basename "$1") are missing: run install.sh libvirt"; fi
  for library in $(ldd "$1" | grep -oE '/[^ ]+'); do
    mkdir -p "$root$(dirname "$library")"
    cp -L "$library" "$root$library"
  done
}

build_root() {
  local applet
  root=$work/root
  mkdir -p "$root"/{bin,sbin,usr/sbin,etc,proc,sys,dev,run,tmp,var,data}
  cp "$(command -v busybox)" "$root/bin/busybox"
  for applet in $(busybox --list | grep -vxE 'busybox|init|poweroff|reboot|halt|shutdown'); do
    ln -s /bin/busybox "$root/bin/$applet"
  done
  cp "$work/init" "$root/sbin/init"
  for applet in poweroff reboot shutdown; do ln -s init "$root/sbin/$applet"; done
  cp "$work/seqd" "$root/bin/seqd"
  cp "$(find "$work/agent/usr" -name qemu-ga -type f -perm -1 -print -quit)" "$root/usr/sbin/qemu-ga"
  copy_libraries "$root/usr/sbin/qemu-ga"
  echo 'root:x:0:0::/:/bin/sh' >"$root/etc/passwd"
  "$work/seqcheck" --blank "$root/var/seq.bin"
  truncate -s 256M "$new/root.raw"
  mke2fs -q -F -t ext4 -b 4096 -L root -m 0 -J size=4 -E lazy_itable_init=0,root_owner=0:0 -d "$root" "$new/root.raw"
  qemu-img convert -f raw -O qcow2 "$new/root.raw" "$new/root.qcow2"
}

build_data() {
  mkdir -p "$new/data-files"
  "$work/seqcheck" --blank "$new/data-files/seq.bin"
  truncate -s 1G "$work/data.raw"
  mke2fs -q -F -t ext4 -b 4096 -L data -m 0 -J size=4 -N 4096 -E lazy_itable_init=0,root_owner=0:0 -d "$new/data-files" "$work/data.raw"
  qemu-img convert -f raw -O qcow2 "$work/data.raw" "$new/data.qcow2"
}

build() {
  work=$(mktemp -d "$STILLFRAME_LAB/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  new=$work/new
  mkdir -p "$work"/{kernel,agent,new}
  fetch_packages
  say "guest: building with kernel $release"
  unpack "$kernel" "$work/kernel"
  ! compgen -G "$DOWNLOADS/linux-modules-${release}_*.deb" >/dev/null || unpack "linux-modules-$release" "$work/kernel"
  unpack qemu-guest-agent "$work/agent"
  compile
  build_kernel
  copy_firmware
  build_initrd
  build_root
  build_data
  fingerprint >"$new/fingerprint"
  chmod -R a+rX "$new"
  publish
  say "guest: built in $LAB_GUEST"
}

# Running guests keep the files that they have open; new ones see either the old guest or the new one.
publish() {
  rm -f "$LAB_GUEST/fingerprint"
  rm -rf "$LAB_GUEST/data-files"
  mv "$new/data-files" "$LAB_GUEST/data-files"
  mv -f "$new"/{vmlinuz,initrd.img,root.raw,root.qcow2,data.qcow2,seqcheck} "$LAB_GUEST/"
  [ ! -f "$new/qboot.rom" ] || mv -f "$new/qboot.rom" "$LAB_GUEST/"
  mv "$new/fingerprint" "$LAB_GUEST/fingerprint"
}

become_root "$@"
make_lab
[ "${1:-}" = --force ] || ! is_current || exit 0
lock guest
[ "${1:-}" = --force ] || ! is_current || exit 0
build
