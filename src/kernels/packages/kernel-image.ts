// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { JobError } from '../../model/errors.js';
import { writeStream } from './archive.js';
import { bounded } from './byte-reader.js';
import { decompressed } from './decompress.js';
import { limits } from './refusal.js';

/** An image that QEMU's pseries and powernv machines, or a boot loader, can start. */
export interface KernelImage {
  readonly path: string;
  /** `vmlinux`: the kernel itself. `zImage`: a wrapper that unpacks it, of 32 or 64 bits. */
  readonly format: 'vmlinux' | 'zImage';
  /** As its banner says; undefined where the kernel is compressed inside. */
  readonly release: string | undefined;
  /** What the image itself says of KVM: built in, a module elsewhere, or not there at all. */
  readonly kvm: 'y' | 'm' | 'n' | 'unknown';
}

const machines: Readonly<Record<number, string>> = {
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv',
};

/** Kernels that are no ELF files, by the bytes that their boot protocols ask for. */
const bootImages = [
  { name: 'x86 (amd64 or i386)', at: 0x202, magic: 'HdrS' },
  { name: 'arm64', at: 0x38, magic: 'ARM\u0064' },
  { name: 'riscv64', at: 0x38, magic: 'RSC\u0005' },
] as const;

/** Puts a kernel image at `path`, unpacked if it was compressed as a whole. Throws JobError when it is none for ppc64le. */
export async function unpackImage(
  from: string,
  origin: string,
  path: string,
  signal: AbortSignal,
): Promise<KernelImage> {
  const bytes = decompressed(createReadStream(from), { file: origin, signal });
  await writeStream(path, bounded(bytes, limits.memberBytes, origin), signal);
  const data = await readFile(path);
  checkMachine(data, origin);
  const release = bannerRelease(data);
  const format = release === undefined ? 'zImage' : 'vmlinux';
  return { path, format, release, kvm: release === undefined ? 'unknown' : kvmIn(data) };
}

/**
 * Parameters of code that is built in are named in the image, `kvm_hv.nested`. The memory that guests' page tables
 * come from is set aside at boot, so the name of that area is there although KVM is a module.
 */
function kvmIn(data: Buffer): KernelImage['kvm'] {
  if (data.includes('kvm_hv.') || data.includes('kvm.halt_poll_ns')) return 'y';
  return data.includes('kvm_cma') ? 'm' : 'n';
}

// The offsets are those of e_ident and e_machine. A 32-bit wrapper may be big-endian.
function checkMachine(elf: Buffer, origin: string): void {
  if (elf.length < 64 || elf.toString('latin1', 0, 4) !== '\u007fELF') {
    const other = bootImages.find(({ at, magic }) => elf.indexOf(magic, at, 'latin1') === at);
    if (other) throw noKernel(origin, `a kernel for ${other.name}: not for ppc64le`);
    throw noKernel(origin, 'no kernel image for POWER (it is no ELF file)');
  }
  const [bits, order] = [elf[4] === 2 ? 64 : 32, elf[5] === 1 ? 'little' : 'big'];
  const machine = order === 'little' ? elf.readUInt16LE(18) : elf.readUInt16BE(18);
  if (bits === 32 && machine === 20) return;
  const isPpc64le = bits === 64 && machine === 21 && order === 'little';
  if (!isPpc64le) {
    const name = machines[machine] ?? `machine ${machine}`;
    throw noKernel(origin, `a file for ${name}, ${bits} bits, ${order}-endian: not for ppc64le`);
  }
}

function noKernel(origin: string, what: string): JobError {
  const hint = 'give a vmlinux or zImage, or packages of the architecture ppc64el (ppc64le)';
  return new JobError([{ message: `${origin}: ${what}`, hint }]);
}

function bannerRelease(data: Buffer): string | undefined {
  const start = Buffer.from('Linux version ');
  for (let at = data.indexOf(start); at >= 0; at = data.indexOf(start, at + 1)) {
    const release = /^Linux version (\d+\.[\w.+~-]+) /.exec(
      data.toString('latin1', at, at + 200),
    )?.[1];
    if (release !== undefined) return release;
  }
  return undefined;
}
