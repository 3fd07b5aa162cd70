// SPDX-License-Identifier: MIT
import type { RunEvent, Step } from '../model/event.js';
import { kernelId, type Job, type KernelSpec } from '../model/job.js';
import type { Report } from '../reports/report.js';
import { cacheDir, digest, readIfThere, writeWhole } from '../system/files.js';

/** Wall milliseconds of steps by their keys, the latest last. */
export type PastTimes = ReadonlyMap<string, number>;

const file = (): string => cacheDir('times.json');
/** Kinds of steps that are remembered. */
const most = 500;

/** What steps took on this machine the last time. Never throws: nothing is known then. */
export async function readPastTimes(): Promise<PastTimes> {
  try {
    const known = Object.entries(JSON.parse((await readIfThere(file())) ?? '{}') as object);
    return new Map(
      known.filter(
        (one): one is [string, number] => Number.isFinite(one[1]) && Number(one[1]) >= 0,
      ),
    );
  } catch {
    return new Map();
  }
}

/** What a build takes depends on what was kept of the one before it, and that on the kernel's place in its matrix. */
export function buildStep(kernel: KernelSpec, clean: boolean, past: PastTimes): Step {
  const { name, source, config, toolchain = '' } = kernel;
  const what = [name, source.split('#', 1)[0] ?? '', config.join(' '), toolchain, String(clean)];
  return stepOf(`build ${kernelId(kernel)}`, 'work', `build ${digest(...what).slice(0, 16)}`, past);
}

/** What a job takes depends on the machine, the test, and whether the kernel is to fail. */
export function jobStep({ name, device, test, expect, kernel }: Job, past: PastTimes): Step {
  const kind = kernel.packages.length > 0 ? 'package' : 'built';
  const key = digest(device, JSON.stringify(test), expect, kind).slice(0, 16);
  return stepOf(name, 'job', `job ${key}`, past);
}

function stepOf(id: string, kind: Step['kind'], key: string, past: PastTimes): Step {
  const pastMs = past.get(key);
  return { id, kind, key, ...(pastMs !== undefined && { pastMs }) };
}

/** Listens to a run, and remembers what its steps took for the next. */
export function pastTimesReport(nowMs: () => number = () => performance.now()): Report {
  const steps = new Map<string, Step>();
  const begun = new Map<string, number>();
  const took = new Map<string, number>();
  const end = (id: string, counts: boolean): void => {
    const step = steps.get(id);
    const since = begun.get(id);
    if (step && since !== undefined && counts) took.set(step.key, Math.round(nowMs() - since));
  };
  return {
    name: 'past times',
    onEvent(event: RunEvent) {
      if (event.kind === 'steps') for (const step of event.steps) steps.set(step.id, step);
      else if (event.kind === 'work-start') begun.set(event.work, nowMs());
      else if (event.kind === 'job-start') begun.set(event.job, nowMs());
      else if (event.kind === 'work-end') end(event.work, event.ok);
      else if (event.kind === 'job-end') {
        const { reused, decidedBy } = event.result;
        end(event.job, !reused && (decidedBy === 'cases' || event.result.status === 'PASS'));
      }
    },
    async onEnd() {
      if (took.size === 0) return;
      // Read again: another process may have written meanwhile.
      const known = new Map(await readPastTimes());
      for (const [key, ms] of took) {
        known.delete(key);
        known.set(key, ms);
      }
      const kept = Object.fromEntries([...known].slice(-most));
      // A cache that cannot be written costs a figure.
      await writeWhole(file(), `${JSON.stringify(kept, undefined, 1)}\n`).catch(() => undefined);
    },
  };
}
