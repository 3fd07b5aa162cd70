#!/bin/bash
# SPDX-License-Identifier: MIT
# In a clean Debian: what lintian says of the package.
. /shared/steps.sh
step update
step install lintian
step lintian --fail-on error --tag-display-limit 0 --allow-root "/shared/$1"
cat $log
