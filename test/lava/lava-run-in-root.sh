#!/bin/bash
# SPDX-License-Identifier: MIT
# The lava-run of the lab's root, for a machine that has none: the mount namespace that busyguest
# gives lava-run is changed here, so all of it ends with lava-run.
# Usage: lava-run-in-root.sh ROOT FOLDERS ARGUMENT...
# FOLDERS: what is to be seen in it as here, separated by colons.
set -eu
. "$(dirname "$0")/mount-root.sh"
mount_root "$1"
IFS=:
for folder in $2; do
    mkdir -p "$root$folder"
    mount --bind "$folder" "$root$folder"
done
shift 2
# By its path: the program that calls this is seen in there too.
exec chroot "$root" /usr/bin/lava-run "$@"
