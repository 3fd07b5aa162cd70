// SPDX-License-Identifier: MIT
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packInitramfs } from '../../src/images/cpio.js';
import { AptSuite } from '../../src/system/apt.js';
import { use } from '../../src/system/cache.js';
import { cacheDir, digest, makeFolderWhole, writeWhole } from '../../src/system/files.js';
import { run } from '../../src/system/processes.js';
import { compareVersions } from '../../src/devices/qemu/binary.js';
import { unpackKernel, unpackPackages } from './debian-packages.js';
import { kernelParts, type KernelParts } from './kernel-parts.js';

const signal = new AbortController().signal;

/** What busyguest needs of a system: Node.js, QEMU, a cage, and programs that read packages; and a compiler for its C. */
const packages = [
  ...['nodejs', 'qemu-system-ppc', 'bubblewrap', 'busybox-static', 'bash', 'dash', 'coreutils'],
  ...['util-linux', 'mount', 'dpkg', 'xz-utils', 'zstd', 'findutils', 'grep', 'sed', 'tar', 'gzip'],
  ...['gcc', 'make', 'libc6-dev'],
];
/** Disk, file systems, and KVM. ext4 asks for crc32c without saying so; since 6.14 it is in the kernel itself. */
const modules = ['virtio_blk', 'crc32c_generic', 'ext4', '9pnet_virtio', '9p', 'kvm_hv'];

/** Linux deferred the throttling of tasks in 6.18; 7.3 has a fix for KVM on POWER. */
const firstBroken = [6, 18];
const firstMended = [7, 3];

/** A kernel of Debian's, ready to boot the disk. */
export interface HostKernel {
  readonly release: string;
  readonly image: string;
  readonly initramfs: string;
  /** Path of a package of it, with no other modules than KVM's: those that it has would take minutes to unpack there. */
  readonly package: string;
}

/** Debian for an emulated POWER host: a disk, and kernels that differ in whether they keep the limit. */
export interface HostSystem {
  /** Path of an ext4 file system. */
  readonly disk: string;
  readonly broken: HostKernel;
  readonly right: HostKernel;
  /** Broken, too, with pages of 64 KiB; those of the others have 4. */
  readonly pages64: HostKernel;
}

/** Debian's packages of them. */
const kernelPackages = {
  broken: { isBroken: true, name: 'linux-image-powerpc64le' },
  right: { isBroken: false, name: 'linux-image-powerpc64le' },
  pages64: { isBroken: true, name: 'linux-image-powerpc64le-64k' },
} as const;

/** Mounts the disk, loads KVM, and starts what the shared folder asks for. */
const init = `#!/bin/busybox sh
/bin/busybox --install -s /bin
mkdir -p /proc /sys /dev /root
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
echo 4 > /proc/sys/kernel/printk
for module in $(cat /modules/order); do insmod "/modules/$module" || echo "no module $module"; done
mount -t ext4 /dev/vda /root || exec reboot -f
mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144 host /root/mnt || exec reboot -f
mount --move /proc /root/proc; mount --move /sys /root/sys; mount --move /dev /root/dev
exec switch_root /root /bin/bash /mnt/job.sh
`;

/** Made once, in the cache: later runs need no network. */
export async function hostSystem(): Promise<HostSystem> {
  const key = digest(init, ...packages, ...modules, JSON.stringify(kernelPackages)).slice(0, 12);
  const dir = cacheDir('test', `power-host-${key}`);
  if (!(await use(dir))) await makeFolderWhole(dir, makeSystem);
  const kernel = async (name: string): Promise<HostKernel> => ({
    release: await readFile(join(dir, name, 'release'), 'utf8'),
    image: join(dir, name, 'image'),
    initramfs: join(dir, name, 'initramfs.cpio'),
    package: join(dir, name, 'package.deb'),
  });
  return {
    disk: join(dir, 'disk.ext4'),
    broken: await kernel('broken'),
    right: await kernel('right'),
    pages64: await kernel('pages64'),
  };
}

