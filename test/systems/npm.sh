#!/bin/bash
# SPDX-License-Identifier: MIT
# In a clean Debian with Node.js and npm: from `npm install -g` to a first verdict, with the commands of docs/installing.md.
# Usage: npm.sh PACKAGE.tgz; /shared/npm is an npm such as Node.js' own packages bring
. /shared/steps.sh
step update
step install nodejs ca-certificates passwd
ln -s /shared/npm/bin/npm-cli.js /usr/local/bin/npm
# Whom the host trusts as its registry.
[ ! -s /shared/ca.pem ] || export npm_config_cafile=/shared/ca.pem
before=$(installed_size) begun=$SECONDS
step npm install -g "/shared/$1"
printf 'npm package: %d MB\n' $(($(installed_size) - before))
step busyguest doctor --install
useradd -m user
first_verdict user
printf 'first verdict: 3 commands, %d s, %d MB\n' $((SECONDS - begun)) $(($(installed_size) - before))
step user busyguest init my.yaml
step user busyguest plan my.yaml
user busyguest run pre-pul >$log 2>&1 && exit 1
grep -q 'did you mean "pre-pull"' $log
