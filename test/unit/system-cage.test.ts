// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { arch, constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { environmentFor } from '../../src/system/environment.js';
import { projectDir } from '../../src/system/files.js';
import { run } from '../../src/system/processes.js';
import { systemCalls } from '../../src/system/system-calls.js';
import { noSandbox, sandbox } from './needs-sandbox.js';

const canary = 'canary-5f2c';
const skip = noSandbox;
const onlyRoot = skip || (process.getuid?.() === 0 ? false : 'only root can see that');

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-cage-'));
  context.after(() => rm(dir, { recursive: true, force: true }));
  return dir;
}

test('no list of what is passed on has a token or a password in it', (context) => {
  const names = [
    'KCIDB_REST',
    'BUSYGUEST_LAVA_TOKEN',
    'LAVA_TOKEN',
    'BMC_PASSWORD',
    'AWS_SECRET_ACCESS_KEY',
  ];
  for (const name of names) process.env[name] = canary;
  context.after(() => names.forEach((name) => Reflect.deleteProperty(process.env, name)));
  for (const passing of ['cage', 'tools', 'network'] as const) {
    const env = environmentFor(passing, { MORE: '1' });
    assert.equal(env['PATH'], process.env['PATH']);
    assert.equal(env['MORE'], '1');
    assert.ok(!JSON.stringify(env).includes(canary), passing);
  }
  assert.equal(environmentFor('user')['KCIDB_REST'], canary);
});

