// SPDX-License-Identifier: MIT
import { copyFile, readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { packInitramfs, type ImageFile } from '../../src/images/cpio.js';
import { use } from '../../src/system/cache.js';
import { cacheDir, digest, makeFolderWhole, writeWhole } from '../../src/system/files.js';
import { run } from '../../src/system/processes.js';
import { kernelParts } from '../power-host/kernel-parts.js';
import { unpackKernel, unpackPackages } from '../power-host/debian-packages.js';

const libraries = 'usr/lib/powerpc64le-linux-gnu';

/** A small Linux for an emulated POWER machine: kernel, and an initramfs with a shell, kexec and sshd. */
export interface HostImage {
  readonly kernel: string;
  readonly initramfs: string;
}

/** Packages of Debian for ppc64el and what is taken out of them, at the same place. */
type Packages = Readonly<Record<string, readonly string[]>>;

/** What the emulated firmware does once it is up: /init, and the key that may log in. */
export interface HostScript {
  readonly init: string;
  readonly files: readonly ImageFile[];
  /** More than every host has. */
  readonly packages?: Packages;
  /** The kernel's modules beside its network card's; they lie in / with those that they need. */
  readonly modules?: readonly string[];
}

/**
 * The beginning of an /init: busybox's programs, the file systems of the kernel, and a network that sees this computer
 * as 10.0.2.2.
 */
export const systemUp = `#!/busybox sh
/busybox mkdir -p /proc /sys /dev /bin /tmp /var/tmp
/busybox --install -s /bin
export PATH=/bin:/sbin
mount -t proc proc /proc; mount -t sysfs sys /sys; mount -t devtmpfs dev /dev
mkdir -p /dev/pts; mount -t devpts pts /dev/pts
mount -t cgroup2 cgroup /sys/fs/cgroup
insmod /e1000e.ko
ip link set lo up; ip link set eth0 up; ip addr add 10.0.2.15/24 dev eth0
`;

const networkCard = 'e1000e';

const usual: Packages = {
  'busybox-static': ['usr/bin/busybox'],
  'kexec-tools': ['usr/sbin/kexec'],
  'dropbear-bin': ['usr/sbin/dropbear'],
  libc6: ['ld64.so.2', 'libc.so.6'].map((file) => `${libraries}/${file}`),
  zlib1g: [`${libraries}/libz.so.1`],
  libcrypt1: [`${libraries}/libcrypt.so.1`],
  libtomcrypt1: [`${libraries}/libtomcrypt.so.1`],
  libtommath1: [`${libraries}/libtommath.so.1`],
  libgmp10: [`${libraries}/libgmp.so.10`],
};

/** Makes the image, in the cache: Debian's own programs and kernel, through apt's own client. */
export async function hostImage(script: HostScript): Promise<HostImage> {
  const packages = { ...usual, ...script.packages };
  const modules = [networkCard, ...(script.modules ?? [])];
  const key = digest(JSON.stringify([packages, modules])).slice(0, 12);
  const parts = cacheDir('test', `bare-metal-host-${key}`);
  if (!(await use(parts)))
    await makeFolderWhole(parts, (dir) => unpackParts(dir, packages, modules));
  const files = (await readdir(join(parts, 'root'), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const contents = await Promise.all(
    files.map(async (file): Promise<ImageFile> => {
      const path = file.slice(join(parts, 'root').length + 1);
      return { path, data: await readFile(file), mode: 0o755 };
    }),
  );
  const image = packInitramfs([
    ...contents,
    ...script.files,
    { path: 'init', data: Buffer.from(script.init), mode: 0o755 },
  ]);
  const initramfs = cacheDir('test', `bare-metal-${digest(image).slice(0, 12)}.cpio`);
  if (!(await use(initramfs))) await writeWhole(initramfs, image);
  return { kernel: join(parts, 'vmlinux'), initramfs };
}

async function unpackParts(
  dir: string,
  packages: Packages,
  modules: readonly string[],
): Promise<void> {
  const [programs, kernel] = [join(dir, 'programs'), join(dir, 'kernel')];
  await unpackPackages(Object.keys(packages), programs);
  for (const file of Object.values(packages).flat())
    await take(join(programs, file), join(dir, 'root', placeOf(file)));
  // 6.12, which keeps the limit.
  await unpackKernel('debian:linux-image-powerpc64le@stable', kernel);
  const parts = await kernelParts(kernel, modules, kernel);
  await copyFile(parts.image, join(dir, 'vmlinux'));
  for (const { path, data } of parts.modules)
    await writeWhole(join(dir, 'root', basename(path)), data);
  await Promise.all([programs, kernel].map((part) => rm(part, { recursive: true })));
}

/** The loader has its place by the ABI; there are no links in our archives. */
function placeOf(file: string): string {
  if (file.endsWith('/ld64.so.2')) return 'lib64/ld64.so.2';
  return file.replace(/^usr\//, '').replace(/^bin\/busybox$/, 'busybox');
}

async function take(from: string, to: string): Promise<void> {
  await run(['install', '-D', '-m', '755', from, to], { stage: 'test' });
}
