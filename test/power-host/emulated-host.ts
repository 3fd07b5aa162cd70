// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { whyNot } from '../../src/devices/qemu/abilities.js';
import { machineArgv } from '../../src/devices/qemu/argv.js';
import { findQemu } from '../../src/devices/qemu/binary.js';
import { emulatedMachine } from '../../src/architectures/architectures.js';
import { dieWithParent, killGroup } from '../../src/system/processes.js';
import { there } from './busyguest-disk.js';
import type { HostKernel } from './host-system.js';

/** A POWER host that is emulated. */
export interface EmulatedHost {
  /** The machine as one of our devices: qemu-powernv9. */
  readonly device: string;
  readonly kernel: HostKernel;
  /** CPUs; with one its time counts instructions, with more it is real. */
  readonly cpus: number;
}

/** A command line of busyguest, and its name. */
export type Commands = Readonly<Record<string, string>>;

/** What a command gave there. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** Of the host's own time, seconds. */
  readonly seconds: number;
}

/** What all commands gave, and what the host cost. */
export interface HostRun {
  readonly answers: ReadonlyMap<string, Answer>;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
  readonly peakBytes: number;
}

const signs = { up: '== up ', ended: '== ended ', end: '== end' } as const;

/** QEMU in it has a guest of 1 GiB, most of which is never touched. */
const memoryMb = 1536;

/** Fails the test, on a fast machine and on a slow one: all commands of a host take a third of it. */
const mostCpuSeconds = 2400;

/** What PID 1 of the disk is after the initramfs: mounts, and commands one after the other. */
const job = (commands: Commands): string => `
export PATH=${there}/bin:/usr/bin:/usr/sbin HOME=/root TERM=dumb
export CROSS_COMPILE=powerpc64le-linux-gnu- BUSYGUEST_CACHE=${there}/cache
mount -t ext4 /dev/vdb ${there}
mount -t cgroup2 cgroup /sys/fs/cgroup
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts; mount -t tmpfs shm /dev/shm; mount -t tmpfs tmp /tmp
ln -s /proc/self/fd /dev/fd
# Without a BMC there is no clock.
date -s 2026-11-28 > /dev/null
# As udev does.
chgrp kvm /dev/kvm; chmod 660 /dev/kvm
uptime() { cut -d' ' -f1 /proc/uptime; }
echo "${signs.up}$(uptime)"
cd /mnt
${Object.entries(commands)
  .map(
    ([name, command]) => `begun=$(uptime)
busyguest() { node ${there}/busyguest/bin/busyguest.mjs "$@"; }
(cd /tmp; ${command}) > ${name}.out 2> ${name}.err
echo "${signs.ended}${name} $? $begun $(uptime)"`,
  )
  .join('\n')}
cp -r /tmp/results . 2>/dev/null
sync
echo "${signs.end}"
sleep 1000000
`;

/** Why the QEMU of this system cannot be such a machine; empty: it can. */
export async function whyNoHost(device: string): Promise<string[]> {
  const [qemu, machine] = [await findQemu(), emulatedMachine(device)];
  return qemu && machine ? whyNot(machine, qemu) : [`no QEMU for ${device}`];
}

