#!/bin/bash
# rbd-up.sh [POOL]: makes the lab's Ceph cluster ready for guests whose disks are volumes: a pool, a user that may use volumes in all
# pools, and libvirt's secret with that user's key. May be called any number of times. What is needed to use it is in
# $STILLFRAME_LAB/run/rbd.env, to be sourced.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/ceph.sh"

POOL=${1:-rbd}
RBD_USER=stillframe
SECRET_USAGE=stillframe-lab-rbd

make_pool() {
  if ceph osd pool ls | grep -qx "$POOL"; then return; fi
  ceph osd pool create "$POOL" 8 >/dev/null 2>&1
  ceph osd pool application enable "$POOL" rbd >/dev/null 2>&1
  rbd pool init "$POOL"
}

make_user() {
  ceph auth get-or-create "client.$RBD_USER" mon 'profile rbd' osd 'profile rbd' mgr 'profile rbd' \
    -o "$CEPH_HOME/keyring.$RBD_USER"
  chmod 600 "$CEPH_HOME/keyring.$RBD_USER"
}

secret_uuid() { virsh -q secret-list 2>/dev/null | awk -v usage="$SECRET_USAGE" '$3 == usage { print $1 }'; }

# The key does not appear in the list of processes.
make_secret() {
  if [ -z "$(secret_uuid)" ]; then
    virsh -q secret-define /dev/stdin >/dev/null <<XML
<secret ephemeral='no' private='no'>
  <usage type='ceph'><name>$SECRET_USAGE</name></usage>
</secret>
XML
  fi
  ceph auth print-key "client.$RBD_USER" >"$LAB_RUN/rbd.key.new"
  chmod 600 "$LAB_RUN/rbd.key.new"
  virsh -q secret-set-value "$(secret_uuid)" --file "$LAB_RUN/rbd.key.new" >/dev/null
  rm "$LAB_RUN/rbd.key.new"
}

write_env() {
  cat >"$LAB_RUN/rbd.env.new" <<ENV
export CEPH_CONF='$CEPH_CONF'
export STILLFRAME_RBD_MONITOR='127.0.0.1:$((CEPH_MON_PORT + 1))'
export STILLFRAME_RBD_USER='$RBD_USER'
export STILLFRAME_RBD_SECRET='$(secret_uuid)'
ENV
  mv "$LAB_RUN/rbd.env.new" "$LAB_RUN/rbd.env"
}

main() {
  [[ $POOL =~ ^[A-Za-z0-9][A-Za-z0-9._-]{0,49}$ ]] || die "not a pool's name: $POOL"
  find /usr/lib -name block-rbd.so -path '*qemu*' 2>/dev/null | grep -q . ||
    die "QEMU cannot use volumes: run install.sh rbd"
  libvirt_answers || die "libvirt does not answer: run up.sh"
  "$LAB_SCRIPTS/stores/ceph-up.sh" >&2
  lock rbd
  make_pool
  make_user
  make_secret
  write_env
  say "rbd-up: pool $POOL, user client.$RBD_USER, settings in $LAB_RUN/rbd.env"
}

become_root "$@"
main
