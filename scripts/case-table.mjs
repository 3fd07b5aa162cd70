// SPDX-License-Identifier: MIT
// The C table of cases (guest-images/busy-guest/) as TypeScript and as a page of docs/. `npm run cases` writes both;
// `node scripts/case-table.mjs --check` exits 1 where one is not what the C table says.
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import prettier from 'prettier';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, 'guest-images', 'busy-guest');

/** The rows out of the C sources, in the order in which the program runs them: name, tags, why, run (the function that reports it). */
export async function readCaseTable() {
  const main = await readFile(join(program, 'cases.c'), 'utf8');
  const groups = [...main.matchAll(/^\t&(\w+)_cases,/gm)].map(([, group]) => group);
  const rows = await Promise.all(groups.map(readGroup));
  if (rows.some((group) => group.length === 0)) throw new Error('a group without a row');
  return rows.flat();
}

async function readGroup(group) {
  const text = await readFile(join(program, 'cases', `${group}.c`), 'utf8');
  const rows = text.matchAll(/\{ "(\w+)", "([\w ]+)",\s+"([^"]*)",\s+(\w+) \}/g);
  return [...rows].map(([, name, tags, why, run]) => ({ name, tags: tags.split(' '), why, run }));
}

const line = (cells) => `| ${cells.join(' | ')} |`;

const page = (rows) => `# Cases

Written by \`npm run cases\` from guest-images/busy-guest/cases/; do not edit. What they say of two kernels, and of kernels
that are wrong on purpose, is in docs/case-results.md.

A test of a job matrix runs those tagged \`basic\`; \`tags: [full]\` runs all, \`tags\` and \`cases\` choose (docs/writing-jobs.md).
\`busy-guest --tag full --list\` shows them on a machine. Tagged \`bug\`: depends on the bug and has to FAIL without the fix; the
others PASS on both. How the bounds come about is in docs/judging.md.

${[
  ['case', 'tags', 'why it is there'],
  ['---', '---', '---'],
]
  .map(line)
  .join('\n')}
${rows.map(({ name, tags, why }) => line([`\`${name}\``, tags.join(' '), why.replaceAll('|', '\\|')])).join('\n')}
`;

const code = (rows) => `// SPDX-License-Identifier: MIT
// Written by \`npm run cases\` from guest-images/busy-guest/cases/; do not edit.

/** A case of the program. */
export interface CaseRow {
  readonly name: string;
  readonly tags: readonly string[];
  /** The C function that reports it: all cases of one are selected together. */
  readonly run: string;
}

/** All cases in the order in which the program runs them. */
export const caseTable: readonly CaseRow[] = ${JSON.stringify(rows.map(({ name, tags, run }) => ({ name, tags, run })))};
`;

const written = [
  { file: 'src/payload/busy-guest/case-table.ts', text: code },
  { file: 'docs/cases.md', text: page },
];

async function texts() {
  const rows = await readCaseTable();
  const config = await prettier.resolveConfig(join(root, 'package.json'));
  const format = async ({ file, text }) => ({
    file,
    text: file.endsWith('.ts')
      ? await prettier.format(text(rows), { ...config, filepath: file })
      : text(rows),
  });
  return Promise.all(written.map(format));
}

/** Writes the two files. */
export async function writeCaseTable() {
  for (const { file, text } of await texts()) {
    await writeFile(join(root, file), text);
    process.stdout.write(`wrote ${file}\n`);
  }
}

if (process.argv[2] === '--check') {
  for (const { file, text } of await texts()) {
    if ((await readFile(join(root, file), 'utf8')) === text) continue;
    process.stderr.write(`${file} is not what guest-images/busy-guest/ says: npm run cases\n`);
    process.exitCode = 1;
  }
}
