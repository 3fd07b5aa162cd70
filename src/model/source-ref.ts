// SPDX-License-Identifier: MIT

/** What the name of a kernel source means (docs/writing-jobs.md, "kernels"). */
export type SourceRef =
  /** `debian:PACKAGE[@SUITE]`. */
  | ({ readonly kind: 'debian' } & DebianName)
  /** `git+URL#REF`; the ref is empty where the name has none. */
  | { readonly kind: 'url'; readonly url: string; readonly ref: string }
  /** `PATH` or `PATH#REF`: the path ends before the first "#". */
  | { readonly kind: 'path'; readonly path: string; readonly ref: string | undefined };

/** A package of Debian's, of a source or of a kernel. */
export interface DebianName {
  readonly package: string;
  readonly suite: string | undefined;
}

/** Reads `debian:PACKAGE[@SUITE]`; undefined for what is not of that form. */
export function debianName(name: string): DebianName | undefined {
  if (!name.startsWith('debian:')) return undefined;
  const [pkg = '', suite] = name.slice('debian:'.length).split('@');
  return { package: pkg, suite };
}

/** Reads the name of a kernel source; every text is one of the three. */
export function sourceRef(name: string): SourceRef {
  const debian = debianName(name);
  if (debian !== undefined) return { kind: 'debian', ...debian };
  const [before, ref] = splitRef(name);
  return name.startsWith('git+')
    ? { kind: 'url', url: before.slice('git+'.length), ref: ref ?? '' }
    : { kind: 'path', path: before, ref };
}

function splitRef(name: string): readonly [before: string, ref: string | undefined] {
  const hash = name.indexOf('#');
  return hash < 0 ? [name, undefined] : [name.slice(0, hash), name.slice(hash + 1)];
}
