#!/bin/bash
# SPDX-License-Identifier: MIT
# Becomes PID 1 of a clean Debian: installs the package, then is systemd, which runs nights-inside.sh and ends with its exit
# code. What that prints goes to /shared/said.
# Usage: nights.sh PACKAGE.deb
. /shared/steps.sh
step update
step install systemd systemd-sysv dbus dbus-user-session libpam-systemd passwd
step install "/shared/$1"
useradd -m user
cp /shared/one.yaml /home/user
# As `loginctl enable-linger user` does.
mkdir -p /var/lib/systemd/linger && : >/var/lib/systemd/linger/user
cat >/etc/systemd/system/inside.service <<'END'
[Unit]
Requires=user@1000.service
After=multi-user.target user@1000.service
[Service]
Type=oneshot
StandardOutput=append:/shared/said
StandardError=append:/shared/said
Environment=LC_ALL=C.UTF-8 HOME=/root
ExecStart=/bin/bash /shared/nights-inside.sh
ExecStopPost=systemctl --no-block exit $EXIT_STATUS
[Install]
WantedBy=graphical.target
END
systemctl --quiet enable inside.service
# Its own part of the host's tree, by the cgroup namespace.
mount -t cgroup2 cgroup2 /sys/fs/cgroup
export container=busyguest
exec /lib/systemd/systemd
