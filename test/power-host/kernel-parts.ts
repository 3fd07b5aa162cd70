// SPDX-License-Identifier: MIT
import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ImageFile } from '../../src/images/cpio.js';
import { moduleInfo } from '../../src/kernels/packages/modinfo.js';
import { loadOrder } from '../../src/kernels/packages/modules.js';
import { moduleName, releaseOf } from '../../src/kernels/packages/names.js';
import { run } from '../../src/system/processes.js';

/** A kernel as a bootloader needs it. */
export interface KernelParts {
  /** Path of the image. */
  readonly image: string;
  readonly release: string;
  /** modules/NAME.ko, in the order of loading. */
  readonly modules: readonly ImageFile[];
}

/** The image of an unpacked kernel, and some of its modules with those that they need; `scratch` is written to. */
export async function kernelParts(
  unpacked: string,
  wanted: readonly string[],
  scratch: string,
): Promise<KernelParts> {
  const files = (await readdir(unpacked, { recursive: true })).map((path) => join(unpacked, path));
  const image = files.find((path) => /^vmlinu[xz](-|$)/.test(basename(path)));
  if (image === undefined) throw new Error(`${unpacked}: no kernel image`);
  const release = files.map((path) => releaseOf(path.slice(unpacked.length + 1))).find(Boolean);
  if (release === undefined) throw new Error(`${unpacked}: no modules`);
  const paths = new Map(
    files.flatMap((path) => (/\.ko\.xz$/.test(path) ? [[nameOf(path), path] as const] : [])),
  );
  const content = new Map<string, Buffer>();
  const open = async (name: string): Promise<void> => {
    const path = paths.get(name);
    if (path === undefined || content.has(name)) return;
    const plain = join(scratch, `${name}.ko`);
    await run(['sh', '-c', 'xz -dc "$1" > "$2"', 'sh', path, plain], { stage: 'test' });
    content.set(name, await readFile(plain));
    for (const needed of needsOf(name)) await open(needed);
  };
  const needsOf = (name: string): readonly string[] => {
    const data = content.get(name);
    return (data && moduleInfo(data)?.depends) ?? [];
  };
  const order: string[] = [];
  for (const name of wanted) {
    await open(name);
    // What is not there is built in.
    for (const one of loadOrder(name, (n) => (content.has(n) ? needsOf(n) : undefined)).order)
      if (!order.includes(one)) order.push(one);
  }
  const modules = order.map((name) => ({
    path: `modules/${name}.ko`,
    data: content.get(name) ?? Buffer.alloc(0),
    mode: 0o644,
  }));
  return { image, release, modules };
}

const nameOf = (path: string): string => moduleName(basename(path));
