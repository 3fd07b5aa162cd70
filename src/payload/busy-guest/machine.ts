// SPDX-License-Identifier: MIT
import { usualArchitecture } from '../../architectures/architectures.js';
import type { Facts } from '../../model/result.js';
import { usualProgram, type VmmGuest } from '../image-recipe.js';
import type { MachinePart } from '../test-program.js';
import type { BusyGuestParameters } from './parameters.js';

/** The QEMU that is packed for the machine under test: where there is one (guest-images/busy-guest/arch/). */
const guestQemu = usualArchitecture.qemu.program;

/** The guest of QEMU that is asked for; undefined where the program runs the guest itself. */
const vmmGuestOf = ({ vmm, vmmGuest }: BusyGuestParameters): VmmGuest | undefined =>
  vmm === undefined ? undefined : (vmmGuest ?? 'bare');

function argv(parameters: BusyGuestParameters, kernelFacts: Facts): readonly string[] {
  const { quotaUs, periodUs, vcpus, seconds, cases, tags, trace, payloadArgs } = parameters;
  const offsets = kernelFacts['trace_offsets'];
  const guest = vmmGuestOf(parameters);
  return [
    `--quota-us=${quotaUs}`,
    `--period-us=${periodUs}`,
    `--vcpus=${vcpus}`,
    `--seconds=${seconds}`,
    ...(cases === undefined ? [] : [`--case=${cases.join(',')}`]),
    ...(tags === undefined ? [] : [`--tag=${tags.join(',')}`]),
    ...(trace === true ? ['--trace'] : []),
    ...(trace === true && offsets !== undefined ? [`--trace-offsets=${offsets}`] : []),
    ...(guest === undefined ? [] : [`--vmm=${guestQemu}`, `--vmm-guest=${guest}`]),
    ...Object.entries(payloadArgs ?? {}).map(optionOf),
  ];
}

const optionOf = ([name, value]: [string, number | true | undefined]): string =>
  value === true ? `--${name}` : `--${name}=${value}`;

export const machine: MachinePart<BusyGuestParameters> = {
  argv,
  // Fewer CPUs than vCPUs are fine where the test says so.
  cpus: ({ cpus, vcpus }) =>
    cpus === undefined
      ? { count: vcpus, isExact: false, key: 'vcpus', text: `${vcpus} vCPUs` }
      : { count: cpus, isExact: true, key: 'cpus', text: `cpus: ${cpus}` },
  image: (parameters) => {
    const vmm = vmmGuestOf(parameters);
    const program = usualProgram;
    return vmm === undefined ? { kind: 'program', program } : { kind: 'vmm', program, guest: vmm };
  },
  facts: ({ quotaUs, periodUs, vcpus }) => ({
    limit: `${quotaUs} ${periodUs}`,
    vcpus: String(vcpus),
  }),
};
