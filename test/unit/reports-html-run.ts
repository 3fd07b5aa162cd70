// SPDX-License-Identifier: MIT
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JobResult, RunResult, Sample } from '../../src/model/result.js';
import { caseWith, casesWith, jobWith } from './verdict-evidence.js';
import { sampleRun } from './reports-run.js';

export const parameters = { quotaUs: 30_000, periodUs: 100_000, vcpus: 1, seconds: 6 };

/** Samples of a guest under a limit of 30 %: `broken` takes all of the CPU, and freezes when killed. */
export function samplesOf(broken: boolean, seconds = 6): readonly Sample[] {
  const { quotaUs, periodUs } = parameters;
  const windowUs = seconds * 1_000_000;
  const freezeUs = broken ? (windowUs * (periodUs - quotaUs)) / quotaUs : periodUs;
  const samples: Sample[] = [];
  for (let tUs = 0; tUs <= windowUs + freezeUs; tUs += periodUs) {
    const periods = tUs / periodUs;
    const ranUs = Math.min(tUs, windowUs);
    const jitterUs = (periods % 3) * 2000;
    samples.push({
      phase: tUs <= windowUs ? 'run' : 'kill',
      tUs,
      usageUs: broken ? ranUs : Math.round((ranUs * quotaUs) / periodUs) + jitterUs,
      periods,
      throttled: periods,
      throttledUs: broken ? 0 : periods * (periodUs - quotaUs),
    });
    if (tUs === windowUs) samples.push({ ...(samples.at(-1) as Sample), phase: 'kill' });
  }
  return samples;
}

const argv =
  'qemu-system-ppc64 -M pseries,cap-nested-hv=on,x-vof=on -cpu POWER9 -m 2G -smp 1 -icount shift=4,sleep=off -seed 1 -nographic -kernel vmlinux -initrd initramfs.cpio -append "console=hvc0 quiet -- <b>"';

/** A broken base and a patched kernel on each device, as a pre-pull matrix gives them. */
export function pairRun(devices: readonly string[], kernels = ['unpatched', 'patched']): RunResult {
  const jobs = devices.flatMap((device) =>
    kernels.map((kernel, index): JobResult => {
      const broken = index % 2 === 0;
      const changes = broken
        ? [
            caseWith('busy_guest_obeys_quota', 'FAIL', { overrun_ratio: 3.33, usage: 6_000_000 }),
            caseWith('busy_guest_debt_bounded', 'FAIL', { worst_debt: 4_200_000, bound: 20_000 }),
            caseWith('busy_guest_dies_at_once', 'FAIL', {
              kill_latency: 14_100_000,
              bound: 200_000,
            }),
          ]
        : [caseWith('busy_guest_dies_at_once', 'PASS', { kill_latency: 98_000, bound: 200_000 })];
      return jobWith({
        name: `${kernel}-${device}-busy-guest`,
        kernel,
        device,
        status: broken ? 'FAIL' : 'PASS',
        expect: broken ? 'FAIL' : 'PASS',
        reason: broken
          ? 'busy_guest_obeys_quota: the guest used 3.33 x its quota'
          : 'all 8 cases pass',
        cases: casesWith(...changes),
        deviceFacts: { qemu_argv: argv, qemu_version: '10.0.2' },
        payloadFacts: { cpu: 'POWER9 (architected), altivec supported' },
        facts: {
          kernel_source: 'debian:linux-source-7.2 7.2.13-1',
          kernel_release: '7.2.13',
          kernel_patches: broken ? 'none' : '0001-kvm-limit.patch 0002-kvm-book3s.patch',
          inputs_key: `key-${kernel}-${device}`,
        },
        timesMs: { boot: 410, test: 1510 },
      });
    }),
  );
  const verdicts = devices.map((device) => ({
    base: kernels[0] ?? '',
    patched: kernels[1] ?? '',
    device,
    test: 'busy-guest',
    verdict: 'fixed' as const,
  }));
  return sampleRun({ jobs, verdicts });
}

/** Writes a run's folder as the pipeline does. */
export async function writeRun(dir: string, run: RunResult): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, 'results.json'), JSON.stringify(run));
  for (const job of run.jobs) {
    const folder = join(dir, job.name);
    await mkdir(folder, { recursive: true });
    const { name, kernel, device, expect } = job;
    const spec = { name, kernel: { name: kernel }, device, expect, knownFaults: [] };
    const whole = { ...spec, test: { name: job.test, parameters } };
    await writeFile(join(folder, 'job.json'), JSON.stringify(whole));
    await writeFile(join(folder, 'console.log'), 'Linux version 7.2.13\nBUSYGUEST-START v1\n');
    await writeFile(join(folder, 'status.json'), JSON.stringify(job));
    const measured = job.cases.some((one) => one.name === 'busy_guest_obeys_quota');
    if (measured) {
      const samples = samplesOf(job.status === 'FAIL');
      await writeFile(join(folder, 'samples.json'), JSON.stringify(samples));
    }
  }
}

/** Gives `body` a folder of its own. */
export async function inFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  try {
    await body(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