test('every place that starts a program says what environment it gets', async () => {
  const files = (await readdir(join(projectDir, 'src'), { recursive: true })).filter((name) =>
    name.endsWith('.ts'),
  );
  let starts = 0;
  for (const file of files) {
    const text = await readFile(join(projectDir, 'src', file), 'utf8');
    for (const match of text.matchAll(/(?<![.\w])(?:spawn|execa|spawnSync|execFile|fork)\(/g)) {
      starts += 1;
      const call = text.slice(match.index, match.index + 400);
      assert.match(call, /\benv\b/, `${file}: ${call.split('\n')[0] ?? ''}`);
    }
    assert.doesNotMatch(text, /\.\.\.process\.env/, file);
  }
  assert.ok(starts > 5);
});

test(
  'a program in the cage sees its files and no others, and writes to its folder only',
  { skip },
  async (context) => {
    const dir = await folder(context);
    const [own, input, secret] = ['own', 'input', 'secret'].map((name) => join(dir, name));
    assert.ok(own && input && secret);
    await mkdir(own);
    await writeFile(input, 'input\n');
    await writeFile(secret, canary);
    const script = `cat "$1"; cat "$2" /etc/shadow /etc/passwd ~/.gitconfig; echo new > "$1"; echo new > out
    echo x > /usr/x; touch "$3/y"; env; true`;
    const { stdout, stderr } = await run(['sh', '-c', script, 'sh', input, secret, dir], {
      stage: 'test',
      cwd: own,
      cage: { reads: [input], writes: [own] },
      okCodes: [0, 1, 2],
    });
    assert.match(stdout, /^input$/m);
    assert.ok(!stdout.includes(canary));
    for (const file of [secret, '/etc/shadow', '/etc/passwd'])
      assert.ok(stderr.includes(`${file}: No such file`), stderr);
    assert.equal(await readFile(input, 'utf8'), 'input\n');
    assert.equal(await readFile(join(own, 'out'), 'utf8'), 'new\n');
    await assert.rejects(stat(join(dir, 'y')));
    await assert.rejects(stat('/usr/x'));
  },
);

test('it is not root, has no powers and cannot get any', { skip }, async () => {
  const { stdout } = await run(['sh', '-c', 'cat /proc/self/status'], { stage: 'test', cage: {} });
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(stdout)?.[1] ?? '';
  assert.doesNotMatch(field('Uid'), /\b0\b/);
  assert.doesNotMatch(field('Gid'), /\b0\b/);
  assert.equal(Number(field('CapEff')), 0);
  assert.equal(Number(field('CapPrm')), 0);
  assert.equal(field('NoNewPrivs'), '1');
});

test('root in the cage is nobody outside too', { skip: onlyRoot }, async (context) => {
  const dir = await folder(context);
  await run(['touch', 'made'], { stage: 'test', cwd: dir, cage: { writes: [dir] } });
  assert.notEqual((await stat(join(dir, 'made'))).uid, 0);
});

test(
  'what only root may read is read by nobody, who changes no setting of the kernel',
  { skip: onlyRoot },
  async (context) => {
    const dir = await folder(context);
    const [file, own] = [join(dir, 'private'), join(dir, 'own')];
    await writeFile(file, 'seen', { mode: 0o600 });
    await mkdir(own);
    // It is written as it stands: an attack that gets through does no harm.
    const script = `cat "$1"; touch made; for file in kernel/core_pattern vm/overcommit_memory; do
      old=$(cat /proc/sys/$file) && printf %s "$old" > /proc/sys/$file && echo changed $file; done; true`;
    for (const reads of [[file], [join(projectDir, 'package.json')]]) {
      const { stdout } = await run(['sh', '-c', script, 'sh', ...reads], {
        stage: 'test',
        cwd: own,
        cage: { reads, writes: [own] },
      });
      assert.doesNotMatch(stdout, /changed/);
      if (reads[0] === file) assert.equal(stdout, 'seen');
      assert.equal((await stat(join(own, 'made'))).uid, 65534);
      await rm(join(own, 'made'));
    }
    const other = join(dir, 'other');
    await writeFile(other, canary, { mode: 0o600 });
    const argv = ['sh', '-c', 'cat "$1"; echo new > "$2"; true', 'sh', other, file];
    const { stdout } = await run(argv, { stage: 'test', cage: { reads: [file] } });
    assert.equal(stdout, '');
    assert.equal(await readFile(file, 'utf8'), 'seen');
  },
);

const calls = systemCalls[arch()];
const noFilter = calls === undefined ? `no filter of system calls on ${arch()}` : false;

test('the numbers of its system calls are those of the headers', async (context) => {
  const headers = {
    x64: '/usr/include/x86_64-linux-gnu/asm/unistd_64.h',
    arm64: '/usr/include/asm-generic/unistd.h',
    ppc64: '/usr/powerpc64le-linux-gnu/include/asm/unistd_64.h',
  };
  let compared = 0;
  for (const [machine, header] of Object.entries(headers)) {
    const text = await readFile(header, 'utf8').catch(() => undefined);
    const table = systemCalls[machine];
    if (text === undefined || table === undefined) continue;
    const { clone, socket, refused, missing } = table;
    for (const [name, number] of Object.entries({ clone, socket, ...refused, ...missing })) {
      const found: string | undefined = new RegExp(`^#define __NR_${name}\\s+(\\d+)$`, 'm').exec(
        text,
      )?.[1];
      assert.equal(Number(found), number, `${machine}: ${name}`);
      compared += 1;
    }
  }
  if (compared === 0) context.skip('no headers of the kernel here');
});

test(
  'it has no keys of ours, no further namespace and no way out of a virtual machine',
  { skip: skip || noFilter },
  async () => {
    assert.ok(calls);
    const { refused, missing, clone, socket } = calls;
    const script = `
      while (@ARGV) { my ($name, @call) = splice(@ARGV, 0, 4);
        $! = 0; syscall($call[0], $call[1] + 0, $call[2] + 0, 0, 0, 0); print "$name ", $! + 0, "\\n"; }`;
    const all = { ...refused, ...missing };
    const argv = [
      ...Object.entries(all).flatMap(([name, number]) => [name, number, 0, 0]),
      ...['clone', clone, 0x10000011, 0],
      ...[1, 2, 10, 16, 40, 38].flatMap((family) => [`family${family}`, socket, family, 2]),
    ].map(String);
    const { stdout } = await run(['perl', '-e', script, '--', ...argv], {
      stage: 'test',
      cage: {},
    });
    const { EPERM, ENOSYS, EAFNOSUPPORT } = constants.errno;
    const expected = [
      ...Object.keys(refused).map((name) => `${name} ${EPERM}`),
      ...Object.keys(missing).map((name) => `${name} ${ENOSYS}`),
      `clone ${EPERM}`,
      ...[1, 2, 10, 16].map((family) => `family${family} 0`),
      ...[40, 38].map((family) => `family${family} ${EAFNOSUPPORT}`),
    ];
    assert.deepEqual(stdout.trim().split('\n'), expected);
  },
);

test('it gets no file that we were started with', { skip }, async (context) => {
  const dir = await folder(context);
  await writeFile(join(dir, 'secret'), canary);
  const module = JSON.stringify(join(projectDir, 'dist/src/system/processes.js'));
  const script = `import { run } from ${module};
    const argv = ['sh', '-c', 'ls /proc/self/fd; cat /proc/self/fd/7/secret <&2; cat <&6'];
    const okCodes = [0, 1, 2];
    console.log((await run(argv, { stage: 'test', cage: {}, okCodes })).stdout);`;
  await writeFile(join(dir, 'script.mjs'), script);
  // Node.js passes on what it was started with and does not know.
  const argv = ['-c', 'exec "$0" "$1" 6< "$2/secret" 7< "$2"', process.execPath];
  const out = execFileSync('bash', [...argv, join(dir, 'script.mjs'), dir], { encoding: 'utf8' });
  assert.deepEqual(out.trim().split('\n'), ['0', '1', '2', '3']);
});

test('it has no network, not even the loopback', { skip }, async (context) => {
  const server = createServer((socket) => socket.end(canary)).listen(0, '127.0.0.1');
  context.after(() => server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const argv = ['bash', '-c', `cat < /dev/tcp/127.0.0.1/${port}`];
  const open = await run(argv, { stage: 'test' });
  assert.equal(open.stdout, canary);
  const caged = await run(argv, { stage: 'test', cage: {}, okCodes: [0, 1] });
  assert.equal(caged.stdout, '');
});

test('where a limit is lower already it stays', { skip }, async () => {
  const script = `import { run } from ${JSON.stringify(new URL('../../src/system/processes.js', import.meta.url).href)};
    const { stdout } = await run(['bash', '-c', 'ulimit -H -u -f'], { stage: 'test', cage: {} });
    process.stdout.write(stdout);`;
  // As on a machine of 1.5 GiB, whose kernel allows fewer processes than we do.
  const lower = ['prlimit', '--nproc=3000', '--fsize=1024000', '--', process.execPath];
  const { stdout } = await run([...lower, '--input-type=module', '-e', script], { stage: 'test' });
  assert.match(stdout, /processes .* 3000$/m);
  assert.match(stdout, /file size .* 1000$/m);
});

test('its processes, memory, files and cores have limits', { skip }, async () => {
  const script =
    'ulimit -u; ulimit -v; ulimit -f; ulimit -c; ulimit -t; cat /proc/$$/oom_score_adj; df -P /tmp | tail -n 1';
  const cage = { memoryBytes: 1024 ** 3, fileBytes: 1024 ** 2, cpuSeconds: 7 };
  const { stdout } = await run(['bash', '-c', script], { stage: 'test', cage });
  const lines = stdout.trim().split('\n');
  assert.deepEqual(lines.slice(0, 6), ['4096', String(1024 ** 2), '1024', '0', '7', '1000']);
  if ('sizes' in sandbox && sandbox.sizes) assert.match(lines[6] ?? '', / 1048576 .*\/tmp$/);
  // No other folder in memory can be written to.
  const places =
    'for dir in / /dev /dev/shm /etc /run /var/tmp; do touch $dir/x && echo $dir; done';
  const written = await run(['bash', '-c', `${places} 2> /dev/null; true`], {
    stage: 'test',
    cage: {},
  });
  assert.equal(written.stdout, '');
});

test(
  'whatever ends us ends it, and all that it has started in sessions of their own',
  { skip },
  async (context) => {
    // Nobody else sleeps so long.
    const long = 1_000_000 + process.pid * 2;
    const script = `import { run } from ${JSON.stringify(join(projectDir, 'dist/src/system/processes.js'))};
    await run(['bash', '-c', 'setsid sleep ${long} & sleep ${long + 1}; true'], { stage: 'test', cage: {} });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: 'ignore',
    });
    context.after(() => child.kill('SIGKILL'));
    while ((await sleepers(long)).length < 2) await sleep(20);
    child.kill('SIGKILL');
    while ((await sleepers(long)).length > 0) await sleep(20);
  },
);

async function sleepers(long: number): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => [long, long + 1].some((one) => line === `sleep\0${one}\0`));
}

test('without a sandbox it has the same environment and limits, and the files where they are', async (context) => {
  // As below /root: nobody else may go there.
  const dir = await folder(context);
  const input = join(dir, 'private', 'input');
  const own = join(dir, 'own');
  await mkdir(join(dir, 'private'), { mode: 0o700 });
  await mkdir(own);
  await writeFile(input, 'input');
  const module = JSON.stringify(join(projectDir, 'dist/src/system/processes.js'));
  const script = `import { run } from ${module};
    const argv = ['bash', '-c', 'cat "$0"/private/input; echo; env; ulimit -u; touch "$0"/own/output', ${JSON.stringify(dir)}];
    const cage = { reads: [${JSON.stringify(input)}], writes: [${JSON.stringify(own)}] };
    console.log((await run(argv, { stage: 'test', cage })).stdout);`;
  const env = { ...process.env, BUSYGUEST_SANDBOX: 'off', KCIDB_REST: canary };
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', script], { env });
  const lines = out.toString().trim().split('\n');
  assert.equal(lines[0], 'input');
  assert.equal(lines.at(-1), '4096');
  assert.ok(!out.toString().includes(canary));
  assert.ok((await readdir(own)).includes('output'));
});
