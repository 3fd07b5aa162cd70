#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Runs the tests of kselftest-list.txt and prints TAP 13 as the kernel's run_kselftest.sh does: exit code 4
# of a test is SKIP, and a test that takes longer than the timeout of its settings is ended.
usage='usage: run_kselftest.sh [-l] [-t COLLECTION:TEST]...
  -l  list the tests
  -t  run this test only; may be repeated
Example: ./run_kselftest.sh -t busy-guest:busy-guest'
cd "$(dirname "$0")" || exit 1
list=$(cat kselftest-list.txt) || exit 1
chosen=
while getopts lt:h option; do
	case $option in
	l) echo "$list"; exit 0 ;;
	t) case "
$list
" in
		*"
$OPTARG
"*) chosen="$chosen $OPTARG" ;;
		*) echo "run_kselftest.sh: no test $OPTARG; -l lists them" >&2; exit 1 ;;
		esac ;;
	h) echo "$usage"; exit 0 ;;
	*) echo "$usage" >&2; exit 1 ;;
	esac
done
set -- ${chosen:-$list}
echo 'TAP version 13'
echo "1..$#"
number=0
failed=0
for entry; do
	number=$((number + 1))
	collection=${entry%%:*}
	test=${entry#*:}
	seconds=$(sed -n 's/^timeout=//p' "$collection/settings" 2>/dev/null)
	echo "# timeout set to ${seconds:=45}"
	echo "# selftests: $collection: $test"
	# The test's exit code has to come past the pipe that indents its output.
	code=$({ { (cd "$collection" && exec timeout --foreground "$seconds" "./$test" 2>&1); echo $? >&3; } |
		sed -u 's/^/# /' >&4; } 3>&1) 4>&1
	name="selftests: $collection: $test"
	case $code in
	0) echo "ok $number $name" ;;
	4) echo "ok $number $name # SKIP" ;;
	124) echo "not ok $number $name # TIMEOUT $seconds seconds" ;;
	*) echo "not ok $number $name # exit=$code" ;;
	esac
	case $code in 0 | 4) ;; *) failed=1 ;; esac
done
exit $failed
