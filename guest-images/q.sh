# usage: q.sh QEMU kernel seconds extra
exec $1 -M pseries,cap-nested-hv=on,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken,cap-ccf-assist=off -cpu POWER9 -m 1024 -accel tcg -icount shift=4,sleep=off -seed 1 -rtc clock=vm,base=2026-01-01 -nodefaults -display none -monitor none -serial stdio -no-reboot -kernel $2 -initrd ird.cpio -append "console=hvc0 panic=-1 ${4} -- --seconds $3"
