// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { LineSplitter } from '../console/lines.js';
import { flatten } from '../ktap/flatten.js';
import { KtapReader, type KtapDocument } from '../ktap/reader.js';
import { JobError, UsageError } from '../model/errors.js';
import type { CaseResult, RunResult } from '../model/result.js';
import { renderJunit } from '../reports/junit.js';
import { renderTap } from '../reports/tap.js';
import { Option } from 'commander';
import { exits, type Declare } from './command.js';

/** The most of a log that is read, bytes. */
const mostBytes = 1024 ** 3;

async function isFileOrPipe(file: string): Promise<boolean> {
  const found = await stat(file);
  return found.isFile() || found.isFIFO() || found.isSocket();
}

/** `busyguest parse FILE`: any TAP or KTAP log as TAP 14, JUnit or JSON. Exit 1 when a case failed, 65 when there is none. */
export async function parse(file: string, options: { readonly to: string }): Promise<number> {
  const reader = new KtapReader();
  const splitter = new LineSplitter();
  let bytes = 0;
  try {
    if (file !== '-' && !(await isFileOrPipe(file))) {
      throw new JobError([{ message: `${file}: refused: neither a file nor a pipe` }]);
    }
    const stream = file === '-' ? process.stdin : createReadStream(file);
    for await (const chunk of stream) {
      bytes += (chunk as Uint8Array).length;
      if (bytes > mostBytes) {
        throw new JobError([{ message: `${file}: refused: it has more than ${mostBytes} bytes` }]);
      }
      if (reader.isFull) continue;
      for (const line of splitter.push(chunk as Uint8Array)) reader.feed(line.text, line);
    }
  } catch (error) {
    if (error instanceof JobError) throw error;
    throw new UsageError(`${file}: ${(error as Error).message}`);
  }
  for (const line of splitter.end()) reader.feed(line.text, line);
  const document = reader.end();
  const cases = flatten(document);
  if (cases.length === 0)
    throw new JobError([{ message: `${file}: ${nothingIn(document, bytes)}` }]);
  process.stdout.write(
    options.to === 'json' ? json(cases, document.problems) : render(options.to, file, cases),
  );
  return cases.some(({ status }) => status !== 'PASS' && status !== 'SKIP') ? 1 : 0;
}

/** What is wrong with a log that has no result. */
function nothingIn({ plan }: KtapDocument, bytes: number): string {
  if (plan !== undefined) return `the plan promises ${plan} results, and there is none`;
  return bytes === 0 ? 'it is empty' : 'no TAP or KTAP result in it';
}

const json = (cases: readonly CaseResult[], problems: readonly string[]): string =>
  `${JSON.stringify({ cases, problems }, undefined, 2)}\n`;

// A log as a run of one job, so that the reports of runs serve it too.
function render(format: string, file: string, cases: readonly CaseResult[]): string {
  const failed = cases.some(({ status }) => status !== 'PASS' && status !== 'SKIP');
  const name = file === '-' ? 'stdin' : file;
  const status = failed ? 'FAIL' : 'PASS';
  const run: RunResult = {
    schema: 2,
    run: name,
    startedAt: '',
    matrix: name,
    verdicts: [],
    overall: 'none',
    interrupted: false,
    jobs: [
      {
        name,
        kernel: 'log',
        device: 'none',
        test: 'parse',
        status,
        expect: 'PASS',
        asExpected: !failed,
        reason: '',
        decidedBy: 'cases',
        cases,
        faults: [],
        facts: {},
        timesMs: {},
        reused: false,
      },
    ],
  };
  return format === 'junit' ? renderJunit(run) : renderTap(run);
}

/** Options and help of `busyguest parse`. */
export const declare: Declare = (command) =>
  command
    .argument('<file>', 'log file, or - for standard input')
    .addOption(
      new Option('--to <format>', 'form of the output')
        .choices(['tap', 'junit', 'json'])
        .default('tap'),
    )
    .addHelpText('after', '\nExample:\n  dmesg | busyguest parse - --to junit > kunit.xml')
    .action(exits(parse));
