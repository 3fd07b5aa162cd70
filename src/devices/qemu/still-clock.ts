// SPDX-License-Identifier: MIT
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { use } from '../../system/cache.js';
import { cacheDir, digest, makeFolderWhole, projectDir } from '../../system/files.js';
import { run } from '../../system/processes.js';
import { quoteWord } from '../../system/shell-words.js';

const source = join(projectDir, 'src/devices/qemu/still-clock.c');
const name = 'still-clock.so';
/** It needs no other library, so it fits before those of every QEMU. */
const compiler = ['gcc', '-shared', '-fPIC', '-nostdlib', '-O2', '-x', 'c'];
/** What ends a name in LD_PRELOAD. */
const separator = /[\s:]/;

/** A library that gives QEMU a time of day that stands still. */
export interface StillClock {
  readonly path: string;
  /** Identity of its source. */
  readonly key: string;
}

let made: Promise<StillClock | undefined> | undefined;

/**
 * With counted instructions one thing is left by which a guest can see the time of the host: QEMU makes the TLB of an
 * emulated CPU larger and smaller by how much of it is used in 100 ms (accel/tcg/cputlb.c, tlb_mmu_resize_locked()).
 * What stays in it needs no entry of the SLB, so a kernel with a hash MMU gets other exceptions on a slower computer. With a
 * clock that stands still the TLB depends on the guest alone. Undefined where none can be compiled.
 */
export function stillClock(): Promise<StillClock | undefined> {
  return (made ??= make().catch(() => undefined));
}

async function make(): Promise<StillClock | undefined> {
  const key = digest(...compiler, process.arch, await readFile(source)).slice(0, 24);
  const dir = cacheDir('programs', `still-clock-${key}`);
  if (separator.test(dir)) return undefined;
  if (!(await use(dir))) {
    await mkdir(cacheDir('programs'), { recursive: true });
    await makeFolderWhole(dir, async (temporary) => {
      await run([...compiler, '-o', join(temporary, name), source], { stage: 'boot' });
    });
  }
  return { path: join(dir, name), key };
}

/** Lines of a shell script that make one in the folder `$dir`, and set `$still` to what stands before a command to use it; empty where none can be made. */
export async function stillClockLines(): Promise<string> {
  return `# QEMU sizes its TLB by the time of day, which a kernel can see: here it stands still. Without gcc the last digits may differ.
still=
${compiler.map(quoteWord).join(' ')} -o "$dir/${name}" - 2>/dev/null <<'END' && still="env LD_PRELOAD=$dir/${name}"
${await readFile(source, 'utf8')}END`;
}
