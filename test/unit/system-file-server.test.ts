// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { FileServer } from '../../src/system/file-server.js';

test('the file server gives what is to be fetched once, once, and nothing else', async (context) => {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  const file = join(dir, 'kernel');
  await writeFile(file, 'image');
  let url = '';
  {
    await using server = await FileServer.listen({
      host: '127.0.0.1',
      port: 0,
      stage: 'fetch',
      todo: '',
    });
    url = server.urlFrom('127.0.0.1') + server.offerOnce(file);
    assert.match(url, /\/[0-9a-f]{32}$/);
    const status = async (path: string): Promise<number> => (await fetch(path)).status;
    for (const path of ['/', '/kernel', '/../etc/passwd', `${new URL(url).pathname}x`]) {
      assert.equal(await status(new URL(path, url).href), 404);
    }
    assert.equal((await fetch(url, { method: 'POST' })).status, 405);
    assert.equal((await fetch(url, { method: 'HEAD' })).headers.get('content-length'), '5');
    assert.equal(await (await fetch(url)).text(), 'image');
    assert.equal(await status(url), 404);
  }
  await assert.rejects(fetch(url));
});
