// SPDX-License-Identifier: MIT
import { mkdir, readFile, readdir, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { Architecture } from '../architectures/architecture.js';
import { keyOf } from '../architectures/architectures.js';
import type { Say } from '../model/event.js';
import { use } from '../system/cache.js';
import { cacheDir, digest, makeFolderWhole, projectDir } from '../system/files.js';
import { run } from '../system/processes.js';

/** Where the C sources are. */
const sourcesDir = join(projectDir, 'guest-images');

/** A compiled program of guest-images/, and the identity of what it was made from. */
export interface Program {
  readonly path: string;
  readonly key: string;
}

/** A compiler as its prefix and the identity of its version. */
export interface Compiler {
  /** The one that it compiles for. */
  readonly architecture: Architecture;
  readonly crossCompile: string;
  readonly versions: readonly string[];
  /** Told how far it is: on an emulated machine the test's program takes minutes. */
  readonly say?: Say;
}

/** Compiles guest-images/NAME with its Makefile, outside of it; kept in the cache. Throws InfraError. */
export async function compileProgram(
  name: string,
  compiler: Compiler,
  signal: AbortSignal,
): Promise<Program> {
  const sources = join(sourcesDir, name);
  const all = await readdir(sources, { recursive: true });
  const files = all.filter((file) => /(\.[chS]|Makefile)$/.test(file)).sort();
  const flags = join(sourcesDir, 'compiler.mk');
  const texts = await Promise.all(
    [...files.map((file) => join(sources, file)), flags].map((file) => readFile(file)),
  );
  const key = digest(...keyOf(compiler.architecture), ...compiler.versions, ...texts).slice(0, 24);
  const dir = cacheDir('programs', `${name}-${key}`);
  if (!(await use(dir))) {
    await mkdir(cacheDir('programs'), { recursive: true });
    await makeFolderWhole(dir, async (temporary) => {
      const build = join(temporary, 'build');
      await run(['cp', '-a', sources, build], { stage: 'image', signal });
      await run(['cp', '-a', flags, temporary], { stage: 'image', signal });
      const { crossCompile, architecture } = compiler;
      const tools = [`ARCH=${architecture.name}`, `CROSS_COMPILE=${crossCompile}`];
      const make = ['make', '-C', build, ...tools];
      await run([...make, 'clean'], { stage: 'image', signal });
      // Which files it compiles depends on the architecture, which the Makefile asks the compiler for.
      const { stdout } = await run([...make, '--dry-run', name], { stage: 'image', signal });
      const sourceCount = stdout.split('\n').filter((line) => compilerCall.test(line)).length;
      const onLine = progressOf(name, sourceCount, compiler.say);
      const parallel = `-j${availableParallelism()}`;
      await run([...make, parallel, name], { stage: 'image', signal, onLine });
      const strip = [`${compiler.crossCompile}strip`, '-o', join(temporary, name)];
      await run([...strip, join(build, name)], { stage: 'image', signal });
      await rm(build, { recursive: true });
      await rm(join(temporary, 'compiler.mk'));
    });
  }
  return { path: join(dir, name), key };
}

/** A call of the compiler for one file, as make prints it. */
const compilerCall = / -c .*\.[cS]$/;

/** Counts the compiler's calls. */
function progressOf(
  name: string,
  sourceCount: number,
  say: Say = () => {},
): (line: string) => void {
  let begun = 0;
  return (line) => {
    if (!compilerCall.test(line)) return;
    begun++;
    say(`compiling ${name}: file ${begun} of ${sourceCount}`, (begun - 1) / sourceCount);
  };
}
