// SPDX-License-Identifier: MIT
import { z } from 'zod';
import type { Finding, Path } from '../documents/positions.js';

/** Options of QEMU that describe the machine and reach nothing of the host but files to read. */
const harmless = [
  ...['-bios', '-boot', '-device', '-global', '-name', '-no-reboot', '-nodefaults', '-numa'],
  ...['-object', '-prom-env', '-rtc', '-S', '-seed', '-uuid'],
];
/** Kinds of -object that neither open nor make a file that was named. */
const harmlessObject = /^(?:memory-backend-ram|rng-builtin|iothread)(?:,|$)/;
/** Devices that are the host's own. */
const hostDevice = /^(?:vfio|vhost|usb-host)/;
/** A machine's options that write. */
const writing = /(?:^|,)\s*(dumpdtb|dumpvmstate)\s*=/;

const shape = z.object({
  devices: z.array(
    z
      .object({ machine: z.string().catch(''), 'extra-args': z.array(z.string()).catch([]) })
      .catch({ machine: '', 'extra-args': [] }),
  ),
});

/**
 * Arguments by which a YAML job matrix could make QEMU start a program, load a library or write a file: YAML is data,
 * and may come from anybody. A generator (`*.job.ts`) is a program already and may use them.
 */
export function checkQemuArguments(data: unknown): Finding[] {
  const parsed = shape.safeParse(data);
  if (!parsed.success) return [];
  return parsed.data.devices.flatMap((device, index) => {
    const option = writing.exec(device.machine)?.[1];
    const at: Path = ['devices', index];
    const machine =
      option === undefined
        ? []
        : [{ path: [...at, 'machine'], message: `"${option}" writes a file; only a *.job.ts may` }];
    return [...machine, ...argumentFindings(device['extra-args'], [...at, 'extra-args'])];
  });
}

function argumentFindings(args: readonly string[], at: Path): Finding[] {
  let option = '';
  return args.flatMap((arg, index) => {
    const isOption = arg.startsWith('-');
    const bad = isOption ? !isHarmless(arg) : !isHarmlessValue(option, arg);
    option = isOption ? arg.replace(/^--/, '-') : '';
    if (!bad) return [];
    const message = `${JSON.stringify(arg)} could reach into this host; only a *.job.ts may use it`;
    return [{ path: [...at, index], message, hint: `here: ${harmless.join(', ')}` }];
  });
}

const isHarmless = (arg: string): boolean => harmless.includes(arg.replace(/^--/, '-'));

// A value without an option before it is a disk image.
function isHarmlessValue(option: string, value: string): boolean {
  if (option === '-object') return harmlessObject.test(value);
  return option === '-device' ? !hostDevice.test(value) : option !== '';
}
