// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { busyguest, folder, latest, start, type Outcome } from '../integration/cli.js';
import { fix, KernelRepository } from './kernel-repository.js';

// Kernels are built here, one after the other; what two tests share is built once.
let dir: string;
let repository: KernelRepository;
let refs: string;
const device = 'qemu-pseries-p9';

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  repository = await KernelRepository.make(join(dir, 'linux.git'));
  makeSeries();
  makeHistory();
  refs = repository.git(['for-each-ref']);
});
after(() => rm(dir, { recursive: true, force: true }));

/** The branches `series` (the fix in two steps, of which only the second helps) and `broken`. */
function makeSeries(): void {
  const [select = '', rest = ''] = fix.split(/^(?=diff --git )/m).slice(1);
  repository.apply(select);
  const first = repository.commit('series', 'KVM: PPC: select what the fix needs', 'base');
  repository.apply(rest);
  repository.commit('series', 'KVM: PPC: the fix', first);
  repository.reset('base');
  repository.edit((text) => `${text}\n#error planted`, 'arch/powerpc/kernel/asm-offsets.c');
  repository.commit('broken', 'powerpc: do not compile', 'base');
}

/**
 * The branch `history`: the first commit has the fix, the seventh takes it out. Between them are
 * commits that change nothing, as merges often do, so that only two kernels have to be built;
 * and one whose configuration is broken.
 */
function makeHistory(): void {
  let tip: string | undefined;
  const next = (subject: string): void => {
    tip = repository.commit('history', subject, tip);
  };
  repository.reset('series');
  for (let n = 0; n < 4; n++) next(`change ${n}`);
  repository.edit((text) => `${text}\nno such keyword`, 'Kconfig');
  next('change 4: break the configuration');
  repository.reset('series');
  next('change 5: mend it');
  repository.reset('base');
  next('change 6: take out the fix');
  for (let n = 7; n < 10; n++) next(`change ${n}`);
}

const check = (...args: string[]): Promise<Outcome> =>
  busyguest(
    'check',
    '--tree',
    repository.dir,
    '--base',
    'base',
    '--device',
    device,
    '--quiet',
    '--results',
    dir,
    ...args,
  );

async function mbox(branch: string): Promise<string> {
  const path = join(dir, `${branch}.mbox`);
  await writeFile(
    path,
    `${repository.git(['format-patch', '--stdout', '--cover-letter', `base..${branch}`])}\n`,
  );
  return path;
}

