// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { copyFile, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LavaServer } from '../../src/labs/lava/server.js';
import { Rest } from '../../src/labs/lava/rest.js';
import { run } from '../../src/system/processes.js';
import { quoteWords } from '../../src/system/shell-words.js';
import { powernvArguments } from '../bare-metal/emulated-bmc.js';
import { hostImage, systemUp } from '../bare-metal/host-image.js';
import { busyguest, latest, start } from '../integration/cli.js';
import { freePort } from '../integration/free-port.js';
import { Lab } from './lab.js';
import { forSuite, whyNoLab } from './lab-root.js';

/** A machine in a rack: a Linux with KVM and sshd, and a shell of root on its console. */
const system = `${systemUp}
insmod /kvm.ko; insmod /kvm_hv.ko
export HOME=/root PS1='root@rack:\\w# '
mkdir -p /etc/dropbear /root/.ssh /usr/lib
ln -s /lib/openssh/sftp-server /usr/lib/sftp-server
echo 'root:x:0:0:root:/root:/bin/bash' > /etc/passwd
echo /bin/bash > /etc/shells
chmod 700 /root /root/.ssh; chmod 600 /root/.ssh/authorized_keys
echo "PS1='$PS1'" | tee /etc/profile > /root/.bashrc
dropbear -R -s
exec setsid cttyhack bash
`;

/** LAVA has none for a machine that has no boot loader which it knows. */
const deviceType = `{% extends 'base.jinja2' %}
{% block body %}
actions:
  deploy:
    connections:
      serial:
    methods:
      overlay:
  boot:
    connections:
      serial:
    methods:
      minimal:
      kexec:
{% endblock body %}
`;

const libraries = 'usr/lib/powerpc64le-linux-gnu';
const power = {
  bash: ['usr/bin/bash'],
  libtinfo6: [`${libraries}/libtinfo.so.6`],
  'openssh-sftp-server': ['usr/lib/openssh/sftp-server'],
  // LAVA gives tar a flag that busybox does not have.
  tar: ['usr/bin/tar'],
  libacl1: [`${libraries}/libacl.so.1`],
  libselinux1: [`${libraries}/libselinux.so.1`],
  'libpcre2-8-0': [`${libraries}/libpcre2-8.so.0`],
};

let lab: Lab;
let server: LavaServer;
let dir: string;
let web: number;
const why = await whyNoLab();

/** What a BMC does when it is told to reset its machine. */
const resetProgram = `import socket, sys
machine = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
machine.sendall(b'{"execute": "qmp_capabilities"}{"execute": "system_reset"}{"execute": "cont"}')
said = b""
while said.count(b'"return"') < 3:
    said += machine.recv(4096)
`;

/** Ports of loopback at which two machines of a rack are found. */
interface Ports {
  readonly ssh: number;
  readonly serial: number;
  readonly monitor: number;
}

/** Puts two machines into the lab and switches them on: one has a console and a reset switch, one sshd. */
async function bringMachines({ ssh, serial, monitor }: Ports): Promise<void> {
  const own = join(await lab.root(), 'lab');
  const key = join(own, 'key');
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key], { stage: 'test' });
  const image = await hostImage({
    init: system,
    files: [{ path: 'root/.ssh/authorized_keys', data: await readFile(`${key}.pub`), mode: 0o600 }],
    packages: power,
    modules: ['kvm_hv'],
  });
  await copyFile(image.kernel, join(own, 'host-vmlinux'));
  await copyFile(image.initramfs, join(own, 'host-initramfs'));
  await writeFile(join(own, 'reset.py'), resetProgram);
  const there = { kernel: '/lab/host-vmlinux', initramfs: '/lab/host-initramfs' };
  const listens = (port: number): string => `127.0.0.1:${port},server=on,wait=off`;
  const machines = {
    rack: [
      ...powernvArguments(there, `telnet:${listens(serial)}`, 'user,id=net'),
      // A kernel that powers it off leaves it where a reset finds it.
      ...['-qmp', `tcp:${listens(monitor)}`, '-no-shutdown'],
    ],
    ssh: powernvArguments(there, 'null', `user,id=net,hostfwd=tcp:127.0.0.1:${ssh}-10.0.2.15:22`),
  };
  for (const [name, args] of Object.entries(machines))
    await lab.launch(name, quoteWords(['qemu-system-ppc64', ...args]));
  await sshAnswers(ssh);
}

/** The web server of a LAVA worker, which is Apache's; what busyguest publishes is there too. */
async function bringWeb(): Promise<void> {
  web = await freePort();
  const pages = join(await lab.root(), 'lab', 'www');
  await mkdir(join(pages, 'artefacts'), { recursive: true });
  await symlink('/var/lib/lava/dispatcher/tmp', join(pages, 'tmp'));
  await lab.launch('web', `python3 -m http.server ${web} --bind 127.0.0.1 --directory /lab/www`);
  // The machine sees this computer there.
  const config = `dispatcher_ip: 10.0.2.2:${web}\n`;
  await lab.tell('/workers/worker0/config/', { config });
}

