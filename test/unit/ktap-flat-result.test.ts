// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { flatResults, readFlatResults } from '../../src/ktap/flat-result.js';
import { KtapReader } from '../../src/ktap/reader.js';
import { readPayload } from '../../src/ktap/payload.js';
import { projectDir } from '../../src/system/files.js';

const flat = [
  'BG-RESULT v1 name=kvm_hv_available result=pass measurement=1 unit=ok;',
  'BG-RESULT v1 name=busy_guest_obeys_quota result=fail measurement=0 unit=ok;',
  'BG-RESULT v1 name=busy_guest_obeys_quota__usage result=fail measurement=4043651 unit=us;',
  'BG-RESULT v1 name=busy_guest_obeys_quota__overrun_ratio result=fail measurement=3.314 unit=ratio;',
  'BG-RESULT v1 name=traced result=skip measurement=0 unit=ok;',
  'BG-RESULT v1 name=sloped result=pass measurement=1 unit=ok;',
  'BG-RESULT v1 name=sloped__runtime_slope_running result=pass measurement=-700.125 unit=ms/s;',
];
const log = [
  'BUSYGUEST-START v1',
  'KTAP version 1',
  '1..4',
  'ok 1 kvm_hv_available',
  flat[0] ?? '',
  '# metric: usage 4043651 us',
  '# metric: overrun_ratio 3.314 ratio',
  'not ok 2 busy_guest_obeys_quota',
  ...flat.slice(1, 4),
  'ok 3 traced # SKIP no tracefs',
  flat[4] ?? '',
  '# metric: runtime_slope_running -700.125 ms/s',
  'ok 4 sloped',
  ...flat.slice(5),
  'BUSYGUEST-END 1',
];

test('flat lines say what the KTAP says, and do not disturb it', () => {
  const { cases, problems } = readPayload(log);
  assert.deepEqual(problems, []);
  assert.deepEqual(readFlatResults(log.join('\r\n')), flatResults(cases));
  assert.equal(flatResults(cases).length, flat.length);
  const bare = readPayload(log.filter((line) => !line.startsWith('BG-RESULT')));
  assert.deepEqual(cases, bare.cases);
  const reader = new KtapReader();
  for (const line of log) reader.feed(line);
  assert.deepEqual(reader.end().problems, []);
});

test('every unit that the payload prints is read, and so by the sed of the test definition for LAVA', async () => {
  const dir = join(projectDir, 'guest-images', 'busy-guest');
  const sources = (await readdir(dir, { recursive: true })).filter((file) => file.endsWith('.c'));
  const code = await Promise.all(sources.map((file) => readFile(join(dir, file), 'utf8')));
  const metrics = code.join('').matchAll(/\b(?:ktap_)?metric\([^;]*"([^"]+)"\);/g);
  const units = [...new Set([...metrics].map((match) => match[1] ?? ''))].sort();
  assert.deepEqual(units, ['count', 'ms/s', 'ratio', 'us']);
  const lines = units.map(
    (unit) => `BG-RESULT v1 name=a__b result=pass measurement=-1.5 unit=${unit};`,
  );
  assert.deepEqual(
    readFlatResults(lines.join('\n')).map(({ unit }) => unit),
    units,
  );

  const file = join(projectDir, 'labs', 'lava', 'test-definitions', 'busy-guest.yaml');
  const { run } = parse(await readFile(file, 'utf8')) as { run: { steps: string[] } };
  const script = /^sed -n '(.*)' busy-guest\.log/.exec(
    run.steps.find((step) => step.startsWith('sed')) ?? '',
  );
  const said = execFileSync('sed', ['-n', script?.[1] ?? ''], { input: `${lines.join('\n')}\n` });
  assert.deepEqual(
    said.toString().trim().split('\n'),
    units.map((unit) => `lava-test-case a__b --result pass --measurement -1.5 --units ${unit}`),
  );
});

test('a line that is still coming matches nowhere', () => {
  for (const line of flat) {
    for (let end = 0; end < line.length; end++) {
      assert.deepEqual(readFlatResults(line.slice(0, end)), [], line.slice(0, end));
    }
    assert.equal(readFlatResults(line).length, 1);
  }
});

test('a case that was never reported has no line, a distrusted one is unknown', () => {
  const rows = flatResults([
    { name: 'a', status: 'MISS', metrics: [] },
    { name: 'b', status: 'ERROR', metrics: [] },
  ]);
  assert.deepEqual(
    rows.map(({ name, result }) => `${name} ${result}`),
    ['b unknown'],
  );
});
