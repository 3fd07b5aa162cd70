// SPDX-License-Identifier: MIT
import type { Fault, Phase } from '../model/result.js';
import { defaultLines, type FaultPattern } from '../model/fault-pattern.js';
import { faultPatterns, firmwareBanners } from './faults.js';
import { clean, functionAtFault } from './title.js';

/** A fault whose lines still come. */
interface OpenFault {
  readonly pattern: FaultPattern;
  readonly title: string;
  readonly phase: Phase;
  readonly lines: string[];
  /** Further lines to keep. */
  left: number;
}

const linesBefore = 10;
const maxFaults = 100;
const maxLineLength = 1000;

const printkPrefix = /^(?:<\d{1,3}>)?(?:\[ *\d+\.\d+(?:,\d)?\])?(?:\[ *[TC]\d+\])?\s*/;
const printkInside = /(?:<\d{1,3}>)?\[ *\d+\.\d{6,9}(?:,\d)?\](?:\[ *[TC]\d+\])? +/g;
/** A line without one of these words is not a fault: spares the table for nearly every line of a log. */
const hint =
  /BUG|WARNING|Oops|panic|Unable to handle|LOCKUP|INFO: |rcu: |oom-killer|of memory|KVM|SCHEDULER|trap=|kvm run|UBSAN|mon>|Vector|assert|Fatal|checkstop|check stop|achine check|platform error|Hypervisor Maintenance|SLOF|OPAL|Hostboot|Linux version|Restarting|nVHE|Kernel BUG|general protection|Unexpected kernel|Reprogramming failure/;
/** These repeat what the user gave, which may hold any word. */
const commandLine = /^(?:Unknown )?(?:kernel )?command line(?: parameters|:)/i;

/**
 * Finds what the console shows went wrong with the kernel. One event is one fault: the lines of an oops belong to
 * it, what a dying kernel prints after its panic is dropped, a title is reported once. Never throws; memory is
 * bounded.
 */
export class FaultReader {
  private readonly recent: string[] = [];
  private open: OpenFault[] = [];
  private readonly found: OpenFault[] = [];
  private readonly titles = new Set<string>();
  private readonly banners = new Set<string>();
  private hasPanicked = false;
  private isRestarting = false;
  private isDead = false;

  /** Whether a fault was seen that stops the machine, so that nobody need wait for the deadline. */
  get fatal(): boolean {
    return this.isDead;
  }

  /** Takes one line without its newline and without ANSI escapes. */
  feed(line: string, phase: Phase): void {
    const kept = line.slice(0, maxLineLength);
    for (const fault of this.open) {
      fault.lines.push(kept);
      fault.left -= 1;
    }
    if (hint.test(kept)) messages(kept).some((text) => this.take(text, kept, phase));
    if (this.open.some((fault) => fault.left <= 0))
      this.open = this.open.filter(({ left }) => left > 0);
    this.recent.push(kept);
    if (this.recent.length > linesBefore) this.recent.shift();
  }

  /** Ends the console; gives the faults in the order in which they began. */
  end(): Fault[] {
    const titles = new Set<string>();
    const faults: Fault[] = [];
    for (const { pattern, title, phase, lines } of this.found) {
      const where = pattern.atProgramCounter ? functionAtFault(lines) : undefined;
      const full = where === undefined ? title : `${title} in ${where}`;
      if (titles.has(full)) continue;
      titles.add(full);
      faults.push({ class: pattern.class, title: full, phase, lines });
    }
    return faults;
  }

  private take(text: string, line: string, phase: Phase): boolean {
    if (commandLine.test(text)) return true;
    if (this.takeStart(text, line, phase)) return true;
    for (const pattern of faultPatterns) {
      const match = pattern.pattern.exec(text);
      if (!match) continue;
      this.begin(pattern, match, line, phase);
      return true;
    }
    return false;
  }

  /** Firmware or a kernel begins: after the first time, the machine was reset. */
  private takeStart(text: string, line: string, phase: Phase): boolean {
    const banner = firmwareBanners.find(({ pattern }) => pattern.test(text))?.name;
    const kernel = banner === undefined && text.startsWith('Linux version ');
    if (text.startsWith('reboot: Restarting system')) this.isRestarting = true;
    if (banner === undefined && !kernel) return false;
    if (
      banner !== undefined ? this.banners.has(banner) : this.isRestarting && this.banners.size === 0
    ) {
      this.add(
        resetLoop(banner ?? 'kernel'),
        `reset: ${banner ?? 'kernel'} started again`,
        line,
        phase,
      );
    }
    if (banner !== undefined) this.banners.add(banner);
    this.hasPanicked = false;
    return true;
  }

  private begin(pattern: FaultPattern, match: RegExpExecArray, line: string, phase: Phase): void {
    const isPanic = pattern.class === 'panic' || pattern.class === 'no-init';
    // What a dying kernel prints after its panic is a consequence; debugger, firmware and hardware are not.
    if (this.hasPanicked && (isPanic || !pattern.fatal)) return;
    if (isPanic) this.hasPanicked = true;
    if (pattern.fatal) this.isDead = true;
    const joined = this.open.some((fault) => pattern.joins?.includes(fault.pattern.class));
    if (joined) return;
    this.add(pattern, clean(fill(pattern.title, match)), line, phase);
  }

  private add(pattern: FaultPattern, title: string, line: string, phase: Phase): void {
    if (pattern.fatal) this.isDead = true;
    // Titles that a function's name will complete are compared at the end.
    const repeated = !pattern.atProgramCounter && this.titles.has(title);
    if (repeated || this.found.length >= maxFaults) return;
    this.titles.add(title);
    const left = (pattern.lines ?? defaultLines) - 1;
    const fault: OpenFault = { pattern, title, phase, lines: [...this.recent, line], left };
    this.found.push(fault);
    this.open.push(fault);
  }
}

function resetLoop(name: string): FaultPattern {
  return {
    class: 'reset-loop',
    source: name,
    pattern: /(?!)/,
    title: '',
    lines: 10,
    fatal: true,
  };
}

/** The messages on a line: a kernel's may begin within another's, where output was not serialised. */
function messages(line: string): string[] {
  const all = [line.replace(printkPrefix, '')];
  if (!line.includes('.')) return all;
  for (const match of line.matchAll(printkInside)) {
    if (match.index > 0) all.push(line.slice(match.index + match[0].length));
  }
  return all;
}

function fill(title: string, match: RegExpExecArray): string {
  return title.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? '');
}
