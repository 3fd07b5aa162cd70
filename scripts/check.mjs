// SPDX-License-Identifier: MIT
// `npm run check`: types, lint, format, at once; what each has to say comes in one piece.
import { Buffer } from 'node:buffer';
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const steps = [
  ['types', 'typescript/bin/tsc', ['-p', root]],
  ['lint', 'eslint/bin/eslint.js', ['.']],
  // By content: a file that was well formed still is.
  [
    'format',
    'prettier/bin/prettier.cjs',
    ['--check', '--log-level', 'warn', '--cache', '--cache-strategy', 'content', '.'],
  ],
];

function check([name, script, args]) {
  return new Promise((resolve) => {
    const argv = [join(root, 'node_modules', script), ...args];
    const child = spawn(process.execPath, argv, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
    const said = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => said.push(data));
    child.on('error', (error) => said.push(Buffer.from(`${error.message}\n`)));
    child.on('close', (code) => {
      process.stdout.write(Buffer.concat(said));
      process.stdout.write(`${code === 0 ? 'ok' : 'not ok'} check ${name}\n`);
      resolve(code === 0);
    });
  });
}

const results = await Promise.all(steps.map(check));
process.exit(results.every(Boolean) ? 0 : 1);
