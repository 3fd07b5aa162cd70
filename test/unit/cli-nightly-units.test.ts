// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { serviceUnit, timerUnit, unitMark, type UnitFacts } from '../../src/cli/systemd-units.js';
import { existsSync } from 'node:fs';

const facts: UnitFacts = {
  argv: ['/bin/echo', 'a b', '100%', '$HOME', 'say "x"', "it's", 'back\\slash', ''],
  tree: 'https://HOST/linux.git#50%',
  at: '02:17',
  environmentFile: '/home/me/.config/busyguest/nightly.env',
  path: '/usr/bin:/bin',
};

async function folder(t: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-units-'));
  t.after(() => rm(dir, { recursive: true }));
  return dir;
}

const without =
  spawnSync('systemd-analyze', ['--version']).status === 0
    ? false
    : 'systemd-analyze is not installed';

test('nightly: systemd finds no fault in the units', { skip: without }, async (t) => {
  const dir = await folder(t);
  const files = {
    'busyguest-x.service': serviceUnit({ ...facts, user: 'root' }),
    'busyguest-x.timer': timerUnit(facts),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const verify = (): { status: number | null; said: string } => {
    const paths = Object.keys(files).map((name) => join(dir, name));
    const { status, stdout, stderr } = spawnSync(
      'systemd-analyze',
      ['verify', '--man=no', ...paths],
      { encoding: 'utf8' },
    );
    return {
      status,
      said: `${stdout}${stderr}`
        .split('\n')
        .filter((line) => line.includes('busyguest-x'))
        .join('\n'),
    };
  };
  assert.deepEqual(verify(), { status: 0, said: '' });
  // It would find one.
  await writeFile(
    join(dir, 'busyguest-x.timer'),
    files['busyguest-x.timer'].replace('02:17:00', '25:17:00'),
  );
  assert.match(verify().said, /Failed to parse calendar specification/);
});

test('nightly: words reach the program as they are', () => {
  const unit = serviceUnit(facts);
  const [, line = ''] = /^ExecStart=(.*)$/m.exec(unit) ?? [];
  // As systemd.service(5) reads it.
  const words = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, text = '']) =>
    text.replace(/\\(.)/g, '$1').replaceAll('%%', '%').replaceAll('$$', '$'),
  );
  assert.deepEqual(words, facts.argv);
  assert.match(unit, /^Description=busyguest: a night of https:\/\/HOST\/linux\.git#50%%$/m);
  assert.doesNotMatch(unit, /^User=/m);
});

const program = new URL('../../../bin/busyguest.mjs', import.meta.url).pathname;

test('nightly: install writes what remove removes, and nothing of others', async (t) => {
  const dir = await folder(t);
  const config = join(dir, 'config');
  const bin = join(dir, 'bin');
  await mkdir(bin);
  // Keeps what it is told: no test may change the units of this computer.
  await writeFile(join(bin, 'systemctl'), `#!/bin/sh\necho "$@" >> '${dir}/told'\n`, {
    mode: 0o755,
  });
  const call = (...args: string[]): { status: number | null; said: string } => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, 'nightly', ...args], {
      encoding: 'utf8',
      cwd: dir,
      env: { ...process.env, XDG_CONFIG_HOME: config, PATH: `${bin}:${process.env['PATH'] ?? ''}` },
    });
    return { status, said: `${stdout}${stderr}` };
  };
  const asked = [
    'install',
    '--tree',
    'https://HOST/linux.git#master',
    '--mail-to',
    'me@example.org',
  ];
  const withMail = { BUSYGUEST_SMTP: 'smtp://127.0.0.1:1' };
  Object.assign(process.env, withMail);
  t.after(() => delete process.env['BUSYGUEST_SMTP']);
  const done = call(
    ...asked,
    '--results',
    'nights',
    '--at',
    '03:30',
    '--notify-command',
    'echo "$BUSYGUEST_RUN"',
  );
  assert.equal(done.status, 0, done.said);
  const units = join(config, 'systemd', 'user');
  const service = await readFile(join(units, 'busyguest-nightly.service'), 'utf8');
  assert.ok(service.startsWith(unitMark));
  assert.ok(
    service.includes(
      `"nightly" "run" "--quiet" "--tree" "https://HOST/linux.git#master" "--results" "${dir}/nights"`,
    ),
    service,
  );
  assert.ok(service.includes(String.raw`"--notify-command" "echo \"$$BUSYGUEST_RUN\""`));
  assert.doesNotMatch(service, /127\.0\.0\.1/);
  assert.match(
    await readFile(join(units, 'busyguest-nightly.timer'), 'utf8'),
    /^OnCalendar=\*-\*-\* 03:30:00$/m,
  );
  assert.equal(
    await readFile(join(dir, 'told'), 'utf8'),
    '--user daemon-reload\n--user enable --now busyguest-nightly.timer\n',
  );

  await writeFile(join(units, 'busyguest-mine.timer'), '[Timer]\n');
  assert.equal(call('remove', '--name', 'mine').status, 64);
  assert.equal(call(...asked, '--name', 'mine').status, 64);
  assert.equal(call(...asked, '--at', '24:00').status, 64);
  // A job matrix by its name: where it is, for a service that starts in another folder.
  assert.equal(call(...asked, '--matrix', 'pre-pull').status, 0);
  const named = await readFile(join(units, 'busyguest-nightly.service'), 'utf8');
  const [, matrix = ''] = /"--matrix" "(.*?)"/.exec(named) ?? [];
  assert.ok(matrix.endsWith('/jobs/pre-pull.yaml') && existsSync(matrix), matrix);
  for (const wrong of [asked, ['run', ...asked.slice(1)]]) {
    const { status, said } = call(...wrong, '--matrix', 'pre-pul');
    assert.equal(status, 64);
    assert.match(said, /did you mean "pre-pull"\?/);
  }
  assert.equal(call('remove').status, 0);
  assert.equal(existsSync(join(units, 'busyguest-nightly.service')), false);
  assert.equal(existsSync(join(units, 'busyguest-mine.timer')), true);
  assert.equal(call('remove').status, 64);
});
