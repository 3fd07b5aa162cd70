// SPDX-License-Identifier: MIT
import type { RunEvent } from '../model/event.js';
import type { JobResult } from '../model/result.js';
import { formatUs } from '../model/units.js';
import type { Report } from './report.js';
import { asciiLine, clip } from './text.js';

/** A step and how long it took; `virtualUs` on the machine's own clock, where it is known. */
interface Step {
  readonly name: string;
  readonly wallMs: number;
  readonly virtualUs?: number;
}

/** A report that keeps the times of a run; `table` shows them when all reports have ended. */
export interface TimingsReport extends Report {
  /** @param reports wall milliseconds of each report that was made, by name */
  table(reports: ReadonlyMap<string, number>): string;
}

const kernelStamp = /^\[ *(\d+)\.(\d{6})\]/;

/** The most cases that are shown: a console is not to be trusted. */
const maxSteps = 200;

/** Follows one job's console: firmware, kernel boot, then each case, the rest. */
class JobClock {
  readonly steps: Step[] = [];
  private firmware = true;
  private booting = true;
  private stampUs = 0;

  constructor(private sinceMs: number) {}

  line(line: string, nowMs: number): void {
    const stamp = kernelStamp.exec(line);
    if (stamp) this.stampUs = Number(stamp[1]) * 1e6 + Number(stamp[2]);
    if (stamp && this.firmware) {
      this.firmware = false;
      this.endStep('firmware', nowMs);
    }
    if (this.booting && line.startsWith('BUSYGUEST-START')) {
      this.booting = false;
      this.endStep('kernel boot', nowMs, this.stampUs);
    }
  }

  /** The result is there; the last of the time went into judging. */
  end(nowMs: number, { caseTimes = {}, timesMs: { judge } }: JobResult): void {
    for (const [name, { wallMs, machineUs }] of Object.entries(caseTimes).slice(0, maxSteps)) {
      this.endStep(name, this.sinceMs + wallMs, machineUs);
    }
    this.endStep('machine stopped, files', Math.max(this.sinceMs, nowMs - (judge ?? 0)));
    if (judge !== undefined) this.endStep('judge', nowMs);
  }

  private endStep(name: string, nowMs: number, virtualUs?: number): void {
    const wallMs = nowMs - this.sinceMs;
    this.sinceMs = nowMs;
    this.steps.push({ name, wallMs, ...(virtualUs !== undefined && { virtualUs }) });
  }
}

/** Where a build's progress text begins with one of these, that step has begun. */
const buildSteps = /(?:^|: )(copying|configuring|compiling)\b/;

/** What is done once a run: source, builds. */
class WorkClock {
  readonly steps: Step[] = [];
  private readonly open = new Map<string, { name: string; sinceMs: number }>();

  take(event: RunEvent, nowMs: number): void {
    if (event.kind === 'work-start')
      this.open.set(event.work, { name: event.work, sinceMs: nowMs });
    if (event.kind === 'work-progress') {
      const step = buildSteps.exec(event.text)?.[1];
      const open = this.open.get(event.work);
      const name = `${event.work}: ${step ?? ''}`;
      if (step === undefined || open === undefined || open.name === name) return;
      if (open.name !== event.work) this.close(open, nowMs);
      this.open.set(event.work, { name, sinceMs: nowMs });
    }
    if (event.kind === 'work-end') {
      const open = this.open.get(event.work);
      if (open) this.close(open, nowMs);
      this.open.delete(event.work);
    }
  }

  private close({ name, sinceMs }: { name: string; sinceMs: number }, nowMs: number): void {
    this.steps.push({ name, wallMs: nowMs - sinceMs });
  }
}

/** Listens to a run and adds up where its time goes. `nowMs`: since the process began. */
export function timingsReport(nowMs: () => number = () => performance.now()): TimingsReport {
  const work = new WorkClock();
  const clocks = new Map<string, JobClock>();
  const jobs = new Map<string, readonly Step[]>();
  let setUpMs = 0;
  return {
    name: 'timings',
    onEvent(event) {
      const now = nowMs();
      work.take(event, now);
      if (event.kind === 'run-start') setUpMs = now;
      else if (event.kind === 'job-phase' && event.phase === 'boot')
        clocks.set(event.job, new JobClock(now));
      else if (event.kind === 'console') clocks.get(event.job)?.line(event.line, now);
      else if (event.kind === 'job-end') {
        const { timesMs, reused } = event.result;
        const clock = clocks.get(event.job);
        clock?.end(now, event.result);
        const image = timesMs['image'];
        jobs.set(event.job, [
          ...(image === undefined ? [] : [{ name: 'image', wallMs: image }]),
          ...(clock?.steps ?? []),
          ...(reused ? [{ name: 'reused, not booted', wallMs: 0 }] : []),
        ]);
        clocks.delete(event.job);
      }
    },
    onEnd() {
      // Shown by the caller, after the reports that are part of it.
    },
    table(reports) {
      const made = [...reports].map(([name, wallMs]) => ({ name, wallMs }));
      return [
        ...rows('run', [{ name: 'set-up', wallMs: setUpMs }, ...work.steps]),
        ...[...jobs].flatMap(([job, steps]) => rows(job, steps)),
        ...rows('reports', made),
        '',
      ].join('\n');
    },
  };
}

const nameWidth = 46;

function rows(title: string, steps: readonly Step[]): string[] {
  const cell = (us: number | undefined): string =>
    (us === undefined ? '' : formatUs(Math.round(us))).padStart(10);
  const row = (name: string, wall: string, virtual: string): string =>
    `${clip(name, nameWidth).padEnd(nameWidth)}${wall}${virtual}`.trimEnd();
  return [
    row(asciiLine(title), 'wall'.padStart(10), 'virtual'.padStart(10)),
    ...steps.map((step) =>
      row(`  ${asciiLine(step.name)}`, cell(step.wallMs * 1000), cell(step.virtualUs)),
    ),
  ];
}
