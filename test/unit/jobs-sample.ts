// SPDX-License-Identifier: MIT
import { JobError } from '../../src/model/errors.js';
import type { Problem } from '../../src/model/errors.js';
import type { JobMatrix } from '../../src/model/job.js';
import { loadMatrix } from '../../src/jobs/load.js';

/** The devices that these tests take for built in. */
export const knownDevices = [
  'qemu-pseries-p9',
  'qemu-pseries-p10',
  'qemu-pseries-p11',
  'qemu-pseries-papr-p10',
  'qemu-pseries-papr-p11',
  'qemu-powernv8',
  'qemu-powernv9',
  'qemu-powernv9-hash',
  'qemu-powernv10',
  'qemu-powernv11',
  'qemu-pseries-pr-p8',
  'qemu-pseries-pr-p9',
];

/** Loads as the file /lab/m.yaml. */
export function load(text: string): JobMatrix {
  return loadMatrix('/lab/m.yaml', text, { knownDevices });
}

/** The problems of a text that must not load. */
export function problemsOf(text: string): readonly Problem[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof JobError) return error.problems;
    throw error;
  }
  throw new Error('the text loaded');
}

/** The problems as `line>word message; hint`, where `word` is what the position points at. */
export function told(text: string): string[] {
  return problemsOf(text).map(({ at, excerpt, message, hint }) => {
    const word = /^(\W?[\w./*&<>-]*)/.exec(excerpt?.slice((at?.column ?? 1) - 1) ?? '')?.[0];
    return `${at?.line}>${word} ${message}${hint === undefined ? '' : `; ${hint}`}`;
  });
}

/** A small valid matrix; `changes` replaces whole top-level sections, `more` is added below. */
export function matrix(
  changes: Partial<Record<'kernels' | 'devices' | 'tests', string>>,
  more = '',
): string {
  const kernels = changes.kernels ?? '[{name: k, source: tree}]';
  const devices = changes.devices ?? '[qemu-powernv8]';
  const tests = changes.tests ?? '[{name: t, quota-us: 30000}]';
  return `name: m\nkernels: ${kernels}\ndevices: ${devices}\ntests: ${tests}\n${more}`;
}
