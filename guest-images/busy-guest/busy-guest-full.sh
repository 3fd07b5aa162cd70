#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# Every case; kselftest runs its tests without arguments.
exec "$(dirname "$0")/busy-guest" --tag full "$@"
