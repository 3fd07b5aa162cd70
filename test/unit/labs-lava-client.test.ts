// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { flatResults } from '../../src/ktap/flat-result.js';
import { lavaIdentity } from '../../src/labs/lava/identity.js';
import { consoleOf, readLog } from '../../src/labs/lava/log.js';
import { messageOf, Rest } from '../../src/labs/lava/rest.js';
import { LavaServer } from '../../src/labs/lava/server.js';
import { compareRecord } from '../../src/labs/lava/record.js';

const dir = mkdtempSync(join(tmpdir(), 'busyguest-lavacli-'));
after(() => rmSync(dir, { recursive: true, force: true }));
writeFileSync(
  join(dir, 'lavacli.yaml'),
  'home:\n  uri: https://me:old@lava.example.org/RPC2\n  token: from-lavacli\nodd: 7\n',
);
const environment = { XDG_CONFIG_HOME: dir };
const cases = [
  {
    name: 'busy_guest_obeys_quota',
    status: 'PASS' as const,
    metrics: [{ name: 'usage', value: 905765, unit: 'us' }],
  },
];
const rows = flatResults(cases).map(({ name, result, measurement, unit }) => ({
  name,
  result,
  value: measurement,
  unit,
}));

test('the server by its URL, whichever interface it names, or by an identity of lavacli', async () => {
  for (const name of ['home', 'https://lava.example.org', 'https://lava.example.org/api/v0.2/']) {
    assert.deepEqual(await lavaIdentity(name, environment), {
      url: 'https://lava.example.org',
      token: 'from-lavacli',
    });
  }
  await assert.rejects(lavaIdentity('away', environment), /neither a URL .* nor an identity/);
});

test('the token of the environment first; another server gets none of lavacli', async () => {
  const both = { ...environment, LAVA_TOKEN: 'b', BUSYGUEST_LAVA_TOKEN: 'a' };
  assert.equal((await lavaIdentity('home', both)).token, 'a');
  assert.equal((await lavaIdentity('https://other.example.org', environment)).token, undefined);
});

test('a token that no header can carry is not shown', async () => {
  await assert.rejects(
    lavaIdentity('home', { LAVA_TOKEN: 'secret\nsecret', ...environment }),
    (error: Error) => {
      assert.doesNotMatch(error.message, /secret/);
      return /no token has/.test(error.message);
    },
  );
});

test("LAVA's log: YAML that is JSON and YAML that is not; what cannot be read still counts", () => {
  const lines = readLog(
    '- {"dt": "1", "lvl": "target", "msg": "a \\"b\\""}\n' +
      '- {"dt": "2", "lvl": "results", "msg": {"case": "x", "measurement": ! "997600.0"}}\n' +
      '- {"dt": "3", "lvl": "target", "msg": "\\x1b[0m\\r"}\n' +
      '- {broken\n',
  );
  assert.deepEqual(
    lines.map(({ level }) => level),
    ['target', 'results', 'target', 'unreadable'],
  );
  assert.equal(consoleOf(lines), 'a "b"\n\u001b[0m\r\n');
});

test('rows that LAVA recorded are compared with the console: missing, cut, another result', () => {
  assert.deepEqual(compareRecord({ cases }, rows), { disagreements: [], missing: [] });
  const lost = compareRecord({ cases }, rows.slice(1));
  assert.deepEqual(lost, { disagreements: [], missing: [rows[0]?.name] });
  const [nothing] = compareRecord({ cases }, []).disagreements;
  assert.equal(nothing, `none of ${rows.length} results is recorded`);
  const cut = rows.map((row) => (row.value > 1 ? { ...row, value: 90 } : row));
  assert.match(
    compareRecord({ cases }, cut).disagreements[0] ?? '',
    /recorded as 90 us, console: 905765 us/,
  );
  const other = rows.map((row) => ({ ...row, result: 'fail' }));
  assert.match(
    compareRecord({ cases }, other).disagreements[0] ?? '',
    /recorded as fail, console: pass/,
  );
});

test('an error of the server is one line, whatever it sends', () => {
  assert.equal(messageOf('{"message": "Job invalid:\\n  x"}'), 'Job invalid: x');
  assert.equal(
    messageOf('<!DOCTYPE html><h1>Server Error</h1>'),
    'an error of the server, as a page',
  );
  assert.equal(messageOf(''), 'an empty answer');
});

test('a page that links to another host: the token is not sent there', async (context) => {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const next = asked.length === 1 ? 'http://evil.invalid/api/v0.2/devices/?offset=1' : null;
    response.end(JSON.stringify({ count: 0, next, results: [] }));
  }).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { signal } = new AbortController();
  await new LavaServer(new Rest({ url, token: 't' }, { signal })).devices();
  assert.deepEqual(asked, ['/api/v0.2/devices/?limit=200', '/api/v0.2/devices/?offset=1']);
});

test('a job is cancelled by POST, as in LAVA of today, and by GET where POST is refused, as in 2023.01', async (context) => {
  for (const takes of ['POST', 'GET']) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.statusCode = request.method === takes ? 200 : 405;
      response.end(JSON.stringify({ message: 'Job cancel signal sent.' }));
    }).listen(0, '127.0.0.1');
    context.after(() => server.close());
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const { signal } = new AbortController();
    await new LavaServer(new Rest({ url, token: 't' }, { signal })).cancel(7);
    const post = 'POST /api/v0.2/jobs/7/cancel/';
    assert.deepEqual(asked, takes === 'POST' ? [post] : [post, 'GET /api/v0.2/jobs/7/cancel/']);
  }
});