/** Boots the host, runs the commands there, and ends it. What they wrote to /tmp/results is in `dir` then. */
export async function onHost(
  dir: string,
  host: EmulatedHost,
  disks: readonly [system: string, busyguest: string],
  files: Readonly<Record<string, string>>,
  commands: Commands,
): Promise<HostRun> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'job.sh'), job(commands));
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
  const console = join(dir, 'console.log');
  await writeFile(console, '');
  const begun = performance.now();
  const [program, ...args] = [
    ...['prlimit', `--cpu=${mostCpuSeconds}`, ...dieWithParent],
    ...(await qemuArgv(host, disks, dir, console)),
  ];
  const child = spawn(program ?? '', args, { detached: true, stdio: 'ignore' });
  const ended = once(child, 'exit');
  let cost = { cpuSeconds: 0, peakBytes: 0 };
  try {
    while (child.exitCode === null && child.signalCode === null) {
      cost = (await costOf(child.pid ?? 0)) ?? cost;
      if ((await readFile(console, 'latin1')).includes(`${signs.end}\r\n`)) break;
      await sleep(1000);
    }
  } finally {
    killGroup(child.pid);
    await ended;
  }
  const text = await readFile(console, 'latin1');
  const answers = new Map<string, Answer>();
  const line = new RegExp(`^${signs.ended}(\\S+) (\\d+) ([\\d.]+) ([\\d.]+)`, 'gm');
  for (const [, name = '', code, from, to] of text.matchAll(line)) {
    const said = (end: string): Promise<string> => readFile(join(dir, `${name}.${end}`), 'utf8');
    const [stdout, stderr] = await Promise.all([said('out'), said('err')]);
    answers.set(name, { code: Number(code), stdout, stderr, seconds: Number(to) - Number(from) });
  }
  for (const name of Object.keys(commands)) {
    if (answers.has(name)) continue;
    throw new Error(`the host never ended ${name}; its console:\n${text.slice(-3000)}`);
  }
  return { answers, ...cost, wallSeconds: (performance.now() - begun) / 1000 };
}

/** Of a process so far; undefined: it is gone. Clock ticks are a hundredth of a second on Linux. */
async function costOf(pid: number): Promise<Pick<HostRun, 'cpuSeconds' | 'peakBytes'> | undefined> {
  const read = (name: string): Promise<string> =>
    readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '');
  const [stat, status] = await Promise.all([read('stat'), read('status')]);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const peak = /^VmHWM:\s+(\d+) kB/m.exec(status)?.[1];
  if (peak === undefined) return undefined;
  const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / 100;
  return { cpuSeconds, peakBytes: Number(peak) * 1024 };
}

async function qemuArgv(
  { device, kernel, cpus }: EmulatedHost,
  disks: readonly string[],
  shared: string,
  console: string,
): Promise<string[]> {
  const qemu = await findQemu();
  const machine = emulatedMachine(device);
  if (qemu === undefined || machine === undefined) throw new Error(`no QEMU for ${device}`);
  // With more than one CPU they run side by side, in real time.
  const base = machineArgv({ ...machine, memoryMb }, cpus, cpus === 1, `file:${console}`);
  // A slot of powernv is a bridge of its own. powernv11 takes none from here (seen with QEMU 11.1.3), but has some by default.
  const hasBridges = machine.machine === 'powernv11';
  const isBareMetal = machine.machine.startsWith('powernv');
  const bridges = [0, 1, 2].flatMap((index) => [
    ...['-device', `pnv-phb,chip-id=0,index=${index},id=pcie.${index}`],
    ...['-device', `pnv-phb-root-port,bus=pcie.${index},id=root${index}`],
  ]);
  const bridge = hasBridges ? 'pcie.' : 'root';
  const slot = (index: number): string => (isBareMetal ? `,bus=${bridge}${index}` : '');
  const drives = disks.flatMap((file, index) => [
    '-drive',
    `if=none,id=d${index},file=${file},format=raw,cache=unsafe,snapshot=on`,
    ...['-device', `virtio-blk-pci,drive=d${index}${slot(index)}`],
  ]);
  return [
    ...qemu.argv,
    ...base.filter((flag) => !hasBridges || flag !== '-nodefaults'),
    ...(isBareMetal && !hasBridges ? bridges : []),
    ...drives,
    ...['-fsdev', `local,id=host,path=${shared},security_model=none`],
    ...['-device', `virtio-9p-pci,fsdev=host,mount_tag=host,romfile=${slot(2)}`],
    ...['-kernel', kernel.image, '-initrd', kernel.initramfs],
    ...['-append', 'console=hvc0 cryptomgr.notests'],
  ];
}
