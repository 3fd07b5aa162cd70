// SPDX-License-Identifier: MIT
// Nights of recorded runs, whose mails go through real servers and programs.
import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, test, type TestContext } from 'node:test';
import { night, type Tested } from '../../src/cli/night.js';
import { checkNightOptions, sourceOf, type NightOptions } from '../../src/cli/night-options.js';
import { reportsOfRun } from '../../src/cli/reports.js';
import { exitCode, InfraError } from '../../src/model/errors.js';
import type { RunResult } from '../../src/model/result.js';
import { nightLock } from '../../src/pipeline/night-record.js';
import { runReports } from '../../src/reports/report.js';
import { takeLock } from '../../src/system/lock.js';
import { mounted, rootOnly } from '../integration/mount.js';
import { mailServer } from './mail-server.js';
import { pairRun, writeRun } from './reports-html-run.js';

after(() => delete process.env['BUSYGUEST_SMTP']);

const tree = 'https://git.example.org/linux.git#master';

async function optionsIn(t: TestContext, more: Partial<NightOptions> = {}): Promise<NightOptions> {
  const results = await mkdtemp(join(tmpdir(), 'busyguest-night-'));
  t.after(() => rm(results, { recursive: true, force: true }));
  return { tree, results, keepRuns: '60', kcidb: false, quiet: true, ...more };
}

const mailTo = ['one@example.org', 'two@example.org'];

/** The same for a night that writes mails. */
const mailedIn = (t: TestContext, more: Partial<NightOptions> = {}): Promise<NightOptions> =>
  optionsIn(t, { mailTo, ...more });

/** What a test of day `day` leaves; `broken`: the patched kernel fails too. */
const tested =
  (day: number, broken = false) =>
  async ({ results }: NightOptions): Promise<Tested> => {
    const good = pairRun(['qemu-pseries-p9']);
    // Another kernel each time: with the same inputs the job would be flaky.
    const jobs = good.jobs.map((job) => ({
      ...job,
      facts: { ...job.facts, inputs_key: `${job.kernel}-${String(broken)}` },
      ...(broken &&
        job.kernel === 'patched' && {
          status: 'FAIL' as const,
          asExpected: false,
          reason: 'it ran on: 3.3 x the quota',
        }),
    }));
    const run: RunResult = {
      ...good,
      run: `2026110${day}-021700-nightly`,
      startedAt: `2026-11-0${day}T02:17:00.000Z`,
      matrix: 'nightly.yaml',
      jobs,
    };
    const dir = join(results, run.run);
    await writeRun(dir, run);
    assert.deepEqual(await runReports(reportsOfRun(undefined), run, dir), []);
    return { run, dir };
  };

const failing = (): Promise<Tested> =>
  Promise.reject(new InfraError('fetch', 'git cannot fetch', 'is the URL right?'));