test('check --each: the first patch has no effect, the second fixes; the mail can be sent', async () => {
  const { code, stdout } = await check('--each', '--series', await mbox('series'));
  const run = await latest(dir);
  assert.equal(run.overall, 'fixed', JSON.stringify(run.jobs.map(({ reason }) => reason)));
  assert.deepEqual(
    run.verdicts.map(({ patched, verdict }) => `${patched} ${verdict}`),
    ['patch-1 no-effect', 'patch-2 fixed'],
  );
  assert.equal(code, 0);
  const mail = await readFile(join(dir, 'latest', 'mail.txt'), 'utf8');
  assert.ok(stdout.includes(mail));
  assert.match(mail, /^Patch 2 mends it: /m);
  assert.match(mail, /^Tested-by: .* # cpu\.max with a busy KVM guest, 1 emulated machine$/m);
  assert.match(mail, new RegExp(`--base *(\\\\\\n *)?${repository.git(['rev-parse', 'base'])}`));
  assert.equal(repository.git(['for-each-ref']), refs);
});

test('check: the half of the fix that only selects a symbol has no effect', async () => {
  const series = join(dir, 'latest', 'series');
  const [first = ''] = (await readdir(series)).sort();
  const { code, stdout } = await check('--series', join(series, first));
  assert.equal((await latest(dir)).overall, 'no-effect');
  assert.equal(code, 1);
  assert.doesNotMatch(stdout, /Tested-by/);
});

test("check: a series that does not compile is a build FAIL with the compiler's line", async () => {
  const { code, stdout } = await check('--series', `${repository.dir}#base..broken`);
  const run = await latest(dir);
  assert.deepEqual(
    run.jobs.map(({ kernel, status, decidedBy }) => `${kernel} ${status} ${decidedBy}`),
    ['base FAIL cases', 'patched FAIL build'],
  );
  assert.match(run.jobs[1]?.reason ?? '', /^\S*asm-offsets\.c:\d+:\d+: error: #error planted/);
  assert.equal(code, 1);
  assert.match(stdout, /^patched: FAIL: .*\n?.*error: #error/m);
});

test('check: a series that does not apply names patch and hunk, before anything is built', async () => {
  const series = join(dir, 'stale.patch');
  await writeFile(series, fix.replace('select HAVE_KVM_IRQ_BYPASS', 'select SOMETHING_ELSE'));
  const { code, stderr } = await check('--series', series);
  assert.equal(code, 65);
  assert.match(stderr, /stale\.patch does not apply/);
  assert.match(stderr, /Hunk #1 FAILED/);
  assert.match(stderr, /VIRT_XFER_TO_GUEST_WORK/);
});

test('bisect finds the planted commit and shows the proof; a commit without a kernel is skipped', async () => {
  const bisect = ['bisect', '--tree', repository.dir, '--good', 'history~9', '--bad', 'history'];
  const { code, stdout } = await busyguest(
    ...bisect,
    '--device',
    device,
    '--results',
    dir,
    '--quiet',
  );
  assert.match(
    stdout,
    new RegExp(`^first bad commit: ${repository.git(['rev-parse', 'history~3'])}$`, 'm'),
  );
  assert.match(
    stdout,
    /change 6: take out the fix: bad: FAIL: busy_guest_obeys_quota: 3\.\d+ x the quota/,
  );
  assert.match(stdout, /change 5: mend it: good: PASS/);
  assert.match(stdout, /change 4: break the configuration: skip: FAIL: Kconfig:\d+: /);
  assert.equal(code, 0);
  assert.equal(repository.git(['for-each-ref']), refs);
});

/** Runs a command until its first job has ended, kills it, and gives the one folder that it left. */
async function killed(results: string, args: readonly string[]): Promise<string> {
  const running = start([...args, '--results', results]);
  await running.said('as expected');
  running.kill('SIGKILL');
  assert.equal((await running.ended).code, null, 'it was killed, and had not ended');
  const [left, ...more] = (await readdir(results)).filter((name) => name !== 'latest');
  assert.ok(left !== undefined && more.length === 0);
  return join(results, left);
}

test('bisect --resume after SIGKILL: the same answer, and no commit is told twice', async (context) => {
  const results = await folder(context);
  const run = await killed(results, [
    ...['bisect', '--tree', repository.dir, '--good', 'history~9', '--bad', 'history'],
    ...['--device', device],
  ]);
  const { code, stdout } = await busyguest('bisect', '--resume', run, '--quiet');
  assert.match(
    stdout,
    new RegExp(`^first bad commit: ${repository.git(['rev-parse', 'history~3'])}$`, 'm'),
  );
  assert.equal(code, 0);
  const log = await readFile(join(run, 'repository.git', 'BISECT_LOG'), 'utf8');
  const told = [...log.matchAll(/^git bisect (?:old|new|skip) (\w+)$/gm)].map(([, id]) => id);
  assert.equal(new Set(told).size, told.length, log);
  assert.equal(repository.git(['for-each-ref']), refs);
});

test('check --resume after SIGKILL: finished jobs stay, the rest is run, the mail is whole', async (context) => {
  const results = await folder(context);
  const run = await killed(results, [
    ...['check', '--tree', repository.dir, '--base', 'base', '--device', device, '--fresh'],
    ...['--jobs', '1', '--series', await mbox('series')],
  ]);
  const finished = join(run, `base-${device}-busy-guest`, 'status.json');
  const before = (await stat(finished)).mtimeMs;
  const { code } = await busyguest('check', '--resume', run, '--quiet');
  assert.equal((await latest(results)).overall, 'fixed');
  assert.equal(code, 0);
  assert.equal((await stat(finished)).mtimeMs, before);
  assert.match(await readFile(join(run, 'mail.txt'), 'utf8'), /^Tested-by: /m);
});

for (const [ref, code] of [
  ['history~9', 0],
  ['history', 1],
  ['history~5', 125],
] as const) {
  test(`bisect-step ${ref}: exit code ${code}`, async () => {
    const step = [
      'bisect-step',
      '--tree',
      repository.dir,
      '--ref',
      ref,
      '--results',
      dir,
      '--quiet',
    ];
    const outcome = await busyguest(...step);
    assert.equal(outcome.code, code, outcome.stdout + outcome.stderr);
  });
}

test('bisect-step: what is wrong with the command stops git bisect, and blames no commit', async () => {
  const wrong = [
    ['--devcie', 'x'],
    ['--device', 'x'],
    ['--ref', 'nowhere'],
    ['--tree', dir],
  ];
  for (const args of wrong) {
    const { code } = await busyguest(
      'bisect-step',
      '--tree',
      repository.dir,
      ...args,
      '--results',
      dir,
    );
    assert.ok((code ?? 0) >= 128, `${args.join(' ')}: ${code}`);
  }
});