async function makeSystem(dir: string): Promise<void> {
  const root = join(dir, 'root');
  await unpackPackages(packages, root);
  for (const name of ['doc', 'man', 'info', 'locale', 'zoneinfo'])
    await rm(join(root, 'usr/share', name), { recursive: true, force: true });
  for (const name of ['mnt', 'opt/busyguest', 'var/cache'])
    await mkdir(join(root, name), { recursive: true });
  await writeWhole(join(root, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/bash\n');
  await writeWhole(join(root, 'etc/group'), 'root:x:0:\nkvm:x:104:\n');
  const disk = join(dir, 'disk.ext4');
  await run(['mke2fs', '-q', '-t', 'ext4', '-d', root, disk, '1G'], { stage: 'test' });
  for (const [folder, { isBroken, name }] of Object.entries(kernelPackages))
    await makeKernel(await kernelOf(name, isBroken), root, join(dir, folder));
  await rm(root, { recursive: true });
}

/** The package and a suite of Debian where it is broken now, or is not. */
async function kernelOf(name: string, isBroken: boolean): Promise<string> {
  for (const suite of ['sid', 'testing', 'stable']) {
    const found = (await new AptSuite(suite, 'ppc64el', signal).show(name))?.version;
    const version = /^\d+(?:\.\d+)*/
      .exec(found ?? '')?.[0]
      .split('.')
      .map(Number);
    if (version === undefined) continue;
    const defers = compareVersions(version, firstBroken) >= 0;
    if (isBroken === (defers && compareVersions(version, firstMended) < 0))
      return `debian:${name}@${suite}`;
  }
  throw new Error(`no suite of Debian has a ${isBroken ? 'broken' : 'right'} ${name} now`);
}

async function makeKernel(name: string, root: string, dir: string): Promise<void> {
  const unpacked = join(dir, 'unpacked');
  await mkdir(unpacked, { recursive: true });
  await unpackKernel(name, unpacked);
  const parts = await kernelParts(unpacked, modules, dir);
  await run(['cp', parts.image, join(dir, 'image')], { stage: 'test' });
  const order = parts.modules.map(({ path }) => `${path.slice('modules/'.length)}\n`).join('');
  const image = packInitramfs([
    { path: 'init', data: Buffer.from(init), mode: 0o755 },
    { path: 'bin/busybox', data: await readFile(join(root, 'usr/bin/busybox')), mode: 0o755 },
    { path: 'modules/order', data: Buffer.from(order), mode: 0o644 },
    ...parts.modules,
  ]);
  await writeWhole(join(dir, 'initramfs.cpio'), image);
  await writeWhole(join(dir, 'release'), parts.release);
  await makePackage(parts, dir);
  await rm(unpacked, { recursive: true });
}

/** As Debian's linux-image packages are, gzip'd. */
async function makePackage({ image, release, modules }: KernelParts, dir: string): Promise<void> {
  const root = join(dir, 'package');
  const kvm = modules.filter(({ path }) => /\/kvm\w*\.ko$/.test(path));
  await mkdir(join(root, 'boot'), { recursive: true });
  await run(['cp', image, join(root, 'boot', `vmlinux-${release}`)], { stage: 'test' });
  const folder = join(root, 'usr/lib/modules', release, 'kernel/arch/powerpc/kvm');
  for (const { path, data } of kvm)
    await writeWhole(join(folder, path.slice('modules/'.length)), data);
  await writeWhole(
    join(root, 'DEBIAN/control'),
    `Package: linux-image-${release}\nVersion: 1\nArchitecture: ppc64el\nMaintainer: busyguest\nDescription: a kernel\n`,
  );
  await run(['dpkg-deb', '-Zgzip', '--root-owner-group', '-b', root, join(dir, 'package.deb')], {
    stage: 'test',
  });
  await rm(root, { recursive: true });
}
