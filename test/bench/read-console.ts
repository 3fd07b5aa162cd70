// SPDX-License-Identifier: MIT
// `node read-console.js READER BYTES`: reads a real console log over and over, and prints how long it took.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineSplitter } from '../../src/console/lines.js';
import { projectDir } from '../../src/system/files.js';
import { readers, type Reading } from './console-readers.js';

const [name = '', bytes = '0'] = process.argv.slice(2);
const log = readFileSync(join(projectDir, 'test/fixtures/consoles/clean-powernv.log'));
const feeds = readers[name]?.() ?? [];
const splitter = new LineSplitter();
const start = performance.now();
for (let read = 0; read < Number(bytes); read += log.length) {
  for (const line of splitter.push(log)) for (const feed of feeds) feed(line);
}
const reading: Reading = {
  wallMs: performance.now() - start,
  residentBytes: process.resourceUsage().maxRSS * 1024,
};
process.stdout.write(JSON.stringify(reading));
