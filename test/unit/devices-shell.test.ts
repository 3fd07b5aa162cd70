// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { existsSync } from 'node:fs';
import { test, type TestContext } from 'node:test';
import { architectures } from '../../src/architectures/architectures.js';
import { bootIdWord } from '../../src/devices/boot-id.js';
import { testScript, RunningKernel } from '../../src/devices/local/running-kernel.js';
import { localDevice } from '../../src/devices/local/local-device.js';
import { ConsoleShell } from '../../src/devices/shell/console-shell.js';
import { KernelPart } from '../../src/devices/shell/kernel-part.js';
import { fill } from '../../src/devices/shell/kexec.js';
import { InfraError } from '../../src/model/errors.js';
import { readSecret } from '../../src/system/secrets.js';

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true }));
  return dir;
}

/** A console with a menu that wants a key, then a shell that knows two commands. */
function firmware(): ConsoleShell {
  let typed = '';
  let menu = true;
  const say = (text: string): void => {
    for (const piece of text.match(/[^]{1,3}/g) ?? []) shell.feed(Buffer.from(piece));
  };
  const write = (text: string): void => {
    typed += text;
    if (menu && typed.includes('x')) {
      menu = false;
      typed = '';
      say('\r\nbye\r\n\x1b[1m/ # \x1b[6n');
    }
    const end = typed.indexOf('\r');
    if (menu || end < 0) return;
    const line = typed.slice(0, end);
    typed = '';
    say(`${line.slice(0, 20)}\r\n${line.slice(20)}\r\n`);
    const [, code, number] = /^(true|false).*-\$\?-(\d+)-/.exec(line) ?? [];
    say(`noise\r\nbusyguest-${code === 'true' ? 0 : 1}-${number}-\r\n/ # \x1b[6n`);
  };
  const dialogue = { prompt: /[#$] ?$/, keys: [{ when: /Petitboot/, send: 'x' }] };
  const shell = new ConsoleShell({ write }, dialogue, new AbortController().signal);
  setImmediate(() => say('# # skiboot\r\nPetitboot (v1)\r\n'));
  return shell;
}

test('a shell behind a menu; codes of commands, whatever stands around them', async () => {
  const shell = firmware();
  await shell.ready(60_000);
  assert.equal((await shell.run('true', 60_000)).code, 0);
  assert.equal((await shell.run('false', 60_000)).code, 1);
});

test('a console without a shell, and one without a word', async () => {
  const dialogue = { prompt: /# $/, keys: [] };
  const mute = new ConsoleShell({ write: () => {} }, dialogue, new AbortController().signal);
  await assert.rejects(mute.ready(300), /printed nothing in 0.3 s/);
  mute.feed(Buffer.from('login: '));
  await assert.rejects(
    mute.ready(300),
    (error) => error instanceof InfraError && error.logTail.includes('login:'),
  );
});

test('the kernel speaks from its first line on; half a line is none', () => {
  const part = new KernelPart();
  const kernel: string[] = [];
  const firmware: string[] = [];
  const push = (text: string): void => {
    const sides = part.push(Buffer.from(text));
    kernel.push(sides.kernel.toString());
    firmware.push(sides.firmware.toString());
  };
  push("[   98.1] kexec_core: Starting new kernel\nI'm in purg");
  push('atory\n[    0.000000] radix-mmu\n[ 98.2,5] OPAL: Switch\nok 1 a\n# metric: usage 29');
  part.cut();
  push('78 us\nok 2 b\n');
  assert.equal(firmware.join(''), "[   98.1] kexec_core: Starting new kernel\nI'm in purgatory\n");
  assert.equal(
    kernel.join(''),
    '[    0.000000] radix-mmu\n[ 98.2,5] OPAL: Switch\nok 1 a\nok 2 b\n',
  );
});

test('commands are filled in as single words', () => {
  const line = fill('load {kernel} "{line}" {other}', { kernel: '/tmp/a b', line: '$(x)' });
  assert.equal(line, `load '/tmp/a b' "'$(x)'" {other}`);
});

test('a password file that others may read is refused, and never shown', async (context) => {
  const file = join(await folder(context), 'password');
  await writeFile(file, 'hunter2\nsecond line\n', { mode: 0o600 });
  assert.equal(await readSecret({ file }), 'hunter2');
  for (const mode of [0o644, 0o640, 0o604]) {
    await chmod(file, mode);
    await assert.rejects(
      readSecret({ file }),
      (error) =>
        error instanceof InfraError && !`${error.message}${error.todo}`.includes('hunter2'),
    );
  }
  await assert.rejects(readSecret({ variable: 'BUSYGUEST_NO_SUCH' }), /is not set/);
});

test('local: what is missing on this computer is said, not that it is another architecture', async () => {
  const missing = await localDevice.missing();
  const isKnown = architectures.some(({ node }) => node === process.arch);
  assert.equal(missing.includes(`this computer is ${process.arch}`), !isKnown);
  const opens = existsSync('/dev/kvm');
  assert.ok(opens || missing.some((one) => one.includes('/dev/kvm')), missing.join());
});

/** Stands for the payload: leaves something behind unless it is told to end. */
const program =
  '#!/bin/sh\ntrap "rm $1; exit 3" TERM\ntouch $1\necho "1..1"\nwhile :; do sleep 0.05; done\n';

test('a test on the running kernel cleans up when its connection ends', async (context) => {
  const dir = await folder(context);
  const payload = join(dir, 'payload');
  const left = join(dir, 'group');
  await writeFile(payload, program, { mode: 0o755 });
  const commandLine = [bootIdWord('0123456789abcdef')];
  const script = testScript(payload, { payloadArgs: [left], commandLine }, true);
  const machine = new RunningKernel(['sh', '-c', script], {}, async () => {});
  const said: string[] = [];
  for await (const chunk of machine.console) {
    said.push(Buffer.from(chunk).toString());
    if (said.join('').includes('1..1')) break;
  }
  assert.match(said.join(''), /^BUSYGUEST-START v1 boot=0123456789abcdef\n1\.\.1\n/);
  await machine[Symbol.asyncDispose]();
  await assert.rejects(readFile(left), /ENOENT/);
  await assert.rejects(readFile(payload), /ENOENT/);
});
