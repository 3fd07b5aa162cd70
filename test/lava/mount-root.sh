# SPDX-License-Identifier: MIT
# Sourced in a mount namespace of its own: mount_root LOWER mounts what a lab's root needs at
# $root, over it and without changing it.
root=/mnt/root
mount_root() {
    mount -t tmpfs tmpfs /mnt && mkdir /mnt/upper /mnt/work "$root" &&
        mount -t overlay -o "lowerdir=$1,upperdir=/mnt/upper,workdir=/mnt/work" overlay "$root" &&
        mount -t proc proc "$root/proc" && mount --rbind /sys "$root/sys" &&
        mount --rbind /dev "$root/dev" && cp /etc/resolv.conf /etc/hosts "$root/etc/"
}
