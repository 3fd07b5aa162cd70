// SPDX-License-Identifier: MIT
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { debianPackages } from '../../src/kernels/packages/debian-package.js';
import { AptSuite, NotInArchiveError } from '../../src/system/apt.js';
import { run } from '../../src/system/processes.js';

const signal = new AbortController().signal;

/** Suites of Debian, the first that has every file today is taken: a mirror may be behind one of them. */
const suites = ['sid', 'testing', 'stable'];

/** Unpacks packages of Debian for ppc64el and all that they need into `root`; no script of theirs runs. */
export async function unpackPackages(names: readonly string[], root: string): Promise<void> {
  const debs = await mkdtemp(`${root}-debs-`);
  try {
    for (const file of await fetchPackages(names, debs)) await unpackPackage(file, root);
  } finally {
    await rm(debs, { recursive: true });
  }
}

async function fetchPackages(names: readonly string[], debs: string): Promise<string[]> {
  let last: unknown;
  for (const name of suites) {
    const suite = new AptSuite(name, 'ppc64el', signal);
    try {
      return await suite.withNewLists(() => suite.downloadClosure(names, join(debs, name)));
    } catch (error) {
      if (!(error instanceof NotInArchiveError)) throw error;
      last = error;
    }
  }
  throw last;
}

const unpackPackage = (file: string, root: string): Promise<unknown> =>
  run(['dpkg-deb', '-x', file, root], { stage: 'test' });

/** A kernel of Debian's (debian:PACKAGE@SUITE) with its modules, unpacked into `root`: usr/lib/modules/RELEASE, boot/vmlinux-RELEASE. */
export async function unpackKernel(name: string, root: string): Promise<void> {
  const { files } = await debianPackages(name, signal, () => undefined);
  for (const file of files) await unpackPackage(file, root);
}
