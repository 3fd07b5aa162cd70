// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { before, test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunResult } from '../../src/model/result.js';
import { run } from '../../src/system/processes.js';
import { folder, latest, project, start, type Running } from '../integration/cli.js';
import { cipher, emulatedMachine, password, user, type EmulatedMachine } from './emulated-bmc.js';
import { hostImage, systemUp, type HostImage } from './host-image.js';

/** A firmware as petitboot is one: a menu that wants a key, then a shell. */
const petitboot = `${systemUp}
echo 'Petitboot (v1.13, emulated)   x) Exit to shell'
stty -icanon -echo
until [ "$(dd bs=1 count=1 2>/dev/null)" = x ]; do :; done
stty sane
echo "Exiting petitboot. Type 'exit' to return."
exec setsid cttyhack sh
`;

let image: HostImage;
before(async () => {
  image = await hostImage({ init: petitboot, files: [] });
});

/** What a user would write for the emulated machine, and the folder where it stands. */
async function describe(
  context: TestContext,
  machine: EmulatedMachine,
  { passwordIs = password, shellS = 240, mode = 0o600 } = {},
): Promise<Record<string, string>> {
  const config = await folder(context);
  await mkdir(join(config, 'busyguest', 'devices'), { recursive: true });
  const secret = join(config, 'password');
  await writeFile(secret, `${passwordIs}\n`, { mode });
  await writeFile(
    join(config, 'busyguest', 'devices', 'desk.yaml'),
    `kind: ipmi
bmc: {host: 127.0.0.1, port: ${machine.port}, user: ${user}, password-file: ${secret}, cipher: ${cipher}}
fetch: {address: 10.0.2.2, listen: 127.0.0.1}
promises: {platform: PowerNV, cpu: POWER9, nested_api: none}
timeouts: {shell-s: ${shellS}}
`,
  );
  return { XDG_CONFIG_HOME: config };
}

/** jobs/smoke.yaml on the described machine. */
async function matrix(dir: string): Promise<string> {
  const smoke = await readFile(join(project, 'jobs', 'smoke.yaml'), 'utf8');
  const text = smoke
    .replaceAll('patches/', `${project}/jobs/patches/`)
    .replace(/devices:\n( {2}- .*\n)+/, 'devices: [desk]\n');
  const file = join(dir, 'desk.yaml');
  await writeFile(file, text);
  return file;
}

interface Finished {
  readonly code: number | null;
  readonly stderr: string;
  readonly result: RunResult;
}

async function runOn(
  context: TestContext,
  env: Record<string, string>,
  meanwhile: (running: Running, results: string) => Promise<void> = () => Promise.resolve(),
  ...more: string[]
): Promise<Finished> {
  const results = await folder(context);
  const args = ['run', await matrix(results), '--results', results, '--verbose', ...more];
  const running = start(args, env);
  await meanwhile(running, results);
  const { code, stderr } = await running.ended;
  return { code, stderr, result: await latest(results) };
}

/** Ends busyguest's ipmitool, as a network that goes away does. */
async function cutConsole({ port }: EmulatedMachine): Promise<void> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    const words = text.split('\0');
    const isOurs = words[0] === 'ipmitool' && words.includes(String(port));
    if (isOurs && words.includes('activate')) process.kill(Number(pid), 'SIGKILL');
  }
}

/** Whether a machine of a run in `results` has printed something. */
async function hasPrinted(results: string): Promise<boolean> {
  const logs = (await readdir(results, { recursive: true })).filter((path) =>
    path.endsWith('firmware.log'),
  );
  const sizes = await Promise.all(logs.map(async (path) => (await stat(join(results, path))).size));
  return sizes.some((size) => size > 0);
}

const isOff = async (machine: EmulatedMachine): Promise<void> =>
  assert.match(await machine.ipmitool('chassis', 'power', 'status'), /is off/);

