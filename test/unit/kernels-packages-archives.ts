// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { gzipSync } from 'node:zlib';

/** A member of an archive that a test makes, hostile ones included. */
export interface Entry {
  name: string;
  data?: string | Buffer;
  /** tar's type flag; '0' is a file. */
  type?: string;
  target?: string;
  /** What the header claims, where that is not the length of the data. */
  size?: number;
}

const bytes = (data: string | Buffer | undefined): Buffer => Buffer.from(data ?? '');
const padded = (data: Buffer, unit: number): Buffer =>
  Buffer.concat([data, Buffer.alloc((unit - (data.length % unit)) % unit)]);

/** A ustar archive with its two blocks of zeros. */
export function tar(entries: readonly Entry[]): Buffer {
  const blocks = entries.map(({ name, data, type = '0', target = '', size }) => {
    const content = bytes(data);
    const header = Buffer.alloc(512);
    header.write(name, 0, 100);
    header.write('0000644\0', 100);
    header.write(`${(size ?? content.length).toString(8).padStart(11, '0')}\0`, 124);
    header.write('        ', 148);
    header.write(type, 156);
    header.write(target, 157, 100);
    header.write('ustar\x0000', 257);
    const sum = header.reduce((a, b) => a + b, 0);
    header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return Buffer.concat([header, padded(content, 512)]);
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

/** A cpio archive in "newc" form. `type` is that of tar. */
export function cpio(entries: readonly Entry[]): Buffer {
  const modes: Readonly<Record<string, number>> = {
    '0': 0o100644,
    '5': 0o40755,
    '2': 0o120777,
    '3': 0o20600,
  };
  const all = [...entries, { name: 'TRAILER!!!', type: '0' }];
  const parts = all.map(({ name, data, type = '0', target, size }: Entry) => {
    const content = bytes(type === '2' ? target : data);
    const text = Buffer.from(`${name}\0`);
    const fields = [
      1,
      modes[type] ?? 0,
      0,
      0,
      1,
      0,
      size ?? content.length,
      0,
      0,
      0,
      0,
      text.length,
      0,
    ];
    const head = `070701${fields.map((n) => n.toString(16).padStart(8, '0')).join('')}`;
    return Buffer.concat([padded(Buffer.concat([Buffer.from(head), text]), 4), padded(content, 4)]);
  });
  return Buffer.concat(parts);
}

/** A .deb around a data.tar, which may be compressed already. */
export function deb(data: Buffer, dataName = 'data.tar', control = 'Package: x\n'): Buffer {
  const member = (name: string, content: Buffer): Buffer => {
    const head = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}`;
    const size = String(content.length).padEnd(10);
    return Buffer.concat([
      Buffer.from(`${head}${size}\`\n`),
      content,
      Buffer.alloc(content.length % 2, '\n'),
    ]);
  };
  return Buffer.concat([
    Buffer.from('!<arch>\n'),
    member('debian-binary', Buffer.from('2.0\n')),
    member('control.tar.gz', gzipSync(tar([{ name: './control', data: control }]))),
    member(dataName, data),
  ]);
}

/** An .rpm around a payload; its headers are empty but for some bytes, or for its name and version. */
export function rpm(
  payload: Buffer,
  names?: { readonly name: string; readonly version: string; readonly release: string },
): Buffer {
  const header = (length: number): Buffer => {
    const intro = Buffer.alloc(16);
    Buffer.from('8eade801', 'hex').copy(intro);
    intro.writeUInt32BE(1, 8);
    intro.writeUInt32BE(length, 12);
    return Buffer.concat([intro, Buffer.alloc(16 + length, 7)]);
  };
  const lead = Buffer.alloc(96);
  Buffer.from('edabeedb0300', 'hex').copy(lead);
  return Buffer.concat([
    lead,
    padded(header(21), 8),
    names ? namesHeader([names.name, names.version, names.release]) : header(13),
    payload,
  ]);
}

