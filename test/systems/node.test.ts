// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, latest } from '../integration/cli.js';
import { installGlobally, must, pack, stateOf } from '../install/npm-package.js';
import { nodeOf } from './node-versions.js';

// What test/install looks at in detail on the Node.js of this machine.
for (const major of [20, 22, 24])
  test(`Node.js ${major}: npm install -g, doctor, plan, matrices, check, a generator and a job`, async (context) => {
    const dir = await folder(context);
    const node = await nodeOf(major, join(dir, 'node'));
    const version = (await must([node, '--version'], { cwd: dir })).trim();
    assert.ok(version.startsWith(`v${major}.`), version);
    const tarball = await pack(dir);
    const { folder: where, busyguest } = await installGlobally(tarball, join(dir, 'prefix'), node);
    const untouched = await stateOf(where);
    const says = async (...args: string[]): Promise<string> => {
      const { code, stdout, stderr } = await busyguest(dir, ...args);
      assert.equal(code, 0, `busyguest ${args.join(' ')}\n${stdout}\n${stderr}`);
      return stdout;
    };
    const { stdout: doctor } = await busyguest(dir, 'doctor');
    assert.match(doctor, new RegExp(`^node +${version} `, 'm'));
    assert.match(await says('matrices'), /^pre-pull /m);
    assert.match(await says('plan', 'pre-pull'), /^pre-pull: 20 jobs$/m);
    assert.match(await says('check', '--help'), /Usage: busyguest check /);
    await writeFile(
      join(dir, 'mine.job.ts'),
      "import { nightly } from 'busyguest/generators';\nexport default () => nightly({ source: 'debian:linux-source', devices: ['qemu-pseries-p9'] });\n",
    );
    assert.match(await says('plan', 'mine.job.ts'), /^nightly: 4 jobs$/m);
    await says('run', 'pre-pull', '--filter', 'device=qemu-pseries-p9', '--fresh', '--quiet');
    assert.equal((await latest(join(dir, 'results'))).overall, 'fixed');
    assert.equal(await stateOf(where), untouched);
  });
