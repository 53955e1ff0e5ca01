#!/bin/bash
# install.sh [build|libvirt|ceph|rbd|swift|postgres|all]: installs the Debian or Ubuntu packages that are missing. Does nothing, at once, when
# all are there.
#   build    JDK 17 or newer and Maven
#   libvirt  QEMU, libvirt and what the guest is built from
#   rbd      what QEMU and this project need for volumes of Ceph
#   ceph     monitor, manager, OSD and radosgw of Ceph, and its commands
#   swift    the servers of OpenStack Swift, memcached, and Keystone with a web server for it
#   postgres PostgreSQL, for the tests of the catalog
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/env.sh"

build_packages=(openjdk-17-jdk-headless maven)
libvirt_packages=(qemu-system-x86 qemu-utils libvirt-daemon-system libvirt-clients busybox-static cpio kmod gcc libc6-dev
  binutils e2fsprogs xz-utils zstd lz4 pigz util-linux procps)
ceph_packages=(ceph-mon ceph-mgr ceph-osd radosgw ceph-common curl util-linux)
rbd_packages=(qemu-block-extra librbd1 librados2 ceph-common)
swift_packages=(swift-proxy swift-account swift-container swift-object memcached python3-keystonemiddleware python3-keystone
  python3-cheroot curl util-linux)
postgres_packages=(postgresql)

installed() { dpkg-query -W -f '${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^[ih]i'; }

# A JDK or Maven from elsewhere is as good as the package.
present() {
  installed "$1" && return
  case $1 in
    openjdk-17-jdk-headless) java_is_new_enough ;;
    maven) command -v mvn >/dev/null ;;
    postgresql) postgres_bin >/dev/null ;;
    *) return 1 ;;
  esac
}

java_is_new_enough() {
  local version
  version=$(javac -version 2>/dev/null | sed -n 's/^javac \([0-9]*\).*/\1/p') || return 1
  [ "${version:-0}" -ge 17 ]
}

# No daemon is started by the installation: up.sh does that where no service manager does.
install_missing() {
  local what=$1 package missing=()
  shift
  for package in "$@"; do present "$package" || missing+=("$package"); done
  if [ ${#missing[@]} -eq 0 ]; then
    say "install: $what: all packages present"
    return
  fi
  say "install: $what: installing ${missing[*]}"
  [ -n "${updated:-}" ] || { apt_get -qq update && updated=1; }
  # Newer distributions have dropped JDK 17 for a newer one.
  if ! apt-cache show openjdk-17-jdk-headless >/dev/null 2>&1; then
    missing=("${missing[@]/#openjdk-17-jdk-headless/default-jdk-headless}")
  fi
  # The lab makes its own clusters; the distribution's would be started.
  if [ "$what" = postgres ] && [ ! -e /etc/postgresql-common/createcluster.conf ]; then
    mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/stillframe-lab.conf
  fi
  apt_get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
  say "install: $what: done"
}

main() {
  command -v apt-get >/dev/null || die "needs Debian or Ubuntu (apt-get)"
  case ${1:-all} in
    build) install_missing build "${build_packages[@]}" ;;
    libvirt) install_missing libvirt "${libvirt_packages[@]}" ;;
    ceph) install_missing ceph "${ceph_packages[@]}" ;;
    rbd) install_missing rbd "${rbd_packages[@]}" ;;
    swift) install_missing swift "${swift_packages[@]}" ;;
    postgres) install_missing postgres "${postgres_packages[@]}" ;;
    all)
      install_missing build "${build_packages[@]}"
      install_missing libvirt "${libvirt_packages[@]}"
      install_missing ceph "${ceph_packages[@]}"
      install_missing rbd "${rbd_packages[@]}"
      install_missing swift "${swift_packages[@]}"
      install_missing postgres "${postgres_packages[@]}"
      ;;
    *) die "usage: install.sh [build|libvirt|ceph|rbd|swift|postgres|all]" ;;
  esac
}

become_root "$@"
main "$@"
