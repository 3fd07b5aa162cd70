#!/bin/bash
# SPDX-License-Identifier: MIT
# An OpenPOWER machine for LAVA's connection_command: a menu like petitboot's, busybox's shell behind it (which is
# petitboot's too), and a kexec that starts QEMU. Usage: fake-petitboot.sh TFTP-PORT QEMU-ARGUMENT...
set -u
export TFTP_PORT=$1 QEMU_ARGS="${*:2}"
printf ' Petitboot (v1.13)                    8335-GTH 0000000\r\n [Network: enP5p1s0f0]\r\n x=exit, e=edit\r\n'
while read -rsn1 key; do
    [ "$key" = x ] && break
done
printf '\r\nExiting petitboot. Type '\''exit'\'' to return.\r\n'
ENV=$(mktemp) && export ENV
cat >"$ENV" <<'END'
PS1='\w # '
tftp() { busybox tftp "$@" "$TFTP_PORT"; }
kexec() {
    case $1 in
    -l) kernel=$2 initrd=${3#--initrd=} append=${4#--append=} ;;
    # Real machines keep real time; QEMU's clock counts instructions, and the payload may rely on that.
    -e) rm -f "$ENV"; exec qemu-system-ppc64 $QEMU_ARGS -kernel "$kernel" -initrd "$initrd" -append "$append --virtual-time" ;;
    esac
}
END
cd / && exec busybox sh -i
