// SPDX-License-Identifier: MIT
// `npm run bench:reader -- MB`: how fast a console is read, and with how much memory. A real console log, over and over.
import { readFileSync } from 'node:fs';
import { FaultReader } from '../dist/src/console/fault-reader.js';
import { LineSplitter } from '../dist/src/console/lines.js';
import { PayloadReader } from '../dist/src/ktap/payload.js';
import { KtapReader } from '../dist/src/ktap/reader.js';

const megabytes = Number(process.argv[2] ?? 200);
const log = readFileSync(new URL('../test/fixtures/consoles/clean-powernv.log', import.meta.url));
const rounds = Math.ceil((megabytes * 1e6) / log.length);

const readers = {
  'lines alone': () => [],
  'with KTAP': () => [new KtapReader()],
  'with faults': () => [new FaultReader()],
  'with all': () => [new KtapReader(), new FaultReader(), new PayloadReader()],
};
for (const [name, make] of Object.entries(readers)) {
  const splitter = new LineSplitter();
  const list = make();
  const start = performance.now();
  for (let i = 0; i < rounds; i++) {
    for (const line of splitter.push(log)) {
      for (const reader of list) {
        if (reader instanceof FaultReader) reader.feed(line.text, 'boot');
        else if (reader instanceof KtapReader) reader.feed(line.text, line);
        else reader.feed(line.text, line.terminated);
      }
    }
  }
  for (const reader of list) reader.end();
  const speed = (rounds * log.length) / 1e6 / ((performance.now() - start) / 1000);
  const memory = process.memoryUsage().rss / 1e6;
  process.stdout.write(`${name}: ${speed.toFixed(0)} MB/s, ${memory.toFixed(0)} MB resident\n`);
}
