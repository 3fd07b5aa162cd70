// SPDX-License-Identifier: MIT
import type { DeviceSpec } from '../model/job.js';

/** What a described machine may be given, as data: each value is one word that no comma or path fits in. */
type Values = Readonly<Record<string, RegExp>>;

/** The machines of qemu-system-ppc64 on which KVM-HV can run. */
const machineType = /^(?:pseries(?:-\d{1,2}\.\d{1,2})?|powernv(?:8|9|10|11)?|powernv10-rainier)$/;
const cpuModel = /^[A-Za-z][A-Za-z0-9_.+]{0,31}$/;

const onOff = /^(?:on|off)$/;
const mitigation = /^(?:broken|workaround|fixed)$/;
const count = /^\d{1,9}$/;
const size = /^\d{1,6}[kKmMgG]?$/;

/** Of -machine pseries: capabilities and what decides the path in the kernel; nothing that names a file or another object. */
const pseries: Values = {
  'cap-ail-mode-3': onOff,
  'cap-ccf-assist': onOff,
  'cap-cfpc': mitigation,
  'cap-dawr1': onOff,
  'cap-dfp': onOff,
  'cap-fwnmi': onOff,
  'cap-hpt-max-page-size': size,
  'cap-htm': onOff,
  'cap-ibs': /^(?:broken|workaround|fixed-ibs|fixed-ccd|fixed-na)$/,
  'cap-large-decr': onOff,
  'cap-nested-hv': onOff,
  'cap-nested-papr': onOff,
  'cap-rpt-invalidate': onOff,
  'cap-sbbc': mitigation,
  'cap-vsx': onOff,
  graphics: onOff,
  'ic-mode': /^(?:dual|xics|xive)$/,
  'kernel-irqchip': /^(?:on|off|split)$/,
  'kvm-type': /^(?:auto|HV|PR|hv|pr)$/,
  'max-cpu-compat': /^power(?:[6-9]|10|11)$/,
  'resize-hpt': /^(?:default|disabled|enabled|required)$/,
  usb: onOff,
  vsmt: count,
  'x-vof': onOff,
};
const powernv: Values = { 'big-core': onOff, 'hb-mode': onOff, 'lpar-per-core': onOff };

/** Devices that a described machine may have besides its own, with their properties. */
export const deviceDrivers = {
  'ipmi-bmc-sim': { id: 'name' },
  'isa-ipmi-bt': { bmc: 'name', irq: 'count' },
  'isa-ipmi-kcs': { bmc: 'name', irq: 'count' },
  'qemu-xhci': { id: 'name' },
  'spapr-rng': { 'use-kvm': 'switch' },
  'usb-kbd': {},
  'virtio-balloon-pci': { id: 'name' },
  'virtio-rng-pci': { id: 'name', 'max-bytes': 'count', period: 'count' },
  'virtio-scsi-pci': { id: 'name' },
} as const satisfies Readonly<
  Record<string, Readonly<Record<string, 'name' | 'count' | 'switch'>>>
>;

export type DeviceDriver = keyof typeof deviceDrivers;
/** A property's value before it is an argument. */
export type PropertyValue = boolean | number | string;

const kinds: Readonly<Record<string, { is(value: PropertyValue): boolean; what: string }>> = {
  name: {
    is: (value) => typeof value === 'string' && /^[a-z][a-z0-9-]{0,31}$/.test(value),
    what: 'a name (a-z, 0-9, "-")',
  },
  count: {
    is: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
    what: 'a whole number',
  },
  switch: { is: (value) => typeof value === 'boolean', what: 'true or false' },
};

/** A mistake and what to write instead. */
export interface OptionFault {
  readonly message: string;
  readonly hint: string;
}

/** What is wrong with `machine: TYPE[,PROPERTY=VALUE]...` of data, or undefined. */
export function machineFault(text: string): OptionFault | undefined {
  const [type = '', ...properties] = text.split(',');
  if (!machineType.test(type)) {
    const hint =
      'valid: pseries, pseries-VERSION, powernv8 to powernv11, with PROPERTY=VALUE behind commas';
    return { message: `${JSON.stringify(type)} is no machine that may be described here`, hint };
  }
  const known = type.startsWith('pseries') ? pseries : powernv;
  for (const property of properties) {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(property) ?? [];
    if (Object.hasOwn(known, name) && known[name]?.test(value)) continue;
    const message = `${JSON.stringify(property)} is no property that a described ${type} may have`;
    const list = Object.keys(known).join(', ');
    return { message, hint: `valid, each with its value: ${list}; only a *.job.ts may use others` };
  }
  return undefined;
}

/** What is wrong with `cpu: MODEL` of data, or undefined. */
export function cpuFault(text: string): OptionFault | undefined {
  if (cpuModel.test(text)) return undefined;
  const message = `${JSON.stringify(text)} is no name of a CPU model`;
  return { message, hint: 'as POWER10 or power9_v2.2; only a *.job.ts may give it options' };
}

/** What is wrong with the properties of a device, or undefined. */
export function propertiesFault(
  driver: DeviceDriver,
  properties: Readonly<Record<string, PropertyValue>>,
): string | undefined {
  const known: Readonly<Record<string, string>> = deviceDrivers[driver];
  for (const [name, value] of Object.entries(properties)) {
    const kind = Object.hasOwn(known, name) ? kinds[known[name] ?? ''] : undefined;
    if (kind === undefined) {
      const valid = Object.keys(known).join(', ') || 'none';
      return `${JSON.stringify(name)} is no property that ${driver} may have here; valid: ${valid}`;
    }
    if (!kind.is(value)) return `${name} of ${driver}: ${kind.what} is needed`;
  }
  return undefined;
}

/** A device as QEMU's -device takes it. Its properties have no fault. */
export function deviceArgument(
  driver: DeviceDriver,
  properties: Readonly<Record<string, PropertyValue>>,
): string {
  const word = (value: PropertyValue): string =>
    typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
  const all = Object.entries(properties).map(([name, value]) => `${name}=${word(value)}`);
  return [driver, ...all].join(',');
}

/** The first thing that is wrong with a whole description that was found in a file, or undefined. */
export function specFault(spec: DeviceSpec): string | undefined {
  if (spec.extraArgs.length > 0) return 'it was given arguments of QEMU by a program';
  const fault =
    machineFault(spec.machine) ?? (spec.cpu === undefined ? undefined : cpuFault(spec.cpu));
  return fault?.message ?? spec.devices.map(argumentFault).find((one) => one !== undefined);
}

/** What is wrong with a value for -device that `deviceArgument` did not make, or undefined. */
function argumentFault(text: string): string | undefined {
  const [driver = '', ...properties] = text.split(',');
  if (!Object.hasOwn(deviceDrivers, driver))
    return `${JSON.stringify(driver)} is no device of ours`;
  const own = driver as DeviceDriver;
  const values = properties.map((property): [string, PropertyValue] => {
    const [, name = '', value = ''] = /^([^=]*)=(.*)$/s.exec(property) ?? [];
    const known: Readonly<Record<string, string>> = deviceDrivers[own];
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === 'count' && count.test(value)) return [name, Number(value)];
    if (kind === 'switch' && onOff.test(value)) return [name, value === 'on'];
    return [name, value];
  });
  return propertiesFault(own, Object.fromEntries(values));
}
