// SPDX-License-Identifier: MIT
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Boot } from '../devices/device.js';
import { readJobFile } from '../history/run-file.js';
import type { Job } from '../model/job.js';
import type { JobResult } from '../model/result.js';
import { copyAnew, writeWhole } from '../system/files.js';
import { sealedDigest } from '../system/sealed.js';
import type { Bootable } from './bootable.js';
import { ConsoleSession, type ConsoleFindings, type ExpectedConsole } from './console-session.js';

/** The most of a build's log that a job keeps: every job of a kernel has a copy. Bytes. */
const buildLogBytes = 512 * 1024;

/** Name of a kept patch; numbered, because a name of its own may be that of another file. */
const patchFile = (index: number): string => `patch-${String(index + 1).padStart(4, '0')}.patch`;

type KernelSources = Pick<Bootable, 'config' | 'patches'>;

/** The files of a job: results/<run>/<job>/ (docs/results.md). */
export class JobFiles {
  constructor(readonly dir: string) {}

  get consolePath(): string {
    return join(this.dir, 'console.log');
  }

  /** What a real machine's firmware and its own system printed. */
  get firmwarePath(): string {
    return join(this.dir, 'firmware.log');
  }

  async writeJob(job: Job): Promise<void> {
    const { kernel, device, deviceSpec, test, expect, name, timeouts } = job;
    const known = job.knownFaults.map(({ title, reason }) => ({ title: title.source, reason }));
    await this.json('job.json', {
      name,
      kernel,
      device,
      ...(deviceSpec && { deviceSpec }),
      test,
      expect,
      timeouts,
      knownFaults: known,
    });
  }

  /** What the machine is given: enough to boot it again. */
  async writeBoot(boot: Boot): Promise<void> {
    const sum = async (path: string): Promise<string> => (path === '' ? '' : sealedDigest(path));
    const [kernel, initramfs] = [await sum(boot.kernel), await sum(boot.initramfs)];
    await this.json('boot.json', { ...boot, sha256: { kernel, initramfs } });
  }

  /** Copies the end of the log of the kernel's build, so that the folder can be taken elsewhere. */
  async keepBuildLog(from: string | undefined): Promise<void> {
    if (from === undefined) return;
    const to = join(this.dir, 'build.log');
    const size = await stat(from).then(
      (found) => found.size,
      () => undefined,
    );
    if (size === undefined) return;
    if (size <= buildLogBytes) await copyAnew(from, to);
    else await writeWhole(to, (await readFile(from)).subarray(size - buildLogBytes));
  }

  /** What the kernel was made from, for those who find it by a report: its config and its patches. */
  async keepSources({ config, patches = [] }: KernelSources): Promise<void> {
    if (config !== undefined) await copyAnew(config, join(this.dir, 'config'));
    for (const [index, { text }] of patches.entries()) {
      await writeWhole(join(this.dir, patchFile(index)), text);
    }
  }

  async openConsole(): Promise<FileHandle> {
    await mkdir(this.dir, { recursive: true });
    // A new file, whatever stood there: never through a link to another one.
    await rm(this.consolePath, { force: true });
    return open(this.consolePath, 'wx');
  }

  /** Reads the console again, as when it came. */
  async readConsole(expected: ExpectedConsole): Promise<ConsoleFindings> {
    const session = new ConsoleSession(expected);
    for await (const bytes of createReadStream(this.consolePath)) session.push(bytes as Buffer);
    return session.end();
  }

  /** What was read out of the console. */
  async writeFindings(findings: ConsoleFindings): Promise<void> {
    await writeWhole(join(this.dir, 'ktap.txt'), findings.ktap.map((line) => `${line}\n`).join(''));
    await this.json('samples.json', findings.payload.samples);
  }

  /** The job is finished: only then is it never run again by --resume. */
  async writeStatus(result: JobResult): Promise<void> {
    await this.json('status.json', result);
  }

  async readStatus(): Promise<JobResult | undefined> {
    return readJobFile(join(this.dir, 'status.json'));
  }

  private async json(file: string, value: unknown): Promise<void> {
    await writeWhole(join(this.dir, file), `${JSON.stringify(value, undefined, 2)}\n`);
  }
}
