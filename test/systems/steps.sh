# SPDX-License-Identifier: MIT
# Sourced by what runs in a clean system. `step COMMAND...` prints the command, how long it took, and the last line that it said.
set -euo pipefail
log=/tmp/step.log
# How the host reaches its archive; and packages are kept, for the next clean system.
mkdir -p /shared/archives/partial
cp /shared/apt.conf /etc/apt/apt.conf.d/00host
echo 'Dir::Cache::archives "/shared/archives";' >>/etc/apt/apt.conf.d/00host
install() { apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@"; }
update() { apt-get update; }
# As the user of the system, in the user's folder.
user() { runuser -u user -- env -C /home/user HOME=/home/user "$@"; }
installed_size() { du -sm --exclude=/shared --exclude=/proc --exclude=/sys --exclude=/dev / | cut -f1; }

step() {
    local begun=$SECONDS
    if ! "$@" >$log 2>&1; then
        printf '%s\nFAILED: %s\n' "$(tail -n 40 $log)" "$*"
        exit 1
    fi
    printf '%5d s  %-60s  %s\n' $((SECONDS - begun)) "$*" "$(grep -v '^ *$' $log | tail -n 1 | cut -c 1-200)"
}
# What has to fail, and what it has to say.
refuses() {
    local said=$1
    shift
    if "$@" >$log 2>&1; then
        echo "FAILED: this should not have been possible: $*"
        exit 1
    fi
    grep -E "$said" $log || { tail -n 40 $log; echo "FAILED: it does not say: $said"; exit 1; }
}
# What ends with a verdict on the kernel, whichever: which kernels the archive has changes.
judged() {
    local code=0
    "$@" || code=$?
    [ $code -le 1 ]
}
first_verdict() {
    step judged "$@" busyguest qualify debian:linux-image-powerpc64le@sid --device qemu-pseries-p9 --quiet
    grep -qE '(keeps|breaks) the limit on pseries-p9' $log || { tail $log; echo 'FAILED: no verdict'; exit 1; }
}
