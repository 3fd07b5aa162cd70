#!/bin/bash
# SPDX-License-Identifier: MIT
# In a clean Debian: asks apt whether the package can be installed on hosts of other architectures.
. /shared/steps.sh
for arch in arm64 ppc64el; do
    there=/tmp/$arch
    mkdir -p $there/lists/partial $there/cache/archives/partial
    : >$there/status
    asks=(-o "APT::Architecture=$arch" -o "APT::Architectures=$arch" -o "Dir::State::lists=$there/lists"
        -o "Dir::Cache=$there/cache" -o "Dir::State::status=$there/status")
    step apt-get "${asks[@]}" update
    step apt-get "${asks[@]}" --simulate install "/shared/$1"
    grep -c '^Inst ' $log
    grep -E '^Inst (busyguest|nodejs|qemu-system-ppc|gcc-powerpc64le-linux-gnu) ' $log | cut -d ' ' -f 1-3
done