test('power on, SOL, HTTP, kexec, test, power off: verdict fixed; nowhere the password', async (context) => {
  const machine = await emulatedMachine(context, image);
  const env = await describe(context, machine);
  let results = '';
  const { code, stderr, result } = await runOn(context, env, (_, dir) => {
    results = dir;
    return Promise.resolve();
  });
  assert.equal(code, 0, stderr.slice(-3000));
  assert.deepEqual(
    result.jobs.map(({ kernel, status, asExpected }) => [kernel, status, asExpected]),
    [
      ['unpatched', 'FAIL', true],
      ['patched', 'PASS', true],
    ],
  );
  assert.equal(result.overall, 'fixed');
  await isOff(machine);
  assert.equal(await machine.powerOns(), 2);

  const [unpatched] = result.jobs;
  const dir = join(results, 'latest', unpatched?.name ?? '');
  const firmware = await readFile(join(dir, 'firmware.log'), 'latin1');
  const console = await readFile(join(dir, 'console.log'), 'latin1');
  assert.match(firmware, /Petitboot/);
  assert.match(firmware, /kexec -l/);
  assert.doesNotMatch(console, /Petitboot|OPAL v/);
  assert.match(console, /^\[ +0\.000000\]/);
  const found = await run(['grep', '-rl', password, results], { stage: 'test', okCodes: [0, 1] });
  assert.equal(found.stdout, '');
  assert.ok(!stderr.includes(password));
});

test('SOL that is cut in the middle comes back', async (context) => {
  const machine = await emulatedMachine(context, image);
  const env = await describe(context, machine);
  const cut = async (running: Running): Promise<void> => {
    for (const sign of ['waiting for its shell', 'starting the kernel']) {
      await running.said(sign);
      await cutConsole(machine);
    }
  };
  const { code, result, stderr } = await runOn(context, env, cut, '--filter', 'kernel=patched');
  const [job] = result.jobs;
  assert.match(stderr, /the console broke off; it is opened again/);
  assert.ok(Number(job?.deviceFacts?.['console_cuts']) >= 1, stderr.slice(-3000));
  assert.equal(job?.status, 'PASS', `${job?.reason}\n${stderr.slice(-3000)}`);
  assert.equal(code, 0);
  await isOff(machine);
});

test('a wrong password, and one that others can read', async (context) => {
  const machine = await emulatedMachine(context, image);
  const wrong = await describe(context, machine, { passwordIs: 'wrong' });
  const { code, result } = await runOn(context, wrong, undefined, '--filter', 'kernel=patched');
  assert.equal(code, 69);
  assert.equal(result.jobs[0]?.status, 'ERROR');
  assert.match(result.jobs[0]?.reason ?? '', /^power: .*password of the BMC/s);

  const open = await describe(context, machine, { mode: 0o644 });
  const check = await start(['devices', 'check', 'desk'], open).ended;
  assert.equal(check.code, 69);
  assert.match(check.stdout, /not ok {2}password: .* has mode 0644\n +chmod 600 /);
  assert.equal(await machine.powerOns(), 0);
});

test('a machine that never prints is power-cycled once, then ERROR', async (context) => {
  const machine = await emulatedMachine(context, image, true);
  const env = await describe(context, machine, { shellS: 5 });
  const { code, result } = await runOn(context, env, undefined, '--filter', 'kernel=patched');
  assert.equal(code, 69);
  assert.equal(result.jobs[0]?.status, 'ERROR');
  assert.match(result.jobs[0]?.reason ?? '', /^shell: the console printed nothing in 5 s/);
  assert.equal(await machine.powerOns(), 2);
  await isOff(machine);
});

test('devices check; a second run waits for the first; Ctrl-C switches the machine off', async (context) => {
  const machine = await emulatedMachine(context, image);
  const env = await describe(context, machine);
  const first = start(['devices', 'check', 'desk'], env);
  await first.said('waiting for its shell');
  const results = await folder(context);
  const second = start(
    ['run', await matrix(results), '--results', results, '--filter', 'kernel=patched', '--verbose'],
    env,
  );
  await second.said(`process ${first.pid} uses`);
  const { code, stdout } = await first.ended;
  assert.equal(code, 0, stdout);
  assert.deepEqual(
    [...stdout.matchAll(/^ok {2}(\w+):/gm)].map(([, step]) => step),
    ['here', 'password', 'power', 'console', 'shell', 'fetch', 'kexec'],
  );
  await second.said('waiting for its shell');
  // Before, the emulated machine hears nothing from its BMC, and is still to be switched on when it is switched off.
  while (!(await hasPrinted(results))) await sleep(100);
  second.kill('SIGINT');
  assert.equal((await second.ended).code, 130);
  await isOff(machine);
  assert.equal(await machine.powerOns(), 2);
});
