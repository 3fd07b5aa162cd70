// SPDX-License-Identifier: MIT
// npm run cases: writes docs/cases.md and src/payload/busy-guest/case-table.ts from the C table of cases.
// npm run cases -- RUN MUTANTS...: also docs/case-results.md, from the results of jobs/full.yaml and of the mutants (folders
// under results/).
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readCaseTable, writeCaseTable } from './case-table.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [full, ...mutants] = process.argv.slice(2);
await writeCaseTable();
if (full === undefined) process.exit(0);
if (mutants.length === 0) {
  process.stderr.write(
    'usage: npm run cases [-- RUN MUTANTS...]\n' +
      'RUN: results folder of jobs/full.yaml, or - to leave what it says; MUTANTS: of npm run test:mutants, which prints it\n' +
      'Example: npm run cases -- results/20261122-231500-full results/20261122-232000-mutants\n',
  );
  process.exit(64);
}

const { devicesOf, fullIsKnown, readMutants, suiteResult } = await import(
  join(root, 'dist/test/mutants/mutants.js')
);
const results = async (run) => JSON.parse(await readFile(join(run, 'results.json'), 'utf8'));
const rows = await readCaseTable();
const { jobs } = full === '-' ? { jobs: [] } : await results(full);
const mutantList = await readMutants();
const mutantJobs = (await Promise.all(mutants.map(results)))
  .flatMap((run) => run.jobs)
  // Of a run that was cut short: no answer.
  .filter(({ decidedBy }) => decidedBy !== 'interrupted');

const devices = [...new Set(jobs.map(({ device }) => device))];
const kernels = [...new Set(jobs.map(({ kernel }) => kernel))];

/** The result of a case: of a machine with the CPUs it needs where there was one. */
function statusOf(name, kernel, device) {
  const seen = jobs
    .filter((job) => job.kernel === kernel && job.device === device)
    .flatMap(({ cases, test }) =>
      cases.filter((one) => one.name === name).map((one) => ({ ...one, test })),
    );
  const told = seen.find(({ status }) => status !== 'SKIP') ?? seen[0];
  return told?.status ?? '-';
}

const cell = (text) => text.replaceAll('|', '\\|');
const line = (cells) => `| ${cells.join(' | ')} |`;
const head = (cells) => [line(cells), line(cells.map(() => '---'))];

const columns = devices.flatMap((device) => kernels.map((kernel) => ({ device, kernel })));
const table = [
  ...head([
    'case',
    ...columns.map(({ device, kernel }) => `${device.replace('qemu-', '')} ${kernel}`),
  ]),
  ...rows.map(({ name }) =>
    line([`\`${name}\``, ...columns.map(({ device, kernel }) => statusOf(name, kernel, device))]),
  ),
];
const skips = new Map();
for (const { device, cases } of jobs)
  for (const { name, status, reason } of cases)
    if (status === 'SKIP' && kernels.some((kernel) => statusOf(name, kernel, device) === 'SKIP'))
      skips.set(`${device.replace('qemu-', '')}: ${reason}`, true);
const wall = devices.flatMap((device) =>
  kernels.map((kernel) => {
    const own = jobs.filter((job) => job.kernel === kernel && job.device === device);
    const ms = own.reduce((sum, { timesMs }) => sum + (timesMs.boot ?? 0) + (timesMs.test ?? 0), 0);
    return `${device.replace('qemu-', '')} ${kernel} ${(ms / 1000).toFixed(0)} s`;
  }),
);
/** What a suite said; the full one has the cases of the basic one, and is asked only where that does not say FAIL. */
function answerOf(suite, kernel, device) {
  const basic = suiteResult(mutantJobs, 'basic', kernel.name, device);
  if (suite === 'basic' || fullIsKnown(basic) || basic.status === 'SKIP') return basic;
  return suiteResult(mutantJobs, 'full', kernel.name, device);
}
/** What the suites said on a device, and the first things that they saw. */
function mutantCells(kernel, device) {
  const [basic, full] = ['basic', 'full'].map((suite) => answerOf(suite, kernel, device));
  const by = [...full.faults.slice(0, 1).map(cell), ...full.failed.map((name) => `\`${name}\``)];
  const shown = by.length > 3 ? [...by.slice(0, 2), `${by.length - 2} more`] : by;
  return [basic.status ?? 'not run', full.status ?? 'not run', shown.join(', ') || '-'];
}
const statusesOf = (kernel, device) =>
  ['basic', 'full'].map((suite) => answerOf(suite, kernel, device).status);
