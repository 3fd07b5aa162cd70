#!/bin/bash
# SPDX-License-Identifier: MIT
# In a clean Debian: asks apt whether the package can be installed on hosts of other architectures.
. /shared/steps.sh
package=/shared/$1
# apt as on an empty system of another architecture.
apt_of() {
    local there=/tmp/$1
    mkdir -p "$there/lists/partial" "$there/cache/archives/partial"
    : >"$there/status"
    apt-get -o "APT::Architecture=$1" -o "APT::Architectures=$1" -o "Dir::State::lists=$there/lists" \
        -o "Dir::Cache=$there/cache" -o "Dir::State::status=$there/status" "${@:2}"
}
for arch in arm64 ppc64el; do
    step apt_of $arch update
    step apt_of $arch --simulate install "$package"
    for name in busyguest nodejs qemu-system-ppc gcc-powerpc64le-linux-gnu; do
        grep -q "^Inst $name " $log || { echo "FAILED: no $name"; exit 1; }
    done
    echo "$arch: $(grep -c '^Inst ' $log) packages"
done
