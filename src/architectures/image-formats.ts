// SPDX-License-Identifier: MIT
import type { ImageFormat } from './architecture.js';

/** A kernel that is an ELF file (the offsets are those of e_ident and e_machine). */
export const elfImage = (
  name: string,
  { bits, machine, order }: { bits: 32 | 64; machine: number; order?: 'little' | 'big' },
): ImageFormat => ({
  name,
  is: (file) => {
    const elf = elfKind(file);
    return (
      elf !== undefined &&
      elf.bits === bits &&
      elf.machine === machine &&
      (order === undefined || elf.order === order)
    );
  },
});

/** What the first bytes of an ELF file say; undefined for another file. */
export function elfKind(
  file: Buffer,
): { bits: 32 | 64; order: 'little' | 'big'; machine: number } | undefined {
  if (file.length < 64 || file.toString('latin1', 0, 4) !== '\u007fELF') return undefined;
  const order = file[5] === 1 ? 'little' : 'big';
  const machine = order === 'little' ? file.readUInt16LE(18) : file.readUInt16BE(18);
  return { bits: file[4] === 2 ? 64 : 32, order, machine };
}

/** A kernel that is no ELF file, by the bytes that its boot protocol asks for. */
export const bootImage = (name: string, at: number, magic: string): ImageFormat => ({
  name,
  is: (file) => file.toString('latin1', at, at + magic.length) === magic,
});

/** Of the ELF specification (e_machine). */
const elfMachines: Readonly<Record<number, string>> = {
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  62: 'x86_64',
  183: 'aarch64',
  243: 'riscv',
};

/** What the architecture of an ELF file is called. */
export const elfMachineName = (machine: number): string =>
  elfMachines[machine] ?? `machine ${machine}`;
