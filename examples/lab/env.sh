# shellcheck shell=bash
# Sourced by every script of the lab: where its state lies, and the functions they share.

# All state (downloads, guest, disks, pids, logs) is under this directory, which libvirt's QEMU user must be able to enter.
STILLFRAME_LAB=${STILLFRAME_LAB:-/var/tmp/stillframe-lab}
LIBVIRT_DEFAULT_URI=${LIBVIRT_DEFAULT_URI:-qemu:///system}
# shellcheck disable=SC2034
LAB_SCRIPTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
LAB_GUEST=$STILLFRAME_LAB/guest
LAB_RUN=$STILLFRAME_LAB/run
PATH=$PATH:/usr/sbin:/sbin
# The scripts read what virsh and the e2fsprogs say.
LC_ALL=C
export STILLFRAME_LAB LIBVIRT_DEFAULT_URI PATH LC_ALL

say() { printf '%s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# Starts the calling script again through sudo when the user is not root: call it as `become_root "$@"`.
become_root() {
  [ "$(id -u)" -eq 0 ] && return
  command -v sudo >/dev/null || die "must run as root (sudo is not installed)"
  exec sudo env STILLFRAME_LAB="$STILLFRAME_LAB" LIBVIRT_DEFAULT_URI="$LIBVIRT_DEFAULT_URI" "$0" "$@"
}

make_lab() {
  mkdir -p "$LAB_RUN" "$STILLFRAME_LAB/vm" "$LAB_GUEST"
  chmod a+rx "$STILLFRAME_LAB" "$STILLFRAME_LAB/vm" "$LAB_GUEST"
}

# lock NAME [--shared]: holds the lock until the script ends or calls unlock; what outlives it must not inherit fd 9.
lock() {
  mkdir -p "$LAB_RUN"
  exec 9>"$LAB_RUN/$1.lock"
  flock -w 600 "${2:---exclusive}" 9 || die "no lock $1 after 600 s"
}

unlock() { exec 9>&-; }

# await SECONDS COMMAND...: polls until the command succeeds; fails at the deadline.
await() {
  local end=$((${EPOCHREALTIME/[.,]/} + $1 * 1000000))
  shift
  until "$@"; do
    [ "${EPOCHREALTIME/[.,]/}" -lt "$end" ] || return 1
    sleep 0.05
  done
}

libvirt_answers() { virsh -q version >/dev/null 2>&1; }

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@"; }

# The directory of PostgreSQL's server programs, the newest release's.
postgres_bin() {
  local newest
  newest=$(find /usr/lib/postgresql/*/bin/postgres -maxdepth 0 2>/dev/null | sort -V | tail -n 1)
  [ -n "$newest" ] || newest=$(command -v postgres) || return 1
  dirname "$(readlink -f "$newest")"
}
