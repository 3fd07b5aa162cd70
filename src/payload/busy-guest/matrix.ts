// SPDX-License-Identifier: MIT
import type { z } from 'zod';
import { pathText, type Finding, type Path } from '../../documents/positions.js';
import type { ExpandedParameters, MatrixEntry, MatrixPart } from '../test-program.js';
import { basicCases, selectedCases } from './cases.js';
import { whyNothingIsShown } from './check-limit.js';
import { defaultPeriodUs, keys, parseLimit } from './matrix-keys.js';
import type { BusyGuestParameters } from './parameters.js';

/** Fewer periods in the window say nothing about the mean. */
const fewestPeriods = 5;

type Entry = z.output<z.ZodObject<typeof keys>>;

/** A test of the matrix, with where its values stand. */
export interface Expanded extends ExpandedParameters<BusyGuestParameters> {
  readonly limitPath: Path;
  readonly secondsPath: Path;
}

/** One value of a parameter; `suffix` goes into the test's name and is empty where the user wrote no list. */
interface Choice<T> {
  readonly value: T;
  readonly suffix: string;
  readonly path: Path;
}

type Limit = Pick<BusyGuestParameters, 'quotaUs' | 'periodUs'>;

function expand(raw: Entry): Expanded[] {
  const vcpus = choices('vcpus', raw.vcpus, (value) => `-${value}vcpu`);
  const windows = choices('seconds', raw.seconds, (value) => `-${value}s`);
  return vcpus.flatMap((vcpu) =>
    limitChoices(raw).flatMap((limit) =>
      windows.map((window) => ({
        suffix: `${vcpu.suffix}${limit.suffix}${window.suffix}`,
        parameters: {
          ...limit.value,
          vcpus: vcpu.value,
          seconds: window.value,
          ...(raw.cpus === undefined ? {} : { cpus: raw.cpus }),
          ...(raw.cases === undefined ? {} : { cases: raw.cases }),
          ...(raw.tags === undefined ? {} : { tags: raw.tags }),
          ...(raw.trace && { trace: true }),
          ...(raw['payload-args'] === undefined ? {} : { payloadArgs: raw['payload-args'] }),
          ...(raw.vmm === undefined ? {} : { vmm: raw.vmm, vmmGuest: raw['vmm-guest'] ?? 'bare' }),
        },
        cpusPath: vcpu.path,
        limitPath: limit.path,
        secondsPath: window.path,
      })),
    ),
  );
}

function count(raw: Entry): number {
  const lists = [raw.vcpus, raw.seconds, raw.limits, raw['quota-us'], raw['period-us']];
  return lists.reduce<number>((count, list) => count * (Array.isArray(list) ? list.length : 1), 1);
}

function limitChoices(raw: Entry): Choice<Limit>[] {
  if (raw.limits !== undefined) {
    return choices(
      'limits',
      raw.limits,
      (text) => `-${Object.values(parseLimit(text)).join('-')}`,
    ).map((choice) => ({ ...choice, value: parseLimit(choice.value) }));
  }
  const quotas = choices('quota-us', raw['quota-us'] ?? [], (value) => `-${value}`);
  const periods = choices('period-us', periodOrDefault(raw), (value) => `-${value}`);
  return quotas.flatMap((quota) =>
    periods.map((period) => ({
      value: { quotaUs: quota.value, periodUs: period.value },
      suffix: `${quota.suffix}${period.suffix}`,
      path: quota.path,
    })),
  );
}

function choices<T extends string | number>(
  key: string,
  raw: T | T[],
  suffix: (value: T) => string,
): Choice<T>[] {
  if (!Array.isArray(raw)) return [{ value: raw, suffix: '', path: [key] }];
  return raw.map((value, index) => ({ value, suffix: suffix(value), path: [key, index] }));
}

/** The period of a test that names none, microseconds. */
function periodOrDefault(raw: Entry): number | number[] {
  return raw['period-us'] ?? defaultPeriodUs;
}

/** What is wrong with an entry: numbers that contradict each other, or that could show nothing. */
function check(given: MatrixEntry): Finding[] {
  const value = given as Entry;
  if (value.limits === undefined && value['quota-us'] === undefined) {
    return [{ path: [], message: 'missing key "quota-us" (or "limits")' }];
  }
  const rival = value['quota-us'] !== undefined ? 'quota-us' : 'period-us';
  if (value.limits !== undefined && value[rival] !== undefined) {
    const message = `"limits" and "${rival}" exclude each other`;
    return [{ path: ['limits'], target: 'key', message }];
  }
  const findings = new Map<string, Finding>();
  const add = (path: Path, message: string): void => {
    const finding = { path, message };
    findings.set(`${pathText(finding.path)}: ${message}`, finding);
  };
  for (const { parameters, limitPath, secondsPath } of expand(value)) {
    const { quotaUs, periodUs, vcpus, seconds, trace, vmm } = parameters;
    if (trace === true && vcpus > 1) {
      add(['trace'], 'only a guest with one vCPU is traced: its debt is that of one run queue');
    }
    if (vmm !== undefined && vcpus > 1) {
      add(['vmm'], "QEMU's guest has one vCPU that counts: its progress is all that can be seen");
    }
    if (vmm !== undefined) checkVmmCases(parameters, add);
    if (vmm === undefined && value['vmm-guest'] !== undefined) {
      add(['vmm-guest'], '"vmm-guest" means nothing without "vmm"');
    }
    if (quotaUs >= vcpus * periodUs) {
      const guest = vcpus === 1 ? '1 vCPU' : `${vcpus} vCPUs`;
      const most = `cannot use more than ${vcpus * periodUs} us a period of ${periodUs} us`;
      add(limitPath, `a quota of ${quotaUs} us limits nothing: a guest with ${guest} ${most}`);
    } else {
      const why = whyNothingIsShown(parameters);
      if (why !== undefined) add(limitPath, why);
    }
    if (seconds * 1_000_000 < fewestPeriods * periodUs) {
      const message = `${seconds} s are too short a window: less than ${fewestPeriods} periods of ${periodUs} us`;
      add(secondsPath, message);
    }
  }
  return [...findings.values()];
}

/** QEMU takes no orders from the payload: what other cases do to a guest never reaches its. */
function checkVmmCases(
  parameters: BusyGuestParameters,
  add: (path: Path, message: string) => void,
): void {
  const others = selectedCases(parameters).filter((name) => !basicCases.includes(name));
  if (others.length === 0) return;
  const [first = ''] = others;
  const and = others.length === 1 ? '' : ` and ${others.length - 1} more`;
  const key = parameters.tags === undefined ? 'cases' : 'tags';
  add([key], `with "vmm" only the basic cases are about QEMU's guest, not ${first}${and}`);
}

export const matrix = {
  keys,
  expand: (entry: MatrixEntry) => expand(entry as Entry),
  count: (entry: MatrixEntry) => count(entry as Entry),
  check,
} satisfies MatrixPart<BusyGuestParameters>;