test('night: a mail only of what changed', async (t) => {
  const { url, mails } = await mailServer(t);
  process.env['BUSYGUEST_SMTP'] = url;
  const options = await mailedIn(t, { mailFrom: 'ci@example.org' });
  assert.equal(await night(options, tested(1)), exitCode.ok);
  assert.match(mails[0]?.subject ?? '', /^busyguest: master: first night: fixed: /);
  assert.equal(mails[0]?.from?.address, 'ci@example.org');

  assert.equal(await night(options, tested(2, true)), exitCode.unexpected);
  const { subject, text = '', headers } = mails[1] ?? assert.fail('no mail');
  assert.equal(subject, 'busyguest: master: 1 new failure');
  assert.ok(
    headers.some(({ key, value }) => key === 'auto-submitted' && value === 'auto-generated'),
  );
  assert.match(text, /^since 20261101-021700-nightly: 1 new failure:\n/);
  assert.match(
    text,
    /\nNew failures \(1\):\n {2}patched-qemu-pseries-p9-busy-guest: PASS -> FAIL\n {4}it ran on/,
  );
  assert.match(text, /\nTree: {6}https:\/\/git\.example\.org\/linux\.git#master\n/);
  assert.match(text, /\nmachine +kernel +status .*\npseries-p9 +patched +FAIL/);
  assert.match(text, /\nNow: fixed: /);
  assert.match(text, /\nThe page of the run: .*20261102-021700-nightly\/report\.html\n/);
  for (const line of text.split('\n')) {
    assert.ok(line.length <= 72 || /^(?:The page|\S+$)/.test(line.trim()), line);
    assert.match(line, /^[ -~\r]*$/);
  }

  // The same failure is no news, and no new failure for the exit code.
  assert.equal(await night(options, tested(3, true)), exitCode.ok);
  assert.equal(mails.length, 2);

  assert.equal(await night(options, tested(4)), exitCode.ok);
  assert.equal(mails.length, 3);
  assert.equal(mails[2]?.subject, 'busyguest: master: 1 fixed');
  assert.match(mails[2]?.text ?? '', /\nFixed \(1\):\n/);
});

test('night: what keeps the branch from being tested is said once, and its end too', async (t) => {
  const { url, mails } = await mailServer(t);
  process.env['BUSYGUEST_SMTP'] = url;
  const options = await mailedIn(t);
  assert.equal(await night(options, tested(1)), exitCode.ok);
  await assert.rejects(night(options, failing), /git cannot fetch/);
  await assert.rejects(night(options, failing), /git cannot fetch/);
  assert.equal(await night(options, tested(2)), exitCode.ok);
  assert.equal(await night(options, tested(3)), exitCode.ok);
  assert.deepEqual(
    mails.slice(1).map(({ subject }) => subject),
    [
      'busyguest: master: not tested: fetch: git cannot fetch',
      'busyguest: master: the branch is tested again',
    ],
  );
  assert.match(mails[1]?.text ?? '', /what to do: is the URL right\?/);
});

test('night: a mail that cannot be sent is sent the next night', async (t) => {
  const { url, mails } = await mailServer(t);
  process.env['BUSYGUEST_SMTP'] = 'smtp://127.0.0.1:1';
  const options = await mailedIn(t);
  assert.equal(await night(options, tested(1)), exitCode.infrastructure);
  assert.equal(await night(options, tested(2, true)), exitCode.unexpected);
  process.env['BUSYGUEST_SMTP'] = url;
  assert.equal(await night(options, tested(3, true)), exitCode.ok);
  assert.deepEqual(
    mails.map(({ subject }) => subject?.replace(/: fixed: .*/s, '')),
    ['busyguest: master: first night', 'busyguest: master: 1 new failure'],
  );
  assert.equal(await night(options, tested(4, true)), exitCode.ok);
  assert.equal(mails.length, 2);
});

test('night: two at once, missed nights', async (t) => {
  const { url, mails } = await mailServer(t);
  process.env['BUSYGUEST_SMTP'] = url;
  const options = await mailedIn(t);
  const { signal } = new AbortController();
  const lock = await takeLock(nightLock(options.results), signal, () => assert.fail('held'));
  await assert.rejects(night(options, tested(1)), (error: InfraError) => {
    assert.match(
      error.report,
      /^nightly: process \d+ is testing in .*\n {2}what to do: let it end/,
    );
    return true;
  });
  await lock[Symbol.asyncDispose]();
  assert.equal(mails.length, 0);

  const file = join(options.results, 'nightly.json');
  assert.equal(await night(options, tested(1)), exitCode.ok);
  const started = new Date(Date.now() - 3.2 * 24 * 3600_000).toISOString();
  await writeFile(file, JSON.stringify({ startedAt: started, unsent: [] }));
  assert.equal(await night(options, tested(2)), exitCode.ok);
  assert.match(mails[1]?.subject ?? '', /: 2 nights were missed since /);
  assert.match(mails[1]?.text ?? '', /\nNote: 2 nights were missed since /);
  assert.equal(existsSync(nightLock(options.results)), false);
});

test('night: publishes, prunes and calls a command', async (t) => {
  process.env['BUSYGUEST_SMTP'] = '';
  const rest = await optionsIn(t);
  const site = join(rest.results, '..', `${rest.results.split('/').at(-1)}-site`);
  t.after(() => rm(site, { recursive: true, force: true }));
  const options: NightOptions = {
    ...rest,
    keepRuns: '2',
    publish: site,
    baseUrl: 'https://ci.example.org/nights/',
    notifyCommand: `cat > '${site}/mail'; printf '%s\\n%s\\n' "$BUSYGUEST_SUBJECT" "$BUSYGUEST_RUN" > '${site}/variables'`,
  };
  for (const [index, broken] of [false, false, true].entries()) {
    await night(options, tested(index + 1, broken));
  }
  assert.deepEqual(
    readdirSync(options.results).filter((name) => name.startsWith('2026')),
    ['20261102-021700-nightly', '20261103-021700-nightly'],
  );
  assert.ok(existsSync(join(site, 'index.html')));
  assert.ok(existsSync(join(site, '20261101-021700-nightly', 'report.html')));
  assert.ok(existsSync(join(site, '20261103-021700-nightly', 'results.json')));
  const [subject, dir] = readFileSync(join(site, 'variables'), 'utf8').split('\n');
  assert.equal(subject, 'busyguest: master: 1 new failure');
  assert.equal(dir, join(options.results, '20261103-021700-nightly'));
  const mail = readFileSync(join(site, 'mail'), 'utf8');
  assert.match(mail, /https:\/\/ci\.example\.org\/nights\/20261103-021700-nightly\/report\.html/);
});

test('night: a command that fails is said, and called again', async (t) => {
  const rest = await optionsIn(t);
  const code = await night({ ...rest, notifyCommand: 'exit 3' }, tested(1));
  assert.equal(code, exitCode.infrastructure);
  const record = JSON.parse(await readFile(join(rest.results, 'nightly.json'), 'utf8'));
  assert.equal(record.unsent.length, 1);
});

test('night: a full disk is said, by mail too', rootOnly, async (t) => {
  const results = await mounted(t, 'size=64k');
  if (results === undefined) return;
  const { url, mails } = await mailServer(t);
  process.env['BUSYGUEST_SMTP'] = url;
  const options = { ...(await mailedIn(t)), results };
  const full = async (): Promise<Tested> => {
    await writeFile(join(results, 'large'), Buffer.alloc(1024 ** 2));
    return assert.fail('the disk is not full');
  };
  await assert.rejects(night(options, full), { code: 'ENOSPC' });
  assert.equal(mails[0]?.subject, 'busyguest: master: not tested: no space left on the device');
  assert.match(mails[0]?.text ?? '', /Note: the disk of .* has only 0 MiB left\./s);
});

const msmtp = ['/usr/bin/msmtp', '/bin/msmtp'].find((path) => existsSync(path));

test(
  "mail: through msmtp, as the system's sendmail",
  { skip: msmtp ? false : 'msmtp is not installed' },
  async (t) => {
    const { url, mails } = await mailServer(t);
    const home = await mkdtemp(join(tmpdir(), 'busyguest-home-'));
    t.after(() => rm(home, { recursive: true }));
    const config = join(home, '.msmtprc');
    await writeFile(
      config,
      `account default\nhost 127.0.0.1\nport ${new URL(url).port}\ntls off\nauth off\n`,
    );
    await chmod(config, 0o600);
    await mkdir(join(home, 'bin'));
    await symlink(msmtp ?? '', join(home, 'bin', 'sendmail'));
    const { PATH, HOME } = process.env;
    t.after(() => Object.assign(process.env, { PATH, HOME }));
    Object.assign(process.env, {
      PATH: `${join(home, 'bin')}${delimiter}${PATH ?? ''}`,
      HOME: home,
      BUSYGUEST_SMTP: '',
    });
    const options = await mailedIn(t, { mailFrom: 'ci@example.org' });
    assert.equal(await night(options, tested(1)), exitCode.ok);
    assert.deepEqual(
      mails[0]?.to?.map(({ address }) => address),
      ['one@example.org', 'two@example.org'],
    );
    assert.match(mails[0]?.subject ?? '', /first night/);
  },
);

test('night: what is wrong with the options is said before anything runs', async () => {
  const good: NightOptions = { tree, results: 'r', keepRuns: '60', kcidb: false, quiet: true };
  await checkNightOptions(good);
  process.env['BUSYGUEST_SMTP'] = 'smtp://127.0.0.1:1';
  const wrong: readonly (readonly [Partial<NightOptions>, RegExp])[] = [
    [{ keepRuns: '0' }, /--keep-runs 0/],
    [{ mailTo: ['-oQ/tmp'] }, /--mail-to -oQ/],
    [{ mailTo: ['a@b\nBcc: c@d'] }, /--mail-to/],
    [{ mailFrom: 'nobody' }, /--mail-from nobody/],
    [{ baseUrl: 'ftp://x' }, /--base-url/],
    [{ tree: 'linux' }, /--tree linux: a branch is needed/],
    [{ matrix: 'm.yaml', device: ['d'] }, /--device/],
  ];
  for (const [more, message] of wrong) {
    await assert.rejects(checkNightOptions({ ...good, ...more }), message);
  }
  assert.equal(sourceOf('https://h/l.git#m'), 'git+https://h/l.git#m');
  assert.equal(sourceOf('git+ssh://h/l.git#m'), 'git+ssh://h/l.git#m');
  assert.equal(sourceOf('/src/linux#m'), '/src/linux#m');
});
