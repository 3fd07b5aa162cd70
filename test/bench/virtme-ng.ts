// SPDX-License-Identifier: MIT
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { firstLine } from '../../src/system/processes.js';
import { quoteWords } from '../../src/system/shell-words.js';
import type { Bench } from './bench.js';
import type { Peer } from './one-job.js';
import { untilLastLine } from './stopwatch.js';

/** Options of ours that make the machine what it is; for the others virtme-ng has its own. */
const kept = ['-L', '-M', '-cpu', '-accel', '-icount', '-seed', '-rtc', '-initrd', '-append'];

/**
 * virtme-ng with the same kernel and machine. It boots into a folder of the host by 9p or virtiofs,
 * which busyguest's small kernel does not have (it panics: no init), so it is given our initramfs.
 */
export async function virtmeNg({ dir, signal }: Bench): Promise<Peer> {
  if ((await firstLine(['vng', '--version'])) === undefined)
    return {
      missing: 'no virtme-ng here: install it (apt-get install virtme-ng; Debian 13 or newer)',
    };
  const root = join(dir, 'virtme-root');
  for (const name of ['bin', 'etc', 'lib', 'tmp', 'usr/bin', 'usr/lib'])
    await mkdir(join(root, name), { recursive: true });
  return {
    measure: async (_kernel, argv) => {
      const PATH = `${dirname(argv[0] ?? '')}:${process.env['PATH'] ?? ''}`;
      return { virtme: await untilLastLine(vngArgv(argv, root), { signal, env: { PATH } }) };
    },
  };
}

function vngArgv(argv: readonly string[], root: string): string[] {
  const valueOf = (option: string): string => argv[argv.indexOf(option) + 1] ?? '';
  const options = kept.flatMap((option) =>
    argv.includes(option) ? [option, valueOf(option)] : [],
  );
  const vng = [
    ...['vng', '--run', valueOf('-kernel'), '--arch', 'ppc64el', '--root', root],
    ...['--disable-kvm', '--force-9p', '--cpus', valueOf('-smp'), '--memory', `${valueOf('-m')}M`],
    ...['--verbose', `--qemu-opts=${quoteWords(options)}`, '--', 'true'],
  ];
  // It opens its standard error by name, which works with a pipe and not with a socket of Node.js.
  return ['bash', '-c', '"$@" </dev/null 2>&1 | cat', 'bench', ...vng];
}
