#!/bin/bash
# SPDX-License-Identifier: MIT
# Init of a lab's PID namespace: all that it starts and mounts is gone when it ends, and it ends when
# its standard input does. Usage, in a mount namespace of its own: lab-init.sh ROOT
# Commands on standard input: start NAME COMMAND..., stop NAME, run COMMAND...; each is answered by a line.
set -u
. "$(dirname "$0")/mount-root.sh"
mount_root "$1" || { echo 'cannot mount'; exit 1; }
chroot "$root" pg_ctlcluster "$(ls "$root/etc/postgresql")" main start || { echo 'no database'; exit 1; }
echo 'ready'

declare -A started
while read -r verb name command; do
    case $verb in
    start)
        # A namespace of its own, as a worker's jobs leave its process group.
        setsid unshare --pid --fork --kill-child=KILL --mount-proc="$root/proc" \
            chroot "$root" bash -c "exec $command" >>"$root/lab/$name.log" 2>&1 </dev/null &
        started[$name]=$!
        ;;
    stop)
        kill -KILL "${started[$name]}" && wait "${started[$name]}" 2>/dev/null
        ;;
    esac
    echo "$verb $name"
done
