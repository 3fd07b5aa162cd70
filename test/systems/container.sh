#!/bin/bash
# SPDX-License-Identifier: MIT
# In a clean Debian: does what Containerfile says, then what a user of the image would, with the image's user and environment.
# Usage: container.sh STEPS; STEPS is a shell script that the test made of Containerfile: it sets `user`, `folder` and `settings`
. /shared/steps.sh
update >/dev/null && install passwd >/dev/null # as in the image that it begins with
before=$(installed_size)
. "/shared/$1"
printf 'image: %d MB over the base of %d MB\n' $(($(installed_size) - before)) "$before"
inside() { setpriv --reuid "$user" --regid "$user" --init-groups env -C "$folder" "HOME=/home/$user" "${settings[@]}" "$@"; }
test "$(inside id -u)" != 0
step inside busyguest doctor
step inside busyguest plan pre-pull
first_verdict inside
test -f "$folder/results/latest/report.html"
test -d /cache/packages
