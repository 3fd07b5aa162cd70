// SPDX-License-Identifier: MIT
import { debianSource } from './debian-source.js';
import { folderSource } from './folder-source.js';
import { gitSource } from './git-source.js';
import { gitUrlSource } from './git-url-source.js';
import type { KernelSource } from './pinned-source.js';
import { isTarball, tarballSource } from './tarball-source.js';

/** The source that `PATH`, `PATH#REF`, `git+URL#REF` or `debian:PACKAGE[@SUITE]` names. */
export function kernelSource(name: string): KernelSource {
  if (name.startsWith('debian:')) return debianSource(name);
  if (name.startsWith('git+')) return gitUrlSource(name);
  const hash = name.indexOf('#');
  if (hash >= 0) return gitSource(name.slice(0, hash), name.slice(hash + 1));
  if (isTarball(name)) return tarballSource(name);
  return folderSource(name);
}
