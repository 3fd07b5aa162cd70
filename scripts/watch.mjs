// SPDX-License-Identifier: MIT
// npm run test:watch -- NAME...: compiles what changes, and runs the unit tests with these names again, until Ctrl-C.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const names = process.argv.slice(2);
if (names.length === 0) {
  process.stderr.write(
    'usage: npm run test:watch -- NAME...\n' +
      'NAME: the unit tests with this in the name of their file\n' +
      'Example: npm run test:watch -- verdict-judge\n',
  );
  process.exit(64);
}

const compiler = [join(root, 'node_modules/typescript/bin/tsc'), '-p', root];
const { status } = spawnSync(process.execPath, compiler, { stdio: 'inherit' });
const dir = join(root, 'dist', 'test', 'unit');
const files = readdirSync(dir).filter(
  (file) => file.endsWith('.test.js') && names.some((name) => file.includes(name)),
);
if (files.length === 0) {
  process.stderr.write(`no unit test is named ${names.join(' or ')}\n`);
  process.exit(64);
}
if (status !== 0) process.stderr.write('these are the tests as they were compiled last\n');

const start = (argv) => spawn(process.execPath, argv, { stdio: 'inherit' });
const children = [
  start([...compiler, '--watch', '--preserveWatchOutput']),
  start(['--test', '--watch', ...files.map((file) => join(dir, file))]),
];
const end = () => {
  for (const child of children) child.kill('SIGTERM');
};
process.on('SIGINT', end);
process.on('SIGTERM', end);
for (const child of children) child.on('exit', end);
