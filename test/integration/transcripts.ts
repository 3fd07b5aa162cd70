// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { busyguest, project } from './cli.js';

/** A command of README.md and what is printed after it. */
interface Transcript {
  readonly args: readonly string[];
  readonly lines: readonly string[];
  /** What `echo $?` prints after it; 0 where it is not asked. */
  readonly code: number;
}

/** The commands in README's ```console blocks that begin with `busyguest COMMAND`, in their order. */
export async function transcriptsOf(command: string): Promise<readonly Transcript[]> {
  const readme = await readFile(join(project, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/^```console\n(.*?)^```$/gms)].map(([, text = '']) => text);
  const found = blocks.flatMap((block) => block.split(/^\$ /m).slice(1).map(parse));
  return found.flatMap(({ args, lines }, index) => {
    if (args[0] !== 'busyguest' || args[1] !== command) return [];
    const next = found[index + 1];
    const code = next?.args[0] === 'echo' ? Number(next.lines[0]) : 0;
    return [{ args: args.slice(1), lines, code }];
  });
}

function parse(text: string): Omit<Transcript, 'code'> {
  const [command = '', ...lines] = text.replaceAll('\\\n', '').trimEnd().split('\n');
  return { args: command.trim().split(/\s+/), lines };
}

/**
 * What differs from day to day: versions of kernels, names of runs, times, the columns that they widen, and the third
 * digit of a ratio, which every change of the payload's bytes may move by one.
 */
const plain = (line: string): string =>
  line
    .replace(/\d+\.\d+[\w.~+-]*-\d[\w.~+]*/g, 'VERSION')
    .replace(/linux-source-\d+\.\d+/g, 'linux-source')
    .replace(/\b\d{8}-\d{6}-/g, 'RUN-')
    .replace(/\b\d[\d.]* (?:ms|s)\b/g, 'TIME')
    .replace(/\b\d+\.\d+(?= x )/g, (ratio) => Number(ratio).toPrecision(2))
    .replace(/ +/g, ' ')
    .trim();

/** Runs it and looks for its lines in what is printed, one after the other; `...` stands for lines that are left out. */
export async function replay({ args, lines, code }: Transcript, results: string): Promise<void> {
  const outcome = await busyguest(...args, '--results', results);
  const printed = outcome.stdout.split('\n').map(plain);
  let at = 0;
  let mayLeaveOut = false;
  for (const line of lines) {
    if (line === '...') {
      mayLeaveOut = true;
      continue;
    }
    const found = printed.indexOf(plain(line), at);
    const where = `${args.join(' ')}: ${line}\nis not in\n${outcome.stdout}${outcome.stderr}`;
    assert.ok(found >= 0 && (mayLeaveOut || found === at), where);
    at = found + 1;
    mayLeaveOut = false;
  }
  assert.equal(outcome.code, code, outcome.stderr);
}
