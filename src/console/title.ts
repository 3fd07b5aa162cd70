// SPDX-License-Identifier: MIT
import { architectures } from '../architectures/architectures.js';

/** Folders at the root of a kernel tree, to cut off where a build happened. */
const treeFolder =
  /(?:^|\/)((?:arch|block|certs|crypto|drivers|fs|include|init|io_uring|ipc|kernel|lib|mm|net|rust|security|sound|virt)\/)/;

/**
 * Removes from a log line what differs between two runs of one kernel: addresses, offsets into functions, PIDs,
 * CPU numbers, page frames and the folder in which the kernel was built. File names, line numbers, error codes
 * and exit codes stay.
 */
export function clean(text: string): string {
  return (
    text
      .replace(/(?<=\S)\+0x[0-9a-f]+\/0x[0-9a-f]+(?: \[\w+\])?/g, '')
      .replace(/ (?:at|address)(?: address)? 0x[0-9a-f]+/g, '')
      .replace(/ on CPU#?\d[^]*$/, '')
      .replace(/\bCPU ?#?\d+/g, 'CPU')
      .replace(/(?<! ) +pfn:[0-9a-f]+/g, '')
      // The eight digits of an exit code say which signal killed init.
      .replace(/(?<!exitcode=)\b(?:0x)?[0-9a-f]{8,16}\b/g, (word) =>
        /\d/.test(word) ? 'ADDR' : word,
      )
      .replace(/(\S)\/\d+\/ADDR$/, '$1')
      .replace(/( code: \S+)\/\d+$/, '$1')
      .replace(/(?<! ) *\bpid[:=] ?\d+/gi, '')
      .replace(/kworker\/\S*/g, 'kworker')
      .replace(/(?<!\S)(\S+):(\d+)(?= at |$)/, (place, file: string, line: string) => {
        const cut = file.search(treeFolder);
        return cut <= 0 ? place : `${file.slice(cut + 1)}:${line}`;
      })
      .replace(/\s+/g, ' ')
      .trim()
      .slice(0, 200)
  );
}

/** The function at the program counter that the registers of an oops name. */
export function functionAtFault(lines: readonly string[]): string | undefined {
  for (const line of lines) {
    for (const { faults } of architectures) {
      const name = faults.programCounter.exec(line)?.[1];
      if (name !== undefined) return name;
    }
  }
  return undefined;
}
