// SPDX-License-Identifier: MIT

/** What the name of a kernel source means (docs/writing-jobs.md, "kernels"). */
export type SourceRef =
  /** `debian:PACKAGE[@SUITE]`. */
  | { readonly kind: 'debian'; readonly package: string; readonly suite: string | undefined }
  /** `git+URL#REF`; the ref is empty where the name has none. */
  | { readonly kind: 'url'; readonly url: string; readonly ref: string }
  /** `PATH` or `PATH#REF`: the path ends before the first "#". */
  | { readonly kind: 'path'; readonly path: string; readonly ref: string | undefined };

/** Reads the name of a kernel source; every text is one of the three. */
export function sourceRef(name: string): SourceRef {
  if (name.startsWith('debian:')) {
    const [pkg = '', suite] = name.slice('debian:'.length).split('@');
    return { kind: 'debian', package: pkg, suite };
  }
  const [before, ref] = splitRef(name);
  return name.startsWith('git+')
    ? { kind: 'url', url: before.slice('git+'.length), ref: ref ?? '' }
    : { kind: 'path', path: before, ref };
}

function splitRef(name: string): readonly [before: string, ref: string | undefined] {
  const hash = name.indexOf('#');
  return hash < 0 ? [name, undefined] : [name.slice(0, hash), name.slice(hash + 1)];
}
