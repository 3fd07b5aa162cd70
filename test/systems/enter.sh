#!/bin/bash
# SPDX-License-Identifier: MIT
# Runs a command as root of a system whose files are those of LOWER, and which forgets what is written to it. SHARED is /shared
# there, and ARCHIVES keeps apt's packages. Not by chroot: nobody could make a sandbox in one.
# Usage, as init of a PID namespace with a mount namespace: enter.sh LOWER SHARED ARCHIVES COMMAND...
# With CGROUP, a new folder in the tree of cgroup2, COMMAND is PID 1 and that folder the whole of its tree: it may become systemd.
set -euo pipefail
here=$(dirname "$0") lower=$1 shared=$2 archives=$3
shift 3
# shellcheck source=test/lava/mount-root.sh
. "$here/../lava/mount-root.sh"
mount -t proc proc /proc
mount_root "$lower"
mkdir -p "$root/shared"
own=()
if [ -n "${CGROUP:-}" ]; then
    mkdir "$CGROUP"
    echo 0 >"$CGROUP/cgroup.procs"
    # Nothing that a boot changes is the host's: no settings, clock, modules or devices.
    own=(--as-pid-1 --unshare-cgroup --unshare-uts --unshare-ipc --tmpfs /run --dev /dev --ro-bind /sys /sys
        --ro-bind /proc/sys /proc/sys --cap-drop CAP_SYS_MODULE --cap-drop CAP_SYS_TIME)
fi
exec bwrap --die-with-parent --unshare-pid --cap-add ALL \
    --bind "$root" / --proc /proc --dev-bind /dev /dev --bind "$shared" /shared \
    --bind "$archives" /shared/archives --chdir / "${own[@]}" \
    --clearenv --setenv PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --setenv LC_ALL C.UTF-8 --setenv DEBIAN_FRONTEND noninteractive --setenv HOME /root "$@"
