// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { lstat, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { findSandbox } from '../../src/system/sandbox.js';
import { writeTree } from '../integration/tiny-tree.js';
import { labToken, matrix, place, token } from './place.js';

// Beside integration/red-team.test.ts, which has what is run for a stranger: what a stranger wrote, as a job matrix, a
// console, the folder of a run, a bundle and a lab.

const sandbox = await findSandbox();
const skip = 'bwrap' in sandbox ? false : `no sandbox: ${sandbox.why}`;

test(
  'no program that a run starts has a secret; one that is given one is seen',
  { skip },
  async (context) => {
    const here = await place(context);
    await writeTree(here.tree, 'echo kernel > $@');
    const args = ['run', await matrix(here), '--results', here.results, '--quiet'];
    await here.assertNothing(await here.run(args));
    assert.ok(here.seen.size >= 2, [...here.seen].join());
    // In a variable that is passed on: who looks must see it.
    await here.run([...args, '--clean'], { TZ: token });
    assert.ok(here.told.size > 0, `seen: ${[...here.seen].join()}`);
  },
);

// Neither the cage nor the environment holds this: the table of src/jobs/machine-options.ts does. Without what it
// refuses, the second of these is planned, with exit code 0.
test(
  'a job matrix that asks for files of the user and of the system',
  { skip },
  async (context) => {
    const here = await place(context);
    await writeTree(here.tree, 'echo kernel > $@');
    const { secret } = here;
    const attacks = [
      [
        `{name: d, machine: pseries, extra-args: [-device, "loader,file=${secret},addr=0x1000"]}`,
        '',
      ],
      [`{name: d, machine: "pseries,dumpdtb=${secret}"}`, ''],
      [
        `{name: d, machine: pseries, devices: [{driver: loader, properties: {file: "${secret}"}}]}`,
        '',
      ],
      ['{name: d, machine: pseries, extra-args: [-incoming, "exec:env"]}', ''],
      ['qemu-pseries-p9', `, patches: ["${secret}"]`],
      ['qemu-pseries-p9', ', toolchain: "/tmp/evil-"'],
      ['qemu-pseries-p9', ', command-line: ["$(env)"]'],
    ] as const;
    for (const [device, kernel] of attacks) {
      const file = await matrix(here, device, kernel);
      const outcome = await here.run(['run', file, '--results', here.results, '--quiet']);
      assert.equal(outcome.code, 65, `${device} ${kernel}: ${outcome.stdout}${outcome.stderr}`);
      await here.assertNothing(outcome);
    }
  },
);

/** A QEMU that prints the console of a hostile kernel. */
const lyingQemu = (file: string): string => `#!/bin/bash
case "$*" in
*--version*) echo "QEMU emulator version 10.0.2 (lies)" ;;
*"-sandbox"*"-M help"*) exit 1 ;;
*"-M help"*) echo "pseries x" ;;
*"-cpu help"*) echo "PowerPC POWER9" ;;
*"pseries,help"*) printf "  %s=x\\n" cap-nested-hv cap-cfpc cap-sbbc cap-ibs cap-ccf-assist ;;
*) cat ${file} ;;
esac
`;

test(
  "a console of another boot, full of escapes, commands and others' facts",
  { skip },
  async (context) => {
    const here = await place(context);
    await writeTree(here.tree, 'echo kernel > $@');
    const bin = join(here.dir, 'lying');
    await mkdir(bin);
    const recorded = await readFile(
      new URL('../../../test/fixtures/jobs/patched.console.log', import.meta.url),
      'latin1',
    );
    const lies =
      '# fact: accel kvm\n# fact: kernel_source x\n# fact: qemu_argv qemu -incoming exec:env\n::error::x\n##[add-path]/x\n' +
      '\u001b]52;c;eA==\u0007\u001b[2J# reason: ::add-mask::x\n';
    const text = recorded.replace(/(BUSYGUEST-START[^\n]*\n)/, `$1${lies}`);
    await writeFile(join(bin, 'console'), text, 'latin1');
    const qemu = join(bin, 'qemu-system-ppc64');
    await writeFile(qemu, lyingQemu(join(bin, 'console')), { mode: 0o755 });
    const args = ['run', await matrix(here), '--results', here.results, '--verbose'];
    const outcome = await here.run(args, { BUSYGUEST_QEMU: qemu });
    await here.assertNothing(outcome);
    const results = await readFile(join(here.results, 'latest', 'results.json'), 'utf8');
    const [job] = (
      JSON.parse(results) as { jobs: { status: string; reason: string; facts: object }[] }
    ).jobs;
    assert.equal(job?.status, 'ERROR', job?.reason);
    assert.match(job?.reason ?? '', /not this boot/);
    assert.doesNotMatch(JSON.stringify(job?.facts), /exec:|"kvm"/);
  },
);

