// SPDX-License-Identifier: MIT
import { debianSource } from './debian-source.js';
import { folderSource } from './folder-source.js';
import { gitSource } from './git-source.js';
import { gitUrlSource } from './git-url-source.js';
import type { KernelSource } from './pinned-source.js';
import { sourceRef } from '../model/source-ref.js';
import { isTarball, tarballSource } from './tarball-source.js';

/** The source that `PATH`, `PATH#REF`, `git+URL#REF` or `debian:PACKAGE[@SUITE]` names. */
export function kernelSource(name: string): KernelSource {
  const named = sourceRef(name);
  if (named.kind === 'debian') return debianSource(named);
  if (named.kind === 'url') return gitUrlSource(named);
  if (named.ref !== undefined) return gitSource(named.path, named.ref);
  if (isTarball(name)) return tarballSource(name);
  return folderSource(name);
}
