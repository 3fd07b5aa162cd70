// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import test from 'node:test';
import { inspect } from 'node:util';
import { InfraError, UsageError } from '../../src/model/errors.js';
import { kcidbReport } from '../../src/reports/kcidb.js';
import { parseKcidbRest, submitKcidb, type KcidbTarget } from '../../src/reports/kcidb-submit.js';
import { isValid, mistakes } from './kcidb-schema.js';
import { pairRun } from './reports-html-run.js';

const token = 's3cret-t0ken.abc';

interface Answer {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}

/** A server like KCIDB's: checks method, path, token and schema; `answers` go first, one a request. */
async function withServer(
  answers: readonly Answer[],
  use: (target: KcidbTarget, requests: string[]) => Promise<void>,
): Promise<void> {
  const requests: string[] = [];
  const left = [...answers];
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      requests.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
      const judge = (): Answer => {
        if (request.method !== 'POST' || request.url !== '/submit') return { status: 404 };
        if (request.headers.authorization !== `Bearer ${token}`) return { status: 401 };
        return isValid(JSON.parse(body))
          ? { status: 200, body: '{"id":"1"}' }
          : { status: 400, body: mistakes() };
      };
      const answer = left.shift() ?? judge();
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    await use(parseKcidbRest(`http://${token}@127.0.0.1:${port}`), requests);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

const report = JSON.stringify(kcidbReport(pairRun(['a']), {}));
const noWait = { waitsMs: [0, 0, 0] } as const;

test('submit: a run goes to a server that checks path, token and schema', () =>
  withServer([], async (target, requests) => {
    const { sent, attempts, text } = await submitKcidb(target, report, noWait);
    assert.deepEqual([sent, attempts], [true, 1]);
    assert.match(text, /HTTP 200: \{"id":"1"\}$/);
    assert.deepEqual(requests, [`POST /submit Bearer ${token}`]);
  }));

test('submit: again after what may pass, not after a refusal', () =>
  withServer(
    [{ status: 503 }, { status: 429, headers: { 'retry-after': '0' } }],
    async (target) => {
      const said: string[] = [];
      const { attempts } = await submitKcidb(target, report, {
        ...noWait,
        say: (text) => said.push(text),
      });
      assert.equal(attempts, 3);
      assert.equal(said.length, 2);
      assert.match(said[0] ?? '', /HTTP 503; again in 0 s$/);
      await assert.rejects(submitKcidb(target, '{"version":{"major":4}}', noWait), /HTTP 400/);
    },
  ));

const id = 'aB3'.repeat(10);
const says = (status: string, message = ''): Answer => ({
  status: status === 'notfound' ? 404 : 200,
  body: JSON.stringify({ id, status, message }),
});
const askedSoon = { ...noWait, pollMs: 0 } as const;

test('submit: asks until the server has accepted it', () =>
  withServer(
    [says('ok'), says('notfound'), says('ready', 'File waiting'), says('processed')],
    async (target, requests) => {
      const said: string[] = [];
      const { text } = await submitKcidb(target, report, {
        ...askedSoon,
        say: (line) => said.push(line),
      });
      assert.match(text, new RegExp(`: accepted \\(${id}\\)$`));
      assert.deepEqual(said, [`${id}: notfound`, `${id}: ready (File waiting)`]);
      assert.deepEqual(requests.slice(1), Array(3).fill(`GET /status?id=${id} Bearer ${token}`));
    },
  ));

test('submit: a submission that is refused after it came, or that nobody looks at, is an error', async () => {
  await withServer([says('ok'), says('failed', 'File failed to pass validation')], (target) =>
    assert.rejects(
      submitKcidb(target, report, askedSoon),
      (error: unknown) =>
        error instanceof InfraError && /refused .*: File failed to pass/.test(error.message),
    ),
  );
  await withServer([says('ok'), says('ready')], (target) =>
    assert.rejects(submitKcidb(target, report, { ...askedSoon, acceptMs: 0 }), (error: unknown) => {
      assert.ok(error instanceof InfraError);
      assert.match(error.advice, /has not accepted it within 0 s: ready; ask later: http.*status/);
      return !error.advice.includes(token);
    }),
  );
});

test('submit: gives up after its attempts', () =>
  withServer(Array<Answer>(9).fill({ status: 500 }), async (target, requests) => {
    await assert.rejects(submitKcidb(target, report, noWait), InfraError);
    assert.equal(requests.length, 4);
  }));

test('submit: a dry run sends nothing', () =>
  withServer([], async (target, requests) => {
    const { sent, text } = await submitKcidb(target, report, { dryRun: true });
    assert.equal(sent, false);
    assert.match(
      text,
      /^would post \d+ bytes to http:\/\/127\.0\.0\.1:\d+\/submit with the token$/,
    );
    assert.deepEqual(requests, []);
  }));

test('submit: the token follows no redirection', () =>
  withServer([], (elsewhere, stolen) =>
    withServer([{ status: 307, headers: { location: elsewhere.url } }], async (target) => {
      await assert.rejects(submitKcidb(target, report, { waitsMs: [] }), InfraError);
      assert.deepEqual(stolen, []);
    }),
  ));

test('submit: the token is in no text, whatever goes wrong', async () => {
  const said: string[] = [];
  const say = (text: string) => said.push(text);
  const failing = async (target: KcidbTarget): Promise<void> => {
    const error: unknown = await submitKcidb(target, report, { waitsMs: [0], say }).catch(
      (thrown: unknown) => thrown,
    );
    assert.ok(error instanceof InfraError);
    said.push(inspect(error, { depth: 9, showHidden: true }), error.message, error.todo ?? '');
  };
  const echo = { status: 500, body: `bad header Authorization: Bearer ${token}\u001b[31m` };
  await withServer([echo, echo], failing);
  await withServer([{ status: 401, body: token }], failing);
  await failing({ url: 'http://127.0.0.1:1/submit', token });
  await withServer([{ status: 200, body: token }], async (target) => {
    said.push((await submitKcidb(target, report, noWait)).text);
  });
  assert.ok(said.length > 8);
  for (const text of said) assert.ok(!text.includes(token), text);
  assert.ok(said.some((text) => text.includes('Bearer <token>')));
  assert.ok(said.every((text) => !text.includes('\u001b')));
});

test('submit: an answer without end is cut', async (context) => {
  const server = createServer((request, response) => {
    request.resume();
    const more = (): boolean => response.destroyed || (response.write('x'.repeat(65536)) && more());
    response.on('drain', more);
    more();
  });
  context.after(() => server.closeAllConnections());
  context.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { sent } = await submitKcidb({ url: `http://127.0.0.1:${port}/submit`, token }, '{}');
  assert.equal(sent, true);
});

test('submit: stops when it is told to', () =>
  withServer(Array<Answer>(3).fill({ status: 503 }), async (target) => {
    const stop = new AbortController();
    const say = () => stop.abort(new Error('told to'));
    await assert.rejects(
      submitKcidb(target, report, { waitsMs: [60_000], say, signal: stop.signal }),
    );
  }));

test('KCIDB_REST: token and URL apart', () => {
  const rows: readonly (readonly [string, string, string | undefined])[] = [
    ['https://abc@db.example.org/submit', 'https://db.example.org/submit', 'abc'],
    ['https://abc@db.example.org', 'https://db.example.org/submit', 'abc'],
    ['https://a%2Fb@db.example.org:444/x/', 'https://db.example.org:444/x/submit', 'a/b'],
    ['https://:abc@db.example.org/submit?a=1#b', 'https://db.example.org/submit?a=1', 'abc'],
    ['https://db.example.org/submit', 'https://db.example.org/submit', undefined],
    ['http://abc@localhost:8080', 'http://localhost:8080/submit', 'abc'],
  ];
  for (const [value, url, expected] of rows) {
    const target = parseKcidbRest(value);
    assert.equal(target.url, url);
    assert.equal(target.token, expected);
  }
});

test('KCIDB_REST: what is wrong is said without the value', () => {
  const rows: readonly (string | undefined)[] = [
    undefined,
    '',
    'sEcReT',
    'http://sEcReT@db.example.org/submit',
    'ftp://sEcReT@localhost/',
    'https://sEcReT%0d%0aX@db.example.org/',
    'https://sEcReT%ff@db.example.org/',
  ];
  for (const value of rows) {
    assert.throws(
      () => parseKcidbRest(value),
      (error: unknown) =>
        error instanceof UsageError && !inspect(error, { depth: 9 }).includes('sEcReT'),
    );
  }
});