/** RPM's tags 1000 and on, as strings. */
function namesHeader(texts: readonly string[]): Buffer {
  const store = Buffer.from(texts.map((text) => `${text}\0`).join(''));
  let offset = 0;
  const entries = texts.map((text, index) => {
    const entry = Buffer.alloc(16);
    [1000 + index, 6, offset, 1].forEach((value, at) => entry.writeUInt32BE(value, at * 4));
    offset += text.length + 1;
    return entry;
  });
  const intro = Buffer.alloc(16);
  Buffer.from('8eade801', 'hex').copy(intro);
  intro.writeUInt32BE(entries.length, 8);
  intro.writeUInt32BE(store.length, 12);
  return Buffer.concat([intro, ...entries, store]);
}

/** What the programs that ship modules and payloads compressed make. */
export function compress(program: 'gzip' | 'xz' | 'zstd', data: Buffer): Buffer {
  return execFileSync(program, ['-c'], { input: data, stdio: ['pipe', 'pipe', 'inherit'] });
}

/** A 64-bit ELF file with one section. */
export function elf(
  section: string,
  content: string,
  machine = 21,
  order: 'LE' | 'BE' = 'LE',
): Buffer {
  const names = Buffer.from(`\0${section}\0.shstrtab\0`);
  const data = bytes(content);
  const header = Buffer.alloc(64);
  header.write('\x7fELF', 0, 'latin1');
  header.set([2, order === 'LE' ? 1 : 2, 1], 4);
  if (order === 'LE') header.writeUInt16LE(machine, 18);
  else header.writeUInt16BE(machine, 18);
  header.writeBigUInt64LE(BigInt(64 + data.length + names.length), 40);
  header.writeUInt16LE(64, 58);
  header.writeUInt16LE(3, 60);
  header.writeUInt16LE(2, 62);
  const sectionHeader = (name: number, offset: number, size: number): Buffer => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(name, 0);
    entry.writeBigUInt64LE(BigInt(offset), 24);
    entry.writeBigUInt64LE(BigInt(size), 32);
    return entry;
  };
  return Buffer.concat([
    header,
    data,
    names,
    Buffer.alloc(64),
    sectionHeader(1, 64, data.length),
    sectionHeader(section.length + 2, 64 + data.length, names.length),
  ]);
}

export const release = '6.12.1-test';

/** A kernel image whose banner names a release. */
export const vmlinux = (of = release): Buffer =>
  elf('.rodata', `Linux version ${of} (me@here) #1\n\0`);

/** A module that needs others. */
export const moduleKo = (name: string, depends: string, of = release): Buffer =>
  elf(
    '.modinfo',
    `license=GPL\0depends=${depends}\0name=${name}\0vermagic=${of} SMP mod_unload \0`,
  );

/** The config of a kernel that has all that the test needs. */
export const goodConfig = [
  'CPU_LITTLE_ENDIAN=y',
  'KVM_BOOK3S_64_HV=m',
  'CGROUPS=y',
  'CGROUP_SCHED=y',
  'FAIR_GROUP_SCHED=y',
  'CFS_BANDWIDTH=y',
  'BLK_DEV_INITRD=y',
  'DEVTMPFS=y',
  'BINFMT_ELF=y',
  'PROC_FS=y',
  'PROC_SYSCTL=y',
  'HVC_CONSOLE=y',
  'PPC_PSERIES=y',
]
  .map((line) => `CONFIG_${line}\n`)
  .join('');

/** The files of a small kernel package, as Debian lays it out: no modules.dep. */
export function kernelEntries(): Entry[] {
  const dir = `./usr/lib/modules/${release}`;
  return [
    { name: './boot/', type: '5' },
    { name: `./boot/vmlinux-${release}`, data: vmlinux() },
    { name: `./boot/config-${release}`, data: goodConfig },
    { name: `${dir}/build`, type: '2', target: `/usr/src/linux-headers-${release}` },
    { name: `${dir}/kernel/arch/powerpc/kvm/kvm.ko`, data: moduleKo('kvm', 'irqbypass') },
    { name: `${dir}/kernel/arch/powerpc/kvm/kvm-hv.ko`, data: moduleKo('kvm_hv', 'kvm,other-lib') },
    { name: `${dir}/kernel/virt/lib/irqbypass.ko`, data: moduleKo('irqbypass', '') },
    { name: `${dir}/kernel/lib/other-lib.ko`, data: moduleKo('other_lib', '') },
    { name: `${dir}/kernel/drivers/net/unneeded.ko`, data: moduleKo('unneeded', '') },
  ];
}
