// SPDX-License-Identifier: MIT
import type { Finding, Path } from '../documents/positions.js';
import { cpuFault, machineFault, type OptionFault } from './machine-options.js';

/**
 * What only a program may ask for: a job matrix that is data may come from anybody, and describes its machines by
 * the words of machine-options.ts and nothing else. A generator (`*.job.ts`) is a program already, and may use all of QEMU.
 */
export function checkData(data: unknown): Finding[] {
  return [
    ...entries(data, 'devices').flatMap(([device, path]): Finding[] => [
      ...findingAt(device, 'machine', path, machineFault),
      ...findingAt(device, 'cpu', path, cpuFault),
      ...('extra-args' in device ? [noArguments([...path, 'extra-args'])] : []),
    ]),
    ...entries(data, 'kernels').flatMap(([kernel, path]) =>
      findingAt(kernel, 'toolchain', path, pathFault),
    ),
  ];
}

type Entry = Readonly<Record<string, unknown>>;

/** The maps in a list of the root, with their paths. */
function entries(data: unknown, key: string): (readonly [Entry, Path])[] {
  const list: unknown = isMap(data) ? data[key] : undefined;
  if (!Array.isArray(list)) return [];
  return list.flatMap((entry: unknown, index) =>
    isMap(entry) ? [[entry, [key, index]] as const] : [],
  );
}

const isMap = (value: unknown): value is Entry => typeof value === 'object' && value !== null;

/** What is no text is the schema's to refuse. */
function findingAt(
  entry: Entry,
  key: string,
  path: Path,
  fault: (text: string) => OptionFault | undefined,
): Finding[] {
  const value = entry[key];
  const found = typeof value === 'string' ? fault(value) : undefined;
  return found === undefined ? [] : [{ path: [...path, key], ...found }];
}

const noArguments = (path: Path): Finding => ({
  path,
  target: 'key',
  message: 'arguments of QEMU can read and write files here: only a *.job.ts may give them',
  hint: 'describe the machine by machine, cpu, memory-mb, smp, accel, icount and devices',
});

/** A compiler is a program that runs here: data may choose among those that are installed. */
const pathFault = (toolchain: string): OptionFault | undefined =>
  toolchain.includes('/')
    ? {
        message: `${JSON.stringify(toolchain)} names programs by their path: only a *.job.ts may`,
        hint: 'put them into the PATH, or set CROSS_COMPILE',
      }
    : undefined;
