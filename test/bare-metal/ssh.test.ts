// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { dieWithParent, killGroup, run } from '../../src/system/processes.js';
import { folder, latest, project, start } from '../integration/cli.js';
import { freePort } from '../integration/free-port.js';
import { powernv } from './emulated-bmc.js';
import { hostImage, systemUp } from './host-image.js';

/** A host whose kernel has no KVM, with sshd and little else: what a leased machine is at first. */
const system = `${systemUp}
export HOME=/root
mkdir -p /etc/dropbear /root/.ssh
echo 'root:x:0:0:root:/root:/bin/sh' > /etc/passwd
echo /bin/sh > /etc/shells
chmod 700 /root /root/.ssh; chmod 600 /root/.ssh/authorized_keys
dropbear -R -s
echo its own system is up
exec sleep 1000000
`;

interface Host {
  readonly env: Record<string, string>;
  /** A command there. */
  run(command: string): Promise<string>;
}

/** An emulated POWER host with sshd, described as \`desk\`. */
async function host(context: TestContext, kexec: string): Promise<Host> {
  const dir = await folder(context);
  const key = join(dir, 'key');
  await run(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key], { stage: 'test' });
  const image = await hostImage({
    init: system,
    files: [{ path: 'root/.ssh/authorized_keys', data: await readFile(`${key}.pub`), mode: 0o600 }],
  });
  const [ssh, console, monitor] = await Promise.all([freePort(), freePort(), freePort()]);
  const network = `user,id=net,hostfwd=tcp:127.0.0.1:${ssh}-10.0.2.15:22`;
  const qemu = [
    ...(await powernv(image, `tcp:127.0.0.1:${console},server=on,wait=off`, network)),
    ...['-qmp', `tcp:127.0.0.1:${monitor},server=on,wait=off`],
  ];
  boot(context, qemu);
  const options = [
    ...['-p', String(ssh), '-i', key, '-o', 'IdentitiesOnly=yes'],
    ...['-o', 'StrictHostKeyChecking=no', '-o', 'UserKnownHostsFile=/dev/null'],
  ];
  const devices = join(dir, 'busyguest', 'devices');
  await mkdir(devices, { recursive: true });
  const json = JSON.stringify;
  await writeFile(
    join(devices, 'desk.yaml'),
    `kind: ssh
host: root@127.0.0.1
options: ${json(options)}
watch: ${json([process.execPath, '-e', watchProgram, String(console)])}
reset: ${json([process.execPath, '-e', resetProgram, String(monitor)])}
${kexec}
`,
  );
  const quiet = ['-o', 'BatchMode=yes', '-o', 'LogLevel=ERROR', '-o', 'ConnectTimeout=10'];
  const shell = async (command: string): Promise<string> =>
    (
      await run(['ssh', ...quiet, ...options, 'root@127.0.0.1', command], {
        stage: 'test',
        okCodes: [0, 1, 255],
      })
    ).stdout;
  while (!(await shell('echo up')).includes('up')) await sleep(1000);
  return { env: { XDG_CONFIG_HOME: dir }, run: shell };
}

function boot(context: TestContext, argv: readonly string[]): void {
  const [program, ...args] = dieWithParent;
  const child: ChildProcess = spawn(program, [...args, ...argv], {
    detached: true,
    stdio: 'ignore',
  });
  context.after(async () => {
    killGroup(child.pid);
    await once(child, 'close');
  });
}

/** What a user's "conserver NAME" does. */
const watchProgram = `require('net').connect(process.argv[1], '127.0.0.1').pipe(process.stdout)`;
/** What a user's power switch does. */
const resetProgram = `const c = require('net').connect(process.argv[1], '127.0.0.1');
c.write('{"execute":"qmp_capabilities"}\\n{"execute":"system_reset"}\\n');
c.on('data', (d) => { if (String(d).includes('RESET')) c.end(); });`;

async function matrix(dir: string, kernels?: string): Promise<string> {
  const smoke = await readFile(join(project, 'jobs', 'smoke.yaml'), 'utf8');
  const own = smoke
    .replaceAll('patches/', `${project}/jobs/patches/`)
    .replace(/devices:\n( {2}- .*\n)+/, 'devices: [desk]\n');
  const file = join(dir, 'desk.yaml');
  await writeFile(
    file,
    kernels === undefined ? own : own.replace(/kernels:\n( {2,}.*\n)+/, `kernels: ${kernels}\n`),
  );
  return file;
}

test('ssh: kexec into both kernels, then its own system again', async (context) => {
  const desk = await host(context, 'promises: {platform: PowerNV, cpu: POWER9}');
  const before = await desk.run('cat /proc/sys/kernel/random/boot_id');
  const check = await start(['devices', 'check', 'desk'], desk.env).ended;
  assert.equal(check.code, 0, check.stdout);
  assert.deepEqual(
    [...check.stdout.matchAll(/^ok {2}(\w+):/gm)].map(([, step]) => step),
    ['here', 'shell', 'root', 'kvm', 'kexec', 'reset'],
  );
  const results = await folder(context);
  const args = ['run', await matrix(results), '--results', results, '--verbose'];
  const { code, stderr } = await start(args, desk.env).ended;
  assert.equal(code, 0, stderr.slice(-3000));
  const result = await latest(results);
  assert.deepEqual(
    result.jobs.map(({ kernel, status, asExpected }) => [kernel, status, asExpected]),
    [
      ['unpatched', 'FAIL', true],
      ['patched', 'PASS', true],
    ],
  );
  assert.equal(result.overall, 'fixed');
  // Debian's kernel again, in a boot of its own.
  assert.match(await desk.run('uname -v'), /Debian/);
  const after = await desk.run('cat /proc/sys/kernel/random/boot_id');
  assert.match(after, /^[0-9a-f-]{36}/);
  assert.notEqual(after, before);
});

test('ssh without kexec: the running kernel, and nothing is left there', async (context) => {
  const desk = await host(context, 'kexec: false');
  const check = await start(['devices', 'check', 'desk'], desk.env).ended;
  assert.match(check.stdout, /ok {2}root: yes\nnot ok {2}kvm: there is no \/dev\/kvm\n/);
  const groups =
    'ls -d /sys/fs/cgroup/busyguest* /tmp/busyguest* 2>/dev/null; cat /sys/fs/cgroup/cgroup.subtree_control; ps | grep -c "[b]usyguest-"';
  const clean = await desk.run(groups);
  const results = await folder(context);
  const file = await matrix(results, '[{name: its-own, source: running}]');
  const { code, stderr } = await start(['run', file, '--results', results], desk.env).ended;
  const [job] = (await latest(results)).jobs;
  // The payload ran there, and said what it lacks.
  assert.equal(job?.cases[0]?.name, 'kvm_hv_available', stderr);
  assert.equal(job?.facts['kernel_source'], 'running');
  assert.notEqual(job?.status, 'PASS');
  assert.notEqual(code, 70);
  assert.equal(await desk.run(groups), clean);
});
