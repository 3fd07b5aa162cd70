// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { writeWanted } from '../../kernels/packages/archive.js';
import { ByteReader } from '../../kernels/packages/byte-reader.js';
import { decompressed } from '../../kernels/packages/decompress.js';
import { refusal, shown } from '../../kernels/packages/refusal.js';
import { tarMembers } from '../../kernels/packages/tar.js';
import { JobError } from '../../model/errors.js';
import { digestFile, isFolder } from '../../system/files.js';
import { openInput } from '../../system/input.js';
import {
  checkedFiles,
  manifestFile,
  parseManifest,
  parseResult,
  readableFiles,
  type BundledResult,
  type Manifest,
} from './manifest.js';

/** A bundle that was unpacked and checked. */
export interface OpenedBundle {
  readonly manifest: Manifest;
  readonly result: BundledResult;
  /** Where the files are that verify needs. */
  readonly paths: Readonly<Record<(typeof checkedFiles)[number], string>>;
}

const mayHold = new Set<string>([...checkedFiles, ...readableFiles, manifestFile]);
/** What is read into memory: consoles and results are far smaller. */
const maxTextBytes = 64 * 1024 ** 2;

/**
 * Unpacks a bundle into `dir`, a new folder, reading all of it first. Nothing of it is run. Throws JobError when it
 * is damaged, hostile or of another schema.
 */
export async function openBundle(
  file: string,
  dir: string,
  signal: AbortSignal,
): Promise<OpenedBundle> {
  const found = await unpack(file, dir, signal);
  const manifest = parseManifest(file, await textOf(found, manifestFile, file));
  const paths: Record<string, string> = {};
  for (const name of checkedFiles) {
    const path = pathOf(found, name, file);
    if ((await digestFile(path)) !== manifest.files[name].sha256) {
      throw refusal(file, `${name} is not the file that ${manifestFile} describes`);
    }
    paths[name] = path;
  }
  const result = parseResult(file, await textOf(found, 'status.json', file));
  await textOf(found, 'console.log', file);
  return { manifest, result, paths: paths as OpenedBundle['paths'] };
}

async function unpack(
  file: string,
  dir: string,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, string>> {
  if (await isFolder(file)) throw new JobError([{ message: `${file}: a folder, not a bundle` }]);
  const handle = await openInput(file);
  const bytes = handle.createReadStream();
  const reader = new ByteReader(decompressed(bytes, { file, signal }), file);
  try {
    const tops = new Set<string>();
    const wanted = (name: string): boolean => {
      const [top = '', own, ...deeper] = name.split('/');
      tops.add(top);
      if (tops.size > 1) throw refusal(file, 'it holds more than one folder');
      if (own === undefined) return false;
      if (deeper.length > 0 || !mayHold.has(own)) {
        throw refusal(file, `it holds ${shown(name)}, which no bundle has`);
      }
      return true;
    };
    const written = await writeWanted(tarMembers(reader), wanted, { file, dir, signal });
    return new Map([...written].map(([name, path]) => [name.split('/')[1] ?? '', path]));
  } finally {
    await reader.close();
    bytes.destroy();
  }
}

function pathOf(found: ReadonlyMap<string, string>, name: string, file: string): string {
  const path = found.get(name);
  if (path === undefined) throw refusal(file, `it lacks ${name}: it is no bundle`);
  return path;
}

async function textOf(
  found: ReadonlyMap<string, string>,
  name: string,
  file: string,
): Promise<string> {
  const bytes = await readFile(pathOf(found, name, file));
  if (bytes.length > maxTextBytes) throw refusal(file, `its ${name} has ${bytes.length} bytes`);
  return bytes.toString('utf8');
}