/** A device that this machine's QEMU has not says SKIP to all. */
const wasAsked = (kernel, device) =>
  statusesOf(kernel, device).some((status) => status !== undefined && status !== 'SKIP');
/** Devices that say the same share a row. */
function mutantRows(kernel) {
  const devices = devicesOf(mutantList, kernel).filter((device) => wasAsked(kernel, device));
  const rows = new Map();
  for (const device of devices) {
    const cells = JSON.stringify(mutantCells(kernel, device));
    rows.set(cells, [...(rows.get(cells) ?? []), device]);
  }
  return [...rows].map(([cells, same]) => {
    const where = same.length === mutantList.devices.length ? ['all'] : same;
    return line([
      `\`${kernel.name}\``,
      cell(kernel.what),
      where.map((device) => device.replace('qemu-', '')).join(', '),
      ...JSON.parse(cells),
    ]);
  });
}
const mutantHead = head(['kernel', 'what is different', 'devices', 'basic', 'full', 'caught by']);
const mutantTable = [...mutantHead, ...mutantList.wrong.flatMap(mutantRows)];
const rightTable = [...mutantHead, ...mutantList.right.flatMap(mutantRows)];
/** How many of the suite's answers on kernels that reach a device have a status. */
function share(kernels, suite, status) {
  const answers = kernels.flatMap((kernel) =>
    devicesOf(mutantList, kernel)
      .map((device) => answerOf(suite, kernel, device).status)
      .filter((status) => status !== 'SKIP'),
  );
  const told = answers.filter((one) => one !== undefined);
  const right = told.filter((one) => one === status).length;
  return `${right} of ${told.length} (${answers.length - told.length} more were not asked)`;
}
const unreached = mutantList.wrong
  .filter((kernel) => devicesOf(mutantList, kernel).length === 0)
  .map(({ name }) => `\`${name}\``);

const facts = jobs[0]?.facts ?? {};
const target = join(root, 'docs', 'case-results.md');
const heading = '## Wrong kernels, and right ones of other shapes';
/** What jobs/full.yaml said, or what is there already. */
const firstPart = `# What the cases say

Written by \`npm run cases -- RUN MUTANTS\` from results; do not edit. What each case is there for is in docs/cases.md.

## Two kernels

\`busyguest run jobs/full.yaml\`, ${facts.kernel_source ?? 'kernel unknown'}, limit 30000 100000, ${facts.qemu ?? 'QEMU unknown'}.

${table.join('\n')}

Skipped: ${[...skips.keys()].join('; ') || 'none'}.

Wall time, boot to end, two jobs at once on two CPUs: ${wall.join(', ')}.

`;
const kept = async () => (await readFile(target, 'utf8')).split(/^## Wrong /m)[0];
await writeFile(
  target,
  `${full === '-' ? await kept() : firstPart}${heading}

Kernels that are wrong on purpose (test/mutants/), and what the quick suite (jobs/pre-pull.yaml) and the whole one
(jobs/full.yaml) say of them on the devices that reach what is wrong; \`npm run test:mutants\` builds them and compares. The
whole suite has every case of the quick one, so it is run only where that does not say FAIL.
FAIL from basic: ${share(mutantList.wrong, 'basic', 'FAIL')}; from full: ${share(mutantList.wrong, 'full', 'FAIL')}.
No device reaches: ${unreached.join(', ') || 'none'}.

${mutantTable.join('\n')}

Right kernels, with the fix in another place, with other bytes, or with other settings. PASS from basic:
${share(mutantList.right, 'basic', 'PASS')}; from full: ${share(mutantList.right, 'full', 'PASS')}.

${rightTable.join('\n')}
`,
);
process.stdout.write(`wrote ${join(root, 'docs', 'case-results.md')}\n`);
