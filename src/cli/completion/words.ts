// SPDX-License-Identifier: MIT
import { architectures } from '../../architectures/architectures.js';

/** Ends of the names of job matrices. */
export const matrixEndings = ['.yaml', '.yml', '.job.ts'] as const;
/** Ends of the names of packages and images of kernels. */
export const kernelEndings = ['.deb', '.rpm', 'vmlinux', 'vmlinuz', 'Image'] as const;
/** Ends of the names of files with patches or mails. */
export const seriesEndings = ['.patch', '.mbox', '.mbx', '.eml'] as const;
/** Kernels that busyguest fetches by their names. */
export const packages = architectures.flatMap(({ image }) =>
  ['stable', 'testing', 'sid'].map((suite) => `debian:${image.newestPackage}@${suite}`),
);
/** Sources of the same kind. */
export const sources = ['debian:linux-source', 'debian:linux-source@experimental'] as const;
