#!/bin/bash
# SPDX-License-Identifier: MIT
# In a clean Debian: installs the package, uses it as a user would, removes it.
# Usage: debian.sh PACKAGE.deb [NODEJS.deb]; the latter where the system's own Node.js is too old
. /shared/steps.sh
package=/shared/$1 nodejs=${2:+/shared/$2}
before=$(installed_size)
step update
install passwd >/dev/null # for useradd
if [ -n "$nodejs" ]; then
    refuses 'busyguest : Depends: nodejs \(>= [0-9.]+\) but ' install "$package"
    step install "$nodejs"
fi
step install "$package"
printf 'installed: %d MB, of which busyguest %d MB\n' $(($(installed_size) - before)) \
    "$(du -sm /usr/share/busyguest | cut -f1)"
useradd -m user
step user busyguest --version
step user busyguest doctor
step user busyguest matrices
step user busyguest init my.yaml
step user busyguest plan my.yaml
first_verdict user
test -f /home/user/results/latest/report.html
for file in man/man1/busyguest.1.gz bash-completion/completions/busyguest \
    zsh/vendor-completions/_busyguest fish/vendor_completions.d/busyguest.fish; do
    test -s "/usr/share/$file" || { echo "FAILED: /usr/share/$file is missing"; exit 1; }
done
# Nothing of all that was written into the package.
step dpkg --verify busyguest
step dpkg --purge busyguest
test ! -e /usr/share/busyguest || { find /usr/share/busyguest; echo 'FAILED: left behind'; exit 1; }
