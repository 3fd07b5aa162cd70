// SPDX-License-Identifier: MIT
import { resolve } from 'node:path';
import { runningKernel } from '../model/job.js';
import { sourceRef } from '../model/source-ref.js';

const debianPattern = /^debian:[a-z0-9][a-z0-9+.-]*(@[a-z0-9][a-z0-9./_-]*)?$/;
const gitPattern = /^git\+(https?|git|ssh|file):\/\/[^\s#]+#[^\s#-][^\s#]*$/;
const schemePattern = /^[a-z][a-z0-9+-]+:/i;

/** What is wrong with a kernel source as the user wrote it, or undefined. Looks at the text only, not at the disk. */
export function sourceFault(source: string): string | undefined {
  if (source !== source.trim() || source === '')
    return 'a kernel source must not be blank or padded';
  const named = sourceRef(source);
  if (named.kind === 'debian') {
    return debianPattern.test(source) ? undefined : `"${source}" is not debian:PACKAGE[@SUITE]`;
  }
  if (named.kind === 'url') {
    return gitPattern.test(source)
      ? undefined
      : `"${source}" is not git+URL#REF with an http(s), git, ssh or file URL`;
  }
  if (schemePattern.test(source)) {
    return `unknown kind of kernel source "${source}"; write PATH, PATH#REF, git+URL#REF or debian:PACKAGE[@SUITE]`;
  }
  const { path, ref } = named;
  if (path === '') return `"${source}" names no path before "#"`;
  if (ref !== undefined && !/^[^\s-]\S*$/.test(ref)) return `"${source}" has no git ref after "#"`;
  return pathFault(path);
}

/** What is wrong with a path in a job matrix, or undefined. */
export function pathFault(path: string): string | undefined {
  if (path.trim() === '') return 'a path must not be blank';
  if (path.includes('\0')) return 'a path must not contain a NUL character';
  if (/^~(\/|$)/.test(path)) return `"${path}": "~" is not expanded here; write the whole path`;
  return undefined;
}

/** The source with its path, if it is one, made absolute against `dir`; `#REF` stays. */
export function absoluteSource(source: string, dir: string): string {
  const named = sourceRef(source);
  if (source === runningKernel || named.kind !== 'path') return source;
  const { path, ref } = named;
  return ref === undefined ? resolve(dir, path) : `${resolve(dir, path)}#${ref}`;
}

/** A config entry with its path made absolute against `dir`; names of shipped fragments stay names. */
export function absoluteConfig(entry: string, dir: string): string {
  return isFragmentPath(entry) ? resolve(dir, entry) : entry;
}

/** Whether a config entry is a file of the user's, not the name of a shipped fragment. */
export function isFragmentPath(entry: string): boolean {
  return entry.includes('/') || entry.endsWith('.fragment') || entry.endsWith('.config');
}
