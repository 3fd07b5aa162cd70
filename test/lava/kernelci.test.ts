// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { readFlatResults } from '../../src/ktap/flat-result.js';
import { LavaServer } from '../../src/labs/lava/server.js';
import { Rest } from '../../src/labs/lava/rest.js';
import { busyguest } from '../integration/cli.js';
import { assertCameBack, comeBack, schedule, whyNoKernelci } from '../peers/kernelci.js';
import { lavaJobOn } from '../unit/labs-sample.js';
import { Lab } from './lab.js';
import { whyNoLab } from './lab-root.js';

const why = (await whyNoLab()) ?? whyNoKernelci;
const device = 'qemu-pseries-p9';
/** KernelCI builds the kernel of a checkout, and that of a patchset on top of it. */
const kernelOf = { checkout: 'unpatched', patchset: 'patched' } as const;

let lab: Lab;
let server: LavaServer;
let dir: string;
let storage: Server;
/** Files of KernelCI's storage by their paths, and what labs have sent to KernelCI by the same. */
const stored = new Map<string, string>();
const callbacks = new Map<string, string>();

/** KernelCI's storage, and where labs send results. */
async function serve(): Promise<string> {
  storage = createServer((request, response) => {
    const path = request.url ?? '';
    if (request.method !== 'POST') {
      const file = stored.get(path);
      if (file === undefined) return response.writeHead(404).end();
      return void readFile(file).then((data) => response.end(data));
    }
    let text = '';
    request.setEncoding('utf8').on('data', (part: string) => (text += part));
    return request.on('end', () => {
      callbacks.set(path, text);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(storage, 'listening');
  return `http://127.0.0.1:${(storage.address() as AddressInfo).port}`;
}

/** The kernels and the image of jobs/pre-pull.yaml, put where KernelCI would have them; the image's path. */
async function store(): Promise<{ readonly path: string; readonly sha256: string }> {
  const out = join(dir, 'published');
  const filter = ['--filter', `device=${device}`, '--quiet'];
  const made = await busyguest(
    ...['generate', '--for', 'lava', 'jobs/pre-pull.yaml', '--out', out, ...filter],
  );
  assert.equal(made.code, 0, made.stderr);
  let image = '';
  for (const [checkout, kernel] of Object.entries(kernelOf)) {
    const text = await readFile(join(out, `${kernel}-${device}-busy-guest.yaml`), 'utf8');
    const [vmlinux = '', initramfs = ''] = [...text.matchAll(/url: file:\/\/(\S+)/g)].map(
      ([, path = '']) => path,
    );
    stored.set(`/${checkout}/vmlinux`, vmlinux);
    stored.set('/initramfs', initramfs);
    image = [...text.matchAll(/sha256sum: (\w+)/g)][1]?.[1] ?? '';
  }
  return { path: '/initramfs', sha256: image };
}

describe('jobs that KernelCI has rendered, in a real LAVA server', { skip: why }, () => {
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'busyguest-lava-'));
    const { signal } = new AbortController();
    lab = await Lab.open(signal, (text) => console.log(text));
    server = new LavaServer(new Rest({ url: lab.url, token: lab.token }, { signal }));
  });
  after(async () => {
    storage.close();
    await lab[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  test("both kernels run, and the lab's own callback comes back as our cases", async () => {
    const url = await serve();
    const image = await store();
    const sample = lavaJobOn(device);
    const initramfs = { ...sample.initramfs, url: url + image.path, sha256: image.sha256 };
    const { jobs } = schedule([{ ...sample, initramfs }], url, url);
    assert.deepEqual(jobs.map(({ checkout }) => checkout).sort(), Object.keys(kernelOf).sort());
    for (const job of jobs) {
      const id = await server.submit(job.node.id, job.definition);
      assert.equal(await lab.ended(id, 'qemu-01'), 'Complete');
      const path = `/node/${job.node.id}`;
      while (!callbacks.has(path)) await once(storage, 'request');
      const file = join(dir, `${job.checkout}.json`);
      await writeFile(file, callbacks.get(path) ?? '');
      const log = await server.log(id, 0);
      const console = log.filter(({ level }) => level === 'target').map(({ message }) => message);
      const back = comeBack(job, 'callback', file);
      assert.equal(back.node_id, job.node.id);
      const result = job.checkout === 'checkout' ? 'fail' : 'pass';
      assertCameBack(job, back, readFlatResults(console.join('\n')), result);
    }
  });
});
