// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { Architecture, KvmParts } from '../../architectures/architecture.js';
import { architectures } from '../../architectures/architectures.js';
import { elfKind, elfMachineName } from '../../architectures/image-formats.js';
import { JobError } from '../../model/errors.js';
import { writeStream } from './archive.js';
import { bounded } from './byte-reader.js';
import { decompressed } from './decompress.js';
import { limits } from './refusal.js';

/** An image that QEMU's machines, or a boot loader, can start. */
export interface KernelImage {
  readonly path: string;
  /** Such as `vmlinux`: the kernel itself; `zImage`: a wrapper that unpacks it. */
  readonly format: string;
  /** As its banner says; undefined where the kernel is compressed inside. */
  readonly release: string | undefined;
  /** What the image itself says of KVM: built in, a module elsewhere, or not there at all. */
  readonly kvm: 'y' | 'm' | 'n' | 'unknown';
}

/**
 * Puts a kernel image at `path`, unpacked if it was compressed as a whole. Throws JobError when it is none for the
 * architecture.
 */
export async function unpackImage(
  from: string,
  origin: string,
  path: string,
  { architecture, signal }: { architecture: Architecture; signal: AbortSignal },
): Promise<KernelImage> {
  const bytes = decompressed(createReadStream(from), { file: origin, signal });
  await writeStream(path, bounded(bytes, limits.memberBytes, origin), signal);
  const data = await readFile(path);
  const { image, kvm } = architecture;
  const format = image.formats.find((one) => one.is(data));
  if (format === undefined) throw noKernel(data, origin, architecture);
  const banner = bannerRelease(data);
  const release = banner ?? image.release?.(data);
  // A 64-bit wrapper is the same kind of file as what it wraps; wrappers stand last.
  const { name } = banner === undefined ? (image.formats.at(-1) ?? format) : format;
  return { path, format: name, release, kvm: banner === undefined ? 'unknown' : kvmIn(data, kvm) };
}

/** Parameters of code that is built in are named in the image, `kvm.halt_poll_ns`. */
function kvmIn(data: Buffer, { marks }: KvmParts): KernelImage['kvm'] {
  const has = (mark: string): boolean => data.includes(mark);
  if ([...marks.builtIn, 'kvm.halt_poll_ns'].some(has)) return 'y';
  if (marks.module.some(has)) return 'm';
  return marks.module.length === 0 ? 'unknown' : 'n';
}

function noKernel(data: Buffer, origin: string, { word, title, image }: Architecture): JobError {
  const error = (what: string): JobError =>
    new JobError([{ message: `${origin}: ${what}`, hint: image.hint }]);
  const other = architectures.find((one) => one.image.formats.some((format) => format.is(data)));
  if (other !== undefined) return error(`a kernel for ${other.title}: not for ${word}`);
  const elf = elfKind(data);
  const forms = image.formats.map(({ name }) => name).join(' or ');
  if (elf === undefined) return error(`no kernel image for ${title}: no ${forms}`);
  const { bits, order, machine } = elf;
  return error(
    `a file for ${elfMachineName(machine)}, ${bits} bits, ${order}-endian: not for ${word}`,
  );
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
