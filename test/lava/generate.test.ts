// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { copyFile, readFile, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { qemuMachines } from '../../src/architectures/architectures.js';
import { lavaQemu } from '../../src/devices/qemu/argv.js';
import { lavaBoots } from '../../src/labs/lava/boot-methods.js';
import { lavaDefinition } from '../../src/labs/lava/definition.js';
import { LavaServer } from '../../src/labs/lava/server.js';
import { Rest } from '../../src/labs/lava/rest.js';
import { projectDir } from '../../src/system/files.js';
import { busyguest, latest, start, type Running } from '../integration/cli.js';
import { lavaJobOn } from '../unit/labs-sample.js';
import { freePort } from '../integration/free-port.js';
import { Lab } from './lab.js';
import { forSuite, scriptOf, whyNoLab } from './lab-root.js';

const why = await whyNoLab();
const dir = mkdtempSync(join(tmpdir(), 'busyguest-lava-'));
const shipped = (name: string): Promise<string> =>
  readFile(join(projectDir, 'labs', 'lava', name), 'utf8');

let lab: Lab;
let server: LavaServer;

/** The shipped device type with a machine that is QEMU powernv9 behind a fake petitboot. */
async function addPetitbootMachine(): Promise<void> {
  // For UDP a free TCP port is as good a guess as any.
  const port = await freePort();
  await lab.launch('tftpd', `in.tftpd -L --user root --address 127.0.0.1:${port} -s /srv/tftp`);
  const root = await lab.root();
  await copyFile(scriptOf('fake-petitboot.sh'), join(root, 'lab/fake-petitboot.sh'));
  // LAVA looks here for the folder; the package of Debian sid leaves the file to its administrator.
  await writeFile(join(root, 'etc/default/tftpd-hpa'), 'TFTP_DIRECTORY="/srv/tftp"\n');
  const machine = qemuMachines.find(({ name }) => name === 'qemu-powernv9') ?? assert.fail();
  const { machine: option, memoryMb, args } = lavaQemu(machine, 1);
  const qemu = `-M ${option} -m ${memoryMb} -accel tcg ${args.join(' ')} -display none -monitor none`;
  await lab.addDevice({
    hostname: 'petitboot-01',
    type: 'petitboot',
    template: await shipped('device-types/petitboot.jinja2'),
    dictionary: `{% set connection_command = 'bash /lab/fake-petitboot.sh ${port} ${qemu}' %}
{% set hard_reset_command = '/bin/true' %}
{% set power_off_command = '/bin/true' %}
`,
  });
  await lab.tell('/workers/worker0/config/', { config: 'dispatcher_ip: 127.0.0.1\n' });
}

describe('what generate makes, in a real LAVA server', { skip: why ?? false }, () => {
  let serving: Running;
  const out = join(dir, 'petitboot');

  before(async () => {
    const { signal } = new AbortController();
    lab = await Lab.open(signal, (text) => console.log(text));
    server = new LavaServer(new Rest({ url: lab.url, token: lab.token }, { signal }));
    // The built-in server has the files; it goes on until it is told to end.
    serving = start([
      ...['generate', '--for', 'lava', 'jobs/pre-pull.yaml', '--out', out, '--quiet'],
      ...['--boot', 'petitboot', '--publish', 'http://127.0.0.1:0'],
    ]);
    await serving.said('serving');
  });
  after(async () => {
    serving.kill('SIGINT');
    await serving.ended;
    await lab[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  test("LAVA's own strict schema takes the definitions of all devices and ways to boot", async () => {
    const emulated = join(dir, 'qemu');
    const made = await busyguest(
      ...['generate', '--for', 'lava', 'jobs/nightly.yaml', '--out', emulated, '--quiet'],
    );
    assert.equal(made.code, 0, made.stderr);
    const files = (await readdir(emulated)).filter((name) => name.endsWith('.yaml'));
    assert.match(made.stdout + made.stderr, new RegExp(`^${files.length} jobs in `, 'm'));
    // They differ in figures only: each device once.
    const perDevice = new Map(files.map((name) => [/qemu-[a-z0-9-]*\d/.exec(name)?.[0], name]));
    assert.ok(perDevice.size >= 9);
    for (const name of perDevice.values()) {
      await server.validate(await readFile(join(emulated, name), 'utf8'));
    }
    for (const boot of lavaBoots.filter((one) => one !== 'qemu')) {
      const job = lavaJobOn(boot, { boot, deviceType: 'petitboot' });
      await server.validate(forSuite(lavaDefinition(job)));
    }
    await server.validate(lavaDefinition(lavaJobOn('kvm-pseries-p10')));
    const wrong = lavaDefinition(lavaJobOn('qemu-pseries-p9')).replace('arch:', 'archh:');
    // In the words of 2023.01 and of 2026.10.
    await assert.rejects(server.validate(wrong), /extra keys not allowed|value must be one of/);
  });

  test('bare metal through petitboot: what was generated and submitted by hand fails unpatched', async () => {
    await addPetitbootMachine();
    const file = join(out, 'unpatched-petitboot-busy-guest.yaml');
    const id = await server.submit('unpatched', await readFile(file, 'utf8'));
    const health = await lab.ended(id, 'petitboot-01');
    const log = await server.log(id, 0);
    const text = log.map(({ message }) => JSON.stringify(message)).join('\n');
    assert.equal(health, 'Complete', text);
    const { rows } = await server.ending(id);
    const row = (name: string): (typeof rows)[number] | undefined =>
      rows.find((one) => one.name === name);
    assert.equal(row('control_guest_unlimited')?.result, 'pass');
    assert.equal(row('busy_guest_obeys_quota')?.result, 'fail');
    const ratio = row('busy_guest_obeys_quota__overrun_ratio');
    assert.equal(ratio?.unit, 'ratio');
    assert.ok(Number(ratio?.value) > 3, String(ratio?.value));
    assert.match(text, /fact: platform PowerNV/);
  });

  test('bare metal through petitboot: what "run --lava" submits passes patched', async () => {
    const results = join(dir, 'run');
    const filter = ['--filter', 'kernel=patched,device=qemu-powernv9'];
    const flags = ['--lava', lab.url, '--lava-boot', 'petitboot', '--results', results];
    const { code, stderr } = await start(['run', 'jobs/pre-pull.yaml', ...filter, ...flags], {
      BUSYGUEST_LAVA_TOKEN: lab.token,
    }).ended;
    const [job] = (await latest(results)).jobs;
    assert.equal(job?.status, 'PASS', job?.reason);
    assert.equal(job.deviceFacts?.['lava_device'], 'petitboot-01');
    assert.equal(job.payloadFacts?.['platform'], 'PowerNV');
    assert.equal(code, 0, stderr);
  });
});
