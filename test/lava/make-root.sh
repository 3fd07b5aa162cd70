#!/bin/bash
# SPDX-License-Identifier: MIT
# Makes a folder with Debian, a LAVA server and dispatcher, their database, users, workers and devices.
# Usage, as init of a PID namespace with a mount namespace: make-root.sh ROOT MIRROR APT.CONF TOKEN SUITE
# SUITE: bookworm has LAVA 2023.01, sid the newest.
set -euo pipefail
root=$1 mirror=$2 options=$3 token=$4 suite=$5
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8

say() { echo "lab: $*"; }
inside() { chroot "$root" "$@"; }
install() { inside apt-get install -qq -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >/dev/null; }
manage() { inside lava-server manage "$@"; }

say "unpacking Debian $suite"
# QEMU of bookworm itself is too old.
backports=() newer=()
if [ "$suite" = bookworm ]; then
    backports=("deb $mirror bookworm-backports main") newer=(-t bookworm-backports)
fi
# It is thrown away: no documentation, no waiting for the disk.
mmdebstrap --quiet --variant=apt --mode=root --aptopt="$options" \
    --skip=cleanup/apt/lists,cleanup/apt/cache \
    --dpkgopt=force-unsafe-io --dpkgopt='path-exclude=/usr/share/doc/*' \
    --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
    --include=ca-certificates,postgresql,adduser "$suite" "$root" \
    "deb $mirror $suite main" "${backports[@]}"
cp /etc/resolv.conf /etc/hosts "$root/etc/"
cp /etc/apt/auth.conf.d/*.conf "$root/etc/apt/auth.conf.d/" 2>/dev/null || true
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod 755 "$root/usr/sbin/policy-rc.d"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"

# A Unix socket only: no two labs, and no other database, want the same TCP port.
version=$(ls "$root/etc/postgresql")
postgres=$root/etc/postgresql/$version/main
printf '%s\n' "listen_addresses = ''" 'fsync = off' 'full_page_writes = off' >>"$postgres/postgresql.conf"
sed -i 's/^local\(.*\)peer$/local\1trust/' "$postgres/pg_hba.conf"
mkdir -p "$root/etc/lava-server/settings.d"
cat >"$root/etc/lava-server/settings.d/00-database.yaml" <<END
DATABASES:
  default:
    ENGINE: "django.db.backends.postgresql"
    NAME: "lavaserver"
    USER: "lavaserver"
    PASSWORD: ""
    HOST: "/var/run/postgresql"
END
# Without events the scheduler looks every 20 seconds.
cat >"$root/etc/lava-server/settings.d/01-lab.yaml" <<END
EVENT_NOTIFICATION: true
EVENT_SOCKET: "ipc:///tmp/lava.events"
ALLOWED_HOSTS: ["127.0.0.1"]
END
# lava-server's installation makes its tables.
inside pg_ctlcluster "$version" main start
say 'installing QEMU'
install "${newer[@]}" qemu-system-ppc
say 'installing LAVA'
# libguestfs pulls a qemu-system-x86, which otherwise comes from the suite that conflicts.
install lava-server lava-dispatcher lavacli "qemu-system-x86${newer[1]:+/${newer[1]}}"
# For the machine with petitboot: LAVA's deployment by TFTP, and the shell that petitboot has. For the one that runs
# already: LAVA's way there.
install tftpd-hpa busybox openssh-client

say 'setting up LAVA'
# They lead into the documentation, and the server wants to read them.
find "$root/usr/share/lava-server/static" -xtype l -delete
# One Python process instead of eight, which would each load all of LAVA.
cat >"$root/tmp/setup.py" <<'END'
import os
from django.contrib.auth.models import User
from lava_scheduler_app.models import Device, DeviceType, Tag, Worker
from linaro_django_xmlrpc.models import AuthToken
admin = User.objects.create_superuser("admin", "admin@localhost", "admin")
AuthToken.objects.create(user=admin, secret=os.environ["TOKEN"], description="lab")
kind = DeviceType.objects.create(name="qemu")
os.makedirs("/lab", exist_ok=True)
for number in range(6):
    worker, _ = Worker.objects.get_or_create(hostname=f"worker{number % 2}")
    name = f"qemu-{number + 1:02}"
    device = Device.objects.create(hostname=name, device_type=kind, worker_host=worker, health=Device.HEALTH_GOOD)
    if number == 4:
        device.tags.add(Tag.objects.create(name="in-maintenance"))
        device.health = Device.HEALTH_MAINTENANCE
        device.save()
    if number == 5:
        # Nothing else may land on the worker that is killed.
        device.device_type = DeviceType.objects.create(name="qemu-far")
        device.worker_host = Worker.objects.get_or_create(hostname="worker2")[0]
        device.save()
    with open(f"/etc/lava-server/dispatcher-config/devices/{name}.jinja2", "w") as file:
        file.write(f"{{% extends '{device.device_type.name}.jinja2' %}}\n{{% set no_kvm = True %}}\n")
with open("/etc/lava-server/dispatcher-config/device-types/qemu-far.jinja2", "w") as file:
    file.write("{% extends 'qemu.jinja2' %}\n")
Worker.objects.exclude(hostname__startswith="worker").delete()
for worker in Worker.objects.all():
    with open(f"/lab/{worker.hostname}.token", "w") as file:
        file.write(worker.token)
END
inside env TOKEN="$token" lava-server manage shell -c 'exec(open("/tmp/setup.py").read())'
inside chown -R lavaserver:lavaserver /etc/lava-server/dispatcher-config
inside pg_ctlcluster "$version" main stop
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/etc/apt/auth.conf.d/*
umount -R "$root/dev" "$root/sys" "$root/proc"
