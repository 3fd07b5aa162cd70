// SPDX-License-Identifier: MIT
// node scripts/write-man.mjs DIR: writes the manual, busyguest.1 and a page for each command, made of the command table.
// Needs what "npm run build" compiles.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { manualPages } from '../dist/src/cli/manual/page.js';
import { program } from '../dist/src/cli/program.js';

const [dir, ...more] = process.argv.slice(2);
if (dir === undefined || more.length > 0) {
  process.stderr.write('usage: node scripts/write-man.mjs DIR\n');
  process.exit(64);
}
// Packages are built again to the byte: https://reproducible-builds.org/docs/source-date-epoch/
const seconds = process.env.SOURCE_DATE_EPOCH;
const date = seconds === undefined ? new Date() : new Date(Number(seconds) * 1000);
const day = date.toISOString().slice(0, 10);
await mkdir(dir, { recursive: true });
for (const { file, text } of manualPages(await program(), day)) {
  await writeFile(join(dir, file), text);
}
