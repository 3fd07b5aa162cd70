// SPDX-License-Identifier: MIT
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { findQemu } from '../../src/devices/qemu/binary.js';
import { dieWithParent, killGroup, run } from '../../src/system/processes.js';
import { quoteWords } from '../../src/system/shell-words.js';
import { folder } from '../integration/cli.js';
import { freePort } from '../integration/free-port.js';
import type { HostImage } from './host-image.js';

export const user = 'admin';
export const password = 'known-to-nobody';
/** Suite 3 saves ten seconds a call: ipmi_sim does not say which suites it has. */
export const cipher = 3;

/** An OpenPOWER machine with its BMC: ipmi_sim, and QEMU as what it switches on. */
export interface EmulatedMachine {
  readonly dir: string;
  readonly port: number;
  /** ipmitool on this machine, with the right password. */
  ipmitool(...command: string[]): Promise<string>;
  /** How often the power was switched on. */
  powerOns(): Promise<number>;
}

/** @param mute its console prints nothing, whatever happens */
export async function emulatedMachine(
  context: TestContext,
  image: HostImage,
  mute = false,
): Promise<EmulatedMachine> {
  const dir = await folder(context);
  const [lan, vm, console] = await Promise.all([freePort(), freePort(), freePort()]);
  const start = join(dir, 'power-on.sh');
  const qemu = await qemuArgv(
    image,
    vm,
    // ipmi_sim asks for the console every 10 s only. A machine that did not wait would have shown its menu before.
    mute ? 'null' : `telnet:127.0.0.1:${console},server=on,wait=on`,
  );
  await writeFile(start, `#!/bin/sh\necho on >> ${dir}/power-ons\nexec ${quoteWords(qemu)}\n`);
  await chmod(start, 0o755);
  await writeFile(join(dir, 'lan.conf'), lanConf(lan, vm, console, start));
  await writeFile(join(dir, 'bmc.emu'), emulation);
  await mkdir(join(dir, 'state'));
  const bmc = startBmc(dir);
  context.after(async () => {
    killGroup(bmc.pid);
    await once(bmc, 'close');
  });
  const env = { IPMI_PASSWORD: password };
  const argv = `ipmitool -I lanplus -H 127.0.0.1 -p ${lan} -U ${user} -E -C ${cipher}`.split(' ');
  const ipmitool = async (...command: string[]): Promise<string> =>
    (await run([...argv, ...command], { stage: 'test', env, okCodes: [0, 1] })).stdout;
  while (!(await ipmitool('chassis', 'power', 'status')).includes('Power')) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    dir,
    port: lan,
    ipmitool,
    powerOns: async () => {
      const text = await readFile(join(dir, 'power-ons'), 'utf8').catch(() => '');
      return text.split('\n').length - 1;
    },
  };
}

function startBmc(dir: string): ChildProcess {
  const argv = ['ipmi_sim', '-c', 'lan.conf', '-f', 'bmc.emu', '-s', 'state', '-n'];
  const [program, ...before] = dieWithParent;
  return spawn(program, [...before, ...argv], { cwd: dir, detached: true, stdio: 'ignore' });
}

/**
 * A POWER9 machine whose network sees this computer as 10.0.2.2. Its time counts instructions, so
 * that load on this computer does not make it miss deadlines of its own.
 */
export async function powernv(
  image: HostImage,
  serial: string,
  network: string,
): Promise<string[]> {
  const qemu = await findQemu();
  if (qemu === undefined) throw new Error('no QEMU for POWER');
  return [...qemu.argv, ...powernvArguments(image, serial, network)];
}

/** The same without QEMU itself. */
export function powernvArguments(image: HostImage, serial: string, network: string): string[] {
  return [
    ...[
      '-M',
      'powernv9',
      '-m',
      '2G',
      '-accel',
      'tcg',
      '-icount',
      'shift=4',
      '-nodefaults',
      '-no-user-config',
    ],
    ...['-display', 'none', '-monitor', 'none', '-serial', serial],
    ...['-device', 'pnv-phb,chip-id=0,index=0,id=pcie.0'],
    ...['-device', 'pnv-phb-root-port,bus=pcie.0,id=root0'],
    ...['-netdev', network, '-device', 'e1000e,netdev=net,bus=root0,romfile='],
    ...['-kernel', image.kernel, '-initrd', image.initramfs],
    ...['-append', 'console=hvc0 cryptomgr.notests quiet'],
  ];
}

async function qemuArgv(image: HostImage, vm: number, serial: string): Promise<string[]> {
  return [
    ...dieWithParent,
    ...(await powernv(image, serial, 'user,id=net')),
    ...['-chardev', `socket,id=bmc,host=127.0.0.1,port=${vm},reconnect-ms=500`],
    ...['-device', 'ipmi-bmc-extern,id=bmc0,chardev=bmc'],
    ...['-device', 'isa-ipmi-bt,bmc=bmc0,irq=10'],
  ];
}

const lanConf = (lan: number, vm: number, console: number, start: string): string => `
name "busyguest"
set_working_mc 0x20
  startlan 1
    addr 127.0.0.1 ${lan}
    priv_limit admin
    allowed_auths_callback none md2 md5 straight
    allowed_auths_user none md2 md5 straight
    allowed_auths_operator none md2 md5 straight
    allowed_auths_admin none md2 md5 straight
    guid a123456789abcdefa123456789abcdef
  endlan
  serial 15 127.0.0.1 ${vm} codec VM
  startcmd "${start}"
  startnow false
  sol "telnet:127.0.0.1:${console}" 115200
  user 1 true "" "" user 10 none md2 md5 straight
  user 2 true "${user}" "${password}" admin 10 none md2 md5 straight
`;

const emulation = `mc_setbmc 0x20
mc_add 0x20 0 no-device-sdrs 0x23 9 8 0x9f 0x1291 0xf02 persist_sdr
sel_enable 0x20 1000 0x0a
mc_enable 0x20
`;