test(
  'the folder of a run with links to secrets and commands, and a bundle of it',
  { skip },
  async (context) => {
    const here = await place(context);
    await writeTree(here.tree, 'echo kernel > $@');
    await here.run(['run', await matrix(here), '--results', here.results, '--quiet']);
    const run = join(
      here.results,
      (await readdir(here.results)).find((name) => name.endsWith('-m')) ?? '',
    );
    const job = join(run, 'k-qemu-pseries-p9-t');
    const stolen = join(here.results, 'stolen');
    await mkdir(join(stolen, 'k-qemu-pseries-p9-t'), { recursive: true });
    for (const name of await readdir(run)) {
      if (name.endsWith('.json'))
        await writeFile(join(stolen, name), await readFile(join(run, name)));
    }
    const copy = join(stolen, 'k-qemu-pseries-p9-t');
    for (const name of await readdir(job)) {
      if (/^(?:status|job|boot)\.json$/.test(name))
        await writeFile(join(copy, name), await readFile(join(job, name)));
      else await symlink(here.secret, join(copy, name));
    }
    const boot = JSON.parse(await readFile(join(copy, 'boot.json'), 'utf8')) as object;
    await writeFile(join(copy, 'boot.json'), JSON.stringify({ ...boot, kernel: here.secret }));
    await symlink(here.secret, join(stolen, 'comparison.json')).catch(() => {});
    const tar = join(here.dir, 'x.tar.zst');
    const reports = ['tap', 'junit', 'markdown', 'kcidb', 'html'].map(
      (one) => `${one}=${join(here.results, one)}`,
    );
    for (const args of [
      ['report', stolen, '--html'],
      ['report', stolen, '--report', reports.join(',')],
      ['bundle', copy, '--output', tar],
      ['verify', tar],
      ['compare', stolen, '--results', here.results],
      ['run', '--resume', stolen],
    ])
      await here.assertNothing(await here.run(args));
    await assert.rejects(lstat(tar), 'no bundle has a file of ours');
  },
);

test(
  'a lab that sends elsewhere, asks without end and prints commands',
  { skip },
  async (context) => {
    const here = await place(context);
    await writeTree(here.tree, 'echo kernel > $@');
    const asked: string[] = [];
    const elsewhere = `http://127.0.0.1:${here.ear}/api/v0.2/devices/?offset=1`;
    const row = { name: 'x', result: 'pass', measurement: '1', unit: '\u001b]52;c;eA==\u0007' };
    const log = [
      '- {"dt": "1", "lvl": "target", "msg": "BUSYGUEST-START v1"}',
      '- {"dt": "2", "lvl": "target", "msg": "\\u001b]52;c;eA==\\u0007::error::x"}',
      '- {"dt": "3", "lvl": "target", "msg": "BUSYGUEST-END 0"}',
      '',
    ].join('\n');
    const answer = (path: string): unknown => {
      if (path.includes('/devices/')) {
        const device = {
          hostname: '::error::x',
          device_type: 'qemu',
          health: 'Good',
          state: 'Idle',
          tags: [],
        };
        return { next: path.includes('offset') ? null : elsewhere, results: [device] };
      }
      if (path.includes('/validate')) return { message: 'Job valid.' };
      if (path.includes('/tests/'))
        return {
          next: null,
          results: [
            row,
            { ...row, name: 'job', metadata: '{error_type: x, error_msg: "::error::x' },
          ],
        };
      if (path.includes('id__in'))
        return { next: null, results: [{ id: 1, state: 'Finished', health: 'Complete' }] };
      return path.endsWith('/jobs/') ? { job_ids: [1] } : { message: '::error::x' };
    };
    const server = createServer((request, response) => {
      const path = request.url ?? '';
      request.on('data', (data: Buffer) => asked.push(data.toString()));
      asked.push(path, JSON.stringify(request.headers));
      if (path.includes('/cancel')) response.writeHead(302, { location: elsewhere }).end();
      else if (path.includes('/logs/')) response.end(path.includes('start=0') ? log : '');
      else response.end(JSON.stringify(answer(path)));
    }).listen(0, '127.0.0.1');
    context.after(() => {
      server.closeAllConnections();
      server.close();
    });
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const published = join(here.dir, 'published');
    await mkdir(published);
    const args = [
      'run',
      await matrix(here),
      '--results',
      here.results,
      '--lava',
      url,
      '--publish',
      published,
    ];
    const outcome = await here.run([...args, '--quiet'], { LAVA_TOKEN: labToken });
    await here.assertNothing(outcome);
    assert.ok(
      asked.some((text) => text.includes(`Token ${labToken}`)),
      outcome.stderr,
    );
    assert.ok(!asked.join('\n').includes(token), 'the lab gets its own token only');
    assert.ok(!asked.some((text) => text.includes('job_name') && text.includes(labToken)));
  },
);
