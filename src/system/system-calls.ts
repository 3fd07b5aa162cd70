// SPDX-License-Identifier: MIT
import { arch, endianness } from 'node:os';

/** What a cage refuses, and only there: the kernel's numbers of system calls (asm/unistd.h), by its name for a machine. */
export interface SystemCalls {
  /** AUDIT_ARCH_*: who calls by the numbers of another machine is refused everything. */
  readonly machine: number;
  /** Calls of another table of the same machine start here (x32). */
  readonly foreignFrom?: number;
  /** Refused: keys of the user, further namespaces with their powers, and rarely used, often broken parts of the kernel. */
  readonly refused: Readonly<Record<string, number>>;
  /** Missing, so that the C library uses the older call, whose arguments can be looked at. */
  readonly missing: Readonly<Record<string, number>>;
  readonly clone: number;
  readonly socket: number;
}

/** The same numbers on every machine. */
const sinceGeneric = { io_uring_setup: 425, io_uring_enter: 426, io_uring_register: 427 } as const;
const clone3 = { clone3: 435 } as const;

/** By Node.js's name of a processor; all of them little-endian. */
export const systemCalls: Readonly<Record<string, SystemCalls>> = {
  x64: {
    machine: 0xc000003e,
    foreignFrom: 0x40000000,
    refused: {
      ...{ add_key: 248, request_key: 249, keyctl: 250, unshare: 272, perf_event_open: 298 },
      ...{ open_by_handle_at: 304, setns: 308, bpf: 321, userfaultfd: 323, ...sinceGeneric },
    },
    missing: clone3,
    clone: 56,
    socket: 41,
  },
  arm64: {
    machine: 0xc00000b7,
    refused: {
      ...{ unshare: 97, add_key: 217, request_key: 218, keyctl: 219, perf_event_open: 241 },
      ...{ open_by_handle_at: 265, setns: 268, bpf: 280, userfaultfd: 282, ...sinceGeneric },
    },
    missing: clone3,
    clone: 220,
    socket: 198,
  },
  ppc64: {
    machine: 0xc0000015,
    refused: {
      ...{ add_key: 269, request_key: 270, keyctl: 271, unshare: 282, perf_event_open: 319 },
      ...{ open_by_handle_at: 346, setns: 350, bpf: 361, userfaultfd: 364, ...sinceGeneric },
    },
    missing: { socketcall: 102, ...clone3 },
    clone: 120,
    socket: 326,
  },
};

/** AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: no namespace holds AF_VSOCK, which leads out of a virtual machine. */
const families = [1, 2, 10, 16];
const newUserNamespace = 0x10000000;

const [load, ifEqual, ifAtLeast, ifAnyBit, give] = [0x20, 0x15, 0x35, 0x45, 0x06];
/** Places of struct seccomp_data, the low half of the first argument. */
const [callAt, machineAt, argumentAt] = [0, 4, 16];
const allow = 0x7fff0000;
const fails = (errno: number): number => 0x00050000 | errno;
const [noPermission, noSuchCall, noSuchFamily] = [1, 38, 97].map(fails) as [number, number, number];

type Step = readonly [code: number, value: number, ifTrue?: number, ifFalse?: number];

/** The filter for bubblewrap's --seccomp: a program of classic BPF. Undefined where nobody knows the numbers. */
export function systemCallFilter(machine: string = arch()): Uint8Array | undefined {
  const calls = endianness() === 'LE' ? systemCalls[machine] : undefined;
  return calls && program(stepsFor(calls));
}

function stepsFor(calls: SystemCalls): Step[] {
  const answer = (numbers: Readonly<Record<string, number>>, result: number): Step[] =>
    Object.values(numbers).flatMap((number): Step[] => [
      [ifEqual, number, 0, 1],
      [give, result],
    ]);
  const { foreignFrom } = calls;
  return [
    [load, machineAt],
    [ifEqual, calls.machine, 1, 0],
    [give, noSuchCall],
    [load, callAt],
    ...(foreignFrom === undefined
      ? []
      : ([
          [ifAtLeast, foreignFrom, 0, 1],
          [give, noSuchCall],
        ] satisfies Step[])),
    ...answer(calls.refused, noPermission),
    ...answer(calls.missing, noSuchCall),
    [ifEqual, calls.clone, 0, 4],
    [load, argumentAt],
    [ifAnyBit, newUserNamespace, 0, 1],
    [give, noPermission],
    [give, allow],
    [ifEqual, calls.socket, 1, 0],
    [give, allow],
    [load, argumentAt],
    ...families.map((family, index): Step => [ifEqual, family, families.length - index, 0]),
    [give, noSuchFamily],
    [give, allow],
  ];
}

function program(steps: readonly Step[]): Uint8Array {
  const bytes = Buffer.alloc(steps.length * 8);
  steps.forEach(([code, value, ifTrue = 0, ifFalse = 0], index) => {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(ifTrue, index * 8 + 2);
    bytes.writeUInt8(ifFalse, index * 8 + 3);
    bytes.writeUInt32LE(value >>> 0, index * 8 + 4);
  });
  return bytes;
}
