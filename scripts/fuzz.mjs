// SPDX-License-Identifier: MIT
// `npm run fuzz -- --minutes N | --inputs N [--target NAME] [--seed N] [--threads N]`: feeds every reader with mutated
// input, N minutes or N inputs in all. What breaks one is made small, kept in test/fixtures/fuzz/TARGET/ and from then
// on part of the unit tests. Counts, speed, the slowest input and the memory are printed at the end.
import { createHash } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { clearTimeout, setTimeout } from 'node:timers';
import { Worker } from 'node:worker_threads';
import { crashDir } from '../dist/test/fuzz/target.js';
import { targets } from '../dist/test/fuzz/targets.js';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    inputs: { type: 'string' },
    target: { type: 'string' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 30) },
    threads: { type: 'string', default: '1' },
  },
});
if (values.minutes === undefined && values.inputs === undefined) {
  process.stderr.write('usage: npm run fuzz -- --minutes N | --inputs N [--target NAME]\n');
  process.exit(64);
}
/** A thread that says nothing for so long hangs in one input: a batch takes seconds. */
const hangMs = 300_000;
/** No reader needs more, whatever it is fed. */
const maxHeapMb = 512;
/** Parts of the inputs, or of the time; deb and rpm write files, YAML and mail take long. */
const shares = {
  jobs: 1,
  mbox: 1,
  deb: 1,
  rpm: 1,
  console: 6,
  'disturbed-fail': 6,
  ktap: 24,
  tar: 8,
  cpio: 8,
  module: 4,
  manifest: 4,
  'boot-json': 4,
  'comparison-json': 4,
  'lava-answer': 2,
  'lava-log': 4,
  patch: 8,
};

const chosen = targets.filter(({ name }) => values.target === undefined || name === values.target);
const shareOf = ({ name }) => shares[name] ?? 1;
const sum = chosen.reduce((total, one) => total + shareOf(one), 0);
const startMs = Date.now();
const stopper = new AbortController();
const stop = stopper.signal;
// Each reader listens.
setMaxListeners(0, stop);

/** Runs one reader in a thread of its own; a hang or too much memory ends that thread, not us. */
function attack(target) {
  const part = shareOf(target) / sum;
  const inputs = values.inputs === undefined ? Infinity : Math.ceil(Number(values.inputs) * part);
  const lanes = Math.min(Number(values.threads), chosen.length);
  const minutes = values.minutes === undefined ? Infinity : Number(values.minutes) * part * lanes;
  const seed = Number(values.seed);
  const workerData = { target: target.name, seed, inputs, untilMs: Date.now() + minutes * 60_000 };
  return new Promise((resolve) => {
    const began = performance.now();
    let last = { inputs: 0, nextSeed: seed, rssBytes: 0, slowestMs: 0 };
    const worker = new Worker(join(root, 'dist/test/fuzz/worker.js'), {
      workerData,
      resourceLimits: { maxOldGenerationSizeMb: maxHeapMb },
    });
    const end = (fault) => {
      clearTimeout(timer);
      void worker.terminate();
      resolve({ target, ...last, seconds: (performance.now() - began) / 1000, fault });
    };
    const hangs = () => end(`hangs: --target ${target.name} --seed ${last.nextSeed} --inputs 500`);
    let timer = setTimeout(hangs, hangMs);
    worker.on('message', (progress) => {
      last = progress;
      clearTimeout(timer);
      timer = setTimeout(hangs, hangMs);
      if (progress.broken) end(keep(target, progress.broken));
    });
    worker.on('error', (error) => end(`${error.message} (after seed ${last.nextSeed})`));
    worker.on('exit', () => end(undefined));
    stop.addEventListener('abort', () => end(undefined));
  });
}

function keep(target, { input, error }) {
  const dir = crashDir(target.name);
  mkdirSync(dir, { recursive: true });
  const file = join(dir, createHash('sha256').update(input).digest('hex').slice(0, 12));
  writeFileSync(file, input);
  return `${error}\n  kept as ${file}`;
}

const queue = [...chosen];
for (const name of ['SIGINT', 'SIGTERM'])
  process.once(name, () => {
    queue.length = 0;
    stopper.abort();
  });
const results = [];
async function lane() {
  for (let target = queue.shift(); target !== undefined; target = queue.shift()) {
    const result = await attack(target);
    results.push(result);
    const { inputs, seconds, slowestMs, rssBytes, fault } = result;
    process.stdout.write(
      `${target.name}: ${inputs} inputs, ${Math.round(inputs / seconds)}/s, slowest ${slowestMs.toFixed(0)} ms, ` +
        `${(rssBytes / 1e6).toFixed(0)} MB resident${fault ? `\n  BROKEN: ${fault}` : ''}\n`,
    );
  }
}
await Promise.all(Array.from({ length: Number(values.threads) }, lane));
const total = results.reduce((all, { inputs }) => all + inputs, 0);
const broken = results.filter(({ fault }) => fault).length;
process.stdout.write(
  `${total} inputs in ${Math.round((Date.now() - startMs) / 1000)} s (seed ${values.seed}): ${broken} readers broken\n`,
);
process.exitCode = broken === 0 ? 0 : 1;
