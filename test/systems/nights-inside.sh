#!/bin/bash
# SPDX-License-Identifier: MIT
# Under systemd: nights by a timer of the user, which comes to its time, and by one of the system, which makes up for a night.
. /shared/steps.sh
user() { runuser -u user -- env -C /home/user HOME=/home/user XDG_RUNTIME_DIR=/run/user/1000 "$@"; }
# Between a name and the time that it has been given there are up to ten minutes, by chance.
at_once() {
    mkdir -p "$1/busyguest-nightly.timer.d"
    printf '[Timer]\nRandomizedDelaySec=0\n' >"$1/busyguest-nightly.timer.d/at-once.conf"
}
# Waits for the end of the service that the timer starts: ended COMMAND..., where COMMAND is systemctl and what it needs.
ended() {
    until [ -n "$("$@" show -P ExecMainExitTimestamp busyguest-nightly.service)" ]; do
        sleep 1
        [ -z "$("$@" show -P ExecMainStartTimestamp busyguest-nightly.service)" ] || continue
        next=$("$@" show -P NextElapseUSecRealtime busyguest-nightly.timer)
        [ "$(date -d "${next:-now}" +%s)" -lt "$(date -d '5 minutes' +%s)" ] || fail "the timer waits until $next"
    done
    "$@" show -P ExecMainStatus busyguest-nightly.service >/tmp/ended
    printf 'the night ended with %s\n' "$(</tmp/ended)"
}
# Prints the lines of the log that are so, or all of it: logs PATTERN COMMAND..., where COMMAND is journalctl and what it needs.
logs() {
    "${@:2}" --quiet --output cat --unit busyguest-nightly.service >$log
    grep -E "$1" $log || { cat $log; fail "the log does not say: $1"; }
}
fail() { echo "FAILED: $*"; exit 1; }
night=(--tree debian:linux-image-powerpc64le@sid --matrix one.yaml --results nights)

at_once /home/user/.config/systemd/user && chown -R user: /home/user
# The next minute but one: this one may be over before the timer is there.
step user busyguest nightly install "${night[@]}" --at "$(date -d '+2 minutes' +%H:%M)" --notify-command 'cat >mail'
user systemctl --user is-active --quiet busyguest-nightly.timer || fail 'the timer is not active'
step ended user systemctl --user
logs '^busyguest: .*: first night: ' user journalctl --user
grep -qE '^[01]$' /tmp/ended || fail 'no verdict'
head -n 1 /home/user/mail
test -f /home/user/nights/latest/report.html
step user busyguest nightly remove
test -z "$(user systemctl --user list-timers --all --no-legend 'busyguest*')" || fail 'the timer is still there'

at_once /etc/systemd/system
# The computer was off in the last night.
mkdir -p /var/lib/systemd/timers
touch -d '2 days ago' /var/lib/systemd/timers/stamp-busyguest-nightly.timer
step env -C /home/user busyguest nightly install --system --run-as user "${night[@]}"
step ended systemctl
logs '^busyguest: nothing is new; no mail$' journalctl
[ "$(</tmp/ended)" = 0 ] || fail 'an old failure is no new one'
test "$(stat -c %U /home/user/nights/latest/results.json)" = user
step busyguest nightly remove --system
systemctl --quiet is-failed 'busyguest*' && fail 'a unit failed'
exit 0
