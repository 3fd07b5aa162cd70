// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { LavaLab } from '../../src/devices/lava/lava-lab.js';

test('a lab is asked once for its devices and once for those of a tag, not for every job', async (context) => {
  const asked: string[] = [];
  const device = (hostname: string, health: string) => ({
    hostname,
    health,
    device_type: 'power9',
    state: 'Idle',
  });
  const all = [device('one', 'Good'), device('two', 'Good'), device('old', 'Retired')];
  const server = createServer(({ url = '' }, response) => {
    asked.push(url);
    const tag = new URL(url, 'http://lab').searchParams.get('tags__name');
    const results = tag === null ? all : all.filter(({ hostname }) => tag.includes(hostname));
    response.end(JSON.stringify({ next: null, results }));
  }).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const labWith = (...tags: string[]): LavaLab => {
    const use = { identity: { url, token: 't' }, tags, queueMs: 1, say: () => undefined };
    return new LavaLab(use, new AbortController().signal);
  };

  const lab = labWith('one,two', 'two,old');
  for (let job = 0; job < 3; job += 1) assert.deepEqual(await lab.missing('power9'), []);
  assert.deepEqual(asked.splice(0), [
    '/api/v0.2/devices/?limit=200',
    '/api/v0.2/devices/?limit=200&tags__name=one%2Ctwo',
    '/api/v0.2/devices/?limit=200&tags__name=two%2Cold',
  ]);
  const other = labWith('one', 'two,old');
  for (let job = 0; job < 2; job += 1) {
    assert.match((await other.missing('power9'))[0] ?? '', /with the tags one, two,old$/);
  }
  assert.equal(asked.length, 3);
});