/** Waits until the machine's sshd answers. */
async function sshAnswers(port: number): Promise<void> {
  for (;;) {
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const first = await Promise.race([once(socket, 'data').catch(() => []), sleep(3000, [])]);
    socket.destroy();
    if (String(first[0]).startsWith('SSH-')) return;
    await sleep(500);
  }
}

/** Makes the job by `generate`, submits it, and reads what LAVA has of it. */
async function submitted(boot: string, type: string, hostname: string) {
  const out = join(dir, boot);
  const publish = join(await lab.root(), 'lab', 'www', 'artefacts');
  const made = await busyguest(
    ...['generate', '--for', 'lava', 'jobs/pre-pull.yaml', '--out', out, '--quiet', '--boot', boot],
    ...['--device-type', type, '--publish', publish],
    ...['--url', `http://10.0.2.2:${web}/artefacts`],
  );
  assert.equal(made.code, 0, made.stderr);
  const definition = await readFile(join(out, `running-${type}-busy-guest.yaml`), 'utf8');
  const id = await server.submit(boot, forSuite(definition));
  const health = await lab.ended(id, hostname);
  const log = (await server.log(id, 0)).map(({ message }) => JSON.stringify(message)).join('\n');
  const { rows } = await server.ending(id);
  return { health, log, rows };
}

/** The machine's own kernel, Linux 6.12, keeps the limit. */
function assertKept({ health, log, rows }: Awaited<ReturnType<typeof submitted>>): void {
  assert.equal(health, 'Complete', log);
  const row = (name: string): (typeof rows)[number] | undefined =>
    rows.find((one) => one.name === name);
  assert.equal(row('control_guest_unlimited')?.result, 'pass', log);
  assert.equal(row('busy_guest_obeys_quota')?.result, 'pass', log);
  const ratio = row('busy_guest_obeys_quota__overrun_ratio');
  assert.equal(ratio?.unit, 'ratio');
  assert.ok(Number(ratio?.value) < 1.1, String(ratio?.value));
  assert.match(log, /fact: platform PowerNV/);
}

describe('a machine that runs Linux already, in a real LAVA server', { skip: why ?? false }, () => {
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'busyguest-lava-'));
    const { signal } = new AbortController();
    lab = await Lab.open(signal, (text) => console.log(text));
    server = new LavaServer(new Rest({ url: lab.url, token: lab.token }, { signal }));
    await bringWeb();
    const [ssh, serial, monitor] = await Promise.all([freePort(), freePort(), freePort()]);
    await bringMachines({ ssh, serial, monitor });
    await lab.addDevice({
      hostname: 'rack-01',
      type: 'rack',
      template: deviceType,
      dictionary: `{% set connection_command = 'busybox telnet 127.0.0.1 ${serial}' %}
{% set hard_reset_command = 'python3 /lab/reset.py ${monitor}' %}
`,
    });
    await lab.addDevice({
      hostname: 'ssh-01',
      type: 'ssh',
      dictionary: `{% set ssh_host = '127.0.0.1' %}
{% set ssh_port = ${ssh} %}
{% set ssh_identity_file = '/lab/key' %}
`,
    });
  });
  after(async () => {
    await lab[Symbol.asyncDispose]();
    await rm(dir, { recursive: true });
  });

  test("ssh: the payload runs in lava-test-shell, and its cases are LAVA's", async () =>
    assertKept(await submitted('ssh', 'ssh', 'ssh-01')));

  test('minimal: the same through the console', async () =>
    assertKept(await submitted('minimal', 'rack', 'rack-01')));

  test('kexec: what "run --lava" submits boots both kernels: fixed', async () => {
    const results = join(dir, 'run');
    const publish = join(await lab.root(), 'lab', 'www', 'artefacts');
    const { code, stderr } = await start(
      [
        ...['run', 'jobs/pre-pull.yaml', '--filter', 'device=qemu-powernv9', '--results', results],
        ...['--lava', lab.url, '--lava-boot', 'kexec', '--lava-type', 'rack'],
        ...['--publish', publish, '--url', `http://127.0.0.1:${web}/artefacts`],
      ],
      { BUSYGUEST_LAVA_TOKEN: lab.token },
    ).ended;
    const { jobs, overall } = await latest(results);
    assert.deepEqual(
      jobs.map(({ kernel, status }) => `${kernel} ${status}`),
      ['unpatched FAIL', 'patched PASS'],
      stderr + jobs.map(({ reason }) => reason).join('\n'),
    );
    assert.equal(overall, 'fixed');
    assert.ok(jobs.every(({ deviceFacts }) => deviceFacts?.['lava_device'] === 'rack-01'));
    assert.equal(code, 0, stderr);
  });
});
