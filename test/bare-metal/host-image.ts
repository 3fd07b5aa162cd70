// SPDX-License-Identifier: MIT
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packInitramfs, type ImageFile } from '../../src/images/cpio.js';
import { AptSuite } from '../../src/system/apt.js';
import { use } from '../../src/system/cache.js';
import { cacheDir, digest, makeFolderWhole, writeWhole } from '../../src/system/files.js';
import { run } from '../../src/system/processes.js';

const signal = new AbortController().signal;
const libraries = 'usr/lib/powerpc64le-linux-gnu';

/** A small Linux for an emulated POWER machine: kernel, and an initramfs with a shell, kexec and sshd. */
export interface HostImage {
  readonly kernel: string;
  readonly initramfs: string;
}

/** What the emulated firmware does once it is up: /init, and the key that may log in. */
export interface HostScript {
  readonly init: string;
  readonly files: readonly ImageFile[];
}

/** Packages of Debian for ppc64el and what is taken out of them, at the same place. */
const wanted: Readonly<Record<string, readonly string[]>> = {
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
  const parts = cacheDir('test', 'bare-metal-host');
  if (!(await use(parts))) await makeFolderWhole(parts, unpackParts);
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

async function unpackParts(dir: string): Promise<void> {
  const suite = new AptSuite('trixie', 'ppc64el', signal);
  const unpacked = join(dir, 'unpacked');
  const unpack = async (name: string): Promise<void> => {
    const found = await suite.show(name);
    if (found === undefined) throw new Error(`Debian trixie has no ${name} for ppc64el`);
    const deb = await suite.download(found, () => undefined);
    await run(['dpkg-deb', '-x', deb, unpacked], { stage: 'test' });
  };
  for (const [name, files] of Object.entries(wanted)) {
    await unpack(name);
    for (const file of files) await take(join(unpacked, file), join(dir, 'root', placeOf(file)));
  }
  const [kernel] = (await suite.depends('linux-image-powerpc64le')).filter(({ name }) =>
    name.startsWith('linux-image-'),
  );
  await unpack(kernel?.name ?? '');
  await run(['sh', '-c', `cp ${unpacked}/boot/vmlinux-* ${dir}/vmlinux`], { stage: 'test' });
  const modules = 'usr/lib/modules/*/kernel/drivers/net/ethernet/intel/e1000e/e1000e.ko.xz';
  await run(['sh', '-c', `xz -dc ${unpacked}/${modules} > ${dir}/root/e1000e.ko`], {
    stage: 'test',
  });
  await rm(unpacked, { recursive: true });
}

/** The loader has its place by the ABI; there are no links in our archives. */
function placeOf(file: string): string {
  if (file.endsWith('/ld64.so.2')) return 'lib64/ld64.so.2';
  return file.replace(/^usr\//, '').replace(/^bin\/busybox$/, 'busybox');
}

async function take(from: string, to: string): Promise<void> {
  await run(['install', '-D', '-m', '755', from, to], { stage: 'test' });
}
