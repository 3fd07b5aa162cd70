// SPDX-License-Identifier: MIT
import { architectureOf } from '../../devices/registry.js';
import { quoteWord } from '../../system/shell-words.js';
import type { Manifest } from './manifest.js';

/**
 * A shell script beside kernel and initramfs that boots them as the job did. Needs QEMU, nothing of busyguest.
 * @param still shell lines that set `$still`, which gives QEMU a clock that stands still
 */
export function reproduceScript(
  { run, job, recorded }: Pick<Manifest, 'run' | 'job' | 'recorded'>,
  args: readonly string[],
  still: string,
): string {
  const seconds = Math.ceil((job.timeouts.bootMs + job.timeouts.testMs) / 1000);
  const { program } = architectureOf(job.device).qemu;
  const sameBytes = recorded.repeats === 'bytes';
  const promise = sameBytes
    ? `The same QEMU prints the same bytes; another version may count other times.`
    : `Statuses are the same every time, times are not.`;
  return `#!/bin/sh
# Boots job ${job.name} of run ${run} again; needs ${program}, nothing else.
# Recorded with: ${recorded.qemu}
# The console goes to the terminal and to console.again. ${promise}
# QEMU=/path/to/${program} ./reproduce.sh takes another QEMU.
set -u
cd "$(dirname "$0")" || exit 69
qemu=\${QEMU:-${program}}
command -v "$qemu" >/dev/null || { echo "$qemu: not found; set QEMU" >&2; exit 69; }

dir=$(mktemp -d) || exit 69
pid=
trap 'test -n "$pid" && kill "$pid" 2>/dev/null; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM HUP
mkfifo "$dir/console" || exit 69

${still}
timeout -k 1 ${seconds} $still "$qemu" \\
${argLines(args)} \\
  </dev/null >"$dir/console" &
pid=$!
# The machine is ended at the test's last line: some do not power off by themselves.
cat "$dir/console" | sed -u '/BUSYGUEST-END /q' | tee console.again

if cmp -s console.log console.again; then
  echo "reproduce: the console is the same to the byte" >&2
else
  echo "reproduce: the console differs: diff console.log console.again" >&2
  results() { tr -d '\\r' <"$1" | grep -E '^(not )?ok [0-9]+ '; }
  results console.log >"$dir/then"
  results console.again >"$dir/now"
  diff "$dir/then" "$dir/now" >&2 || exit 1
  echo "reproduce: the results are the same" >&2
fi
`;
}

/** An option with its value a line, as a person would write it. */
function argLines(args: readonly string[]): string {
  const lines: string[] = [];
  for (const arg of args) {
    const last = lines.at(-1);
    const isValue = !arg.startsWith('-') && last !== undefined && !last.includes(' ');
    if (isValue) lines[lines.length - 1] = `${last} ${quoteWord(arg)}`;
    else lines.push(quoteWord(arg));
  }
  return lines.map((line) => `  ${line}`).join(' \\\n');
}
