// SPDX-License-Identifier: MIT
import { access, constants, open } from 'node:fs/promises';
import { join } from 'node:path';
import { programFolders } from './environment.js';
import { fileFacts } from './file-facts.js';
import { run } from './processes.js';

/** The path of a program that is called by its name or path; undefined if it does not exist. */
export async function programPath(name: string): Promise<string | undefined> {
  const folders = name.includes('/') ? [''] : programFolders();
  for (const folder of folders) {
    const path = join(folder, name);
    const runs = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return path;
  }
  return undefined;
}

/**
 * What a program prints on standard output when it is asked for its version or abilities: the same as long as the
 * program's file is the same, so asked once for that. Throws InfraError when it is missing or fails.
 */
export async function says(
  argv: readonly string[],
  okCodes: readonly number[] = [0],
): Promise<string> {
  const ask = async (): Promise<string> => (await run(argv, { stage: 'probe', okCodes })).stdout;
  const path = await programPath(argv[0] ?? '');
  if (path === undefined) return ask();
  return fileFacts(`says ${argv.slice(1).join('\n')}`, [path], async () => ({
    value: await ask(),
    stays: await isElf(path),
  }));
}

// A script may call another program tomorrow.
async function isElf(path: string): Promise<boolean> {
  await using file = await open(path);
  const magic = Buffer.alloc(4);
  await file.read(magic, 0, 4, 0);
  return magic.toString('latin1') === '\x7fELF';
}

/** The first line of that, or undefined when the program is missing or fails. */
export async function firstLineOf(argv: readonly string[]): Promise<string | undefined> {
  return says(argv).then(
    (text) => text.split('\n')[0],
    () => undefined,
  );
}
