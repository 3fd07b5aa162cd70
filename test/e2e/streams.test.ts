// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, project, start } from '../integration/cli.js';

const program = join(project, 'bin', 'busyguest.mjs');

/** The exit code of a command whose readers have gone before it says anything. */
async function unheard(...args: string[]): Promise<number | null> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd: project,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  child.stderr.destroy();
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

test('nobody reads the output: the exit code still says what was found', async (context) => {
  const log = join(await folder(context), 'log.ktap');
  await writeFile(log, 'KTAP version 1\n1..2\nok 1 a\nnot ok 2 b\n');
  assert.equal(await unheard('parse', log), 1);
  assert.equal(await unheard('run', 'there-is-none.yaml'), 64);
});

test('output to a full disk: 69, and what to do', async () => {
  const full = openSync('/dev/full', 'w');
  const child = spawn(process.execPath, [program, '--help'], { stdio: ['ignore', full, 'pipe'] });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  assert.equal(code, 69, stderr);
  assert.match(stderr, /no space left/);
});

test('an error that nobody waits for is a bug of busyguest: 70, and 198 for git bisect', async (context) => {
  const results = await folder(context);
  const thrown = `setInterval(() => {
    if (process.listenerCount('uncaughtException') > 0) throw new Error('thrown by the test');
  }, 5);`;
  const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(thrown)}` };
  const served = await start(['serve', '--port', '0', '--results', results], env).ended;
  assert.equal(served.code, 70, served.stderr);
  assert.match(served.stderr, /a bug in busyguest; please report this:\n.*thrown by the test/);
  const step = await start(['bisect-step', '--tree', project, '--results', results], env).ended;
  assert.equal(step.code, 198, step.stderr);
});
