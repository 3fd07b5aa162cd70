#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# What init starts where a kernel tree's own selftests are the test: makes the system that they expect, says which
# tests are to run (/kselftest/selected), and runs them by the tree's run_kselftest.sh. init's arguments are for others.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C
/bin/busybox mkdir -p /usr/bin /usr/sbin /sbin /tmp /root /run /var/tmp /dev/pts /dev/shm /dev/hugepages /dev/mqueue
/bin/busybox --install -s
for name in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do
	[ -e "/dev/${name%%:*}" ] || ln -s "/proc/self/${name#*:}" "/dev/${name%%:*}"
done
# What the kernel lacks the tests say themselves.
exec 3>&2 2>/dev/null
for fs in tmpfs:/tmp tmpfs:/dev/shm devpts:/dev/pts debugfs:/sys/kernel/debug tracefs:/sys/kernel/tracing \
	securityfs:/sys/kernel/security hugetlbfs:/dev/hugepages mqueue:/dev/mqueue; do
	mount -t "${fs%%:*}" "${fs%%:*}" "${fs#*:}"
done
ip link set lo up
exec 2>&3 3>&-
cd /kselftest || exit 1
set --
while read -r test; do
	echo "# kselftest: $test"
	set -- "$@" -t "$test"
done <selected
exec ./run_kselftest.sh "$@"
