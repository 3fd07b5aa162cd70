// SPDX-License-Identifier: MIT
import { stat } from 'node:fs/promises';
import { InfraError } from '../../model/errors.js';
import { tail } from '../../system/processes.js';
import { quoteWord } from '../../system/shell-words.js';
import type { KexecCommands } from '../described/schema.js';
import type { Boot } from '../device.js';
import type { CommandResult, Shell } from './shell.js';

/** Brings a file of this computer to the machine. */
export type Bring = (from: string, to: string) => Promise<void>;

/** `{name}` in a command replaced by its value, quoted for the shell. Unknown names stay. */
export function fill(command: string, values: Readonly<Record<string, string>>): string {
  return command.replace(/\{([a-z-]+)\}/g, (whole, name: string) => {
    const value = values[name];
    return value === undefined ? whole : quoteWord(value);
  });
}

/** Brings kernel and initramfs to the machine and loads them. Throws InfraError. */
export async function loadKernel(
  shell: Shell,
  bring: Bring,
  boot: Boot,
  commands: KexecCommands,
  commandLine: string,
  timeoutMs: number,
): Promise<void> {
  const there = (name: string): string => `${commands.folder}/busyguest-${name}`;
  for (const [name, from] of [
    ['kernel', boot.kernel],
    ['initramfs', boot.initramfs],
  ] as const) {
    await bring(from, there(name));
    await checkSize(shell, from, there(name), timeoutMs);
  }
  const load = fill(commands.load, {
    kernel: there('kernel'),
    initramfs: there('initramfs'),
    'command-line': commandLine,
  });
  const loaded = await shell.run(load, timeoutMs);
  if (loaded.code !== 0)
    throw failed('kexec', load, loaded, 'does the running kernel allow kexec?');
}

async function checkSize(shell: Shell, from: string, to: string, timeoutMs: number): Promise<void> {
  const { size } = await stat(from);
  const test = `test "$(wc -c < ${quoteWord(to)})" -eq ${size}`;
  const result = await shell.run(test, timeoutMs);
  if (result.code === 0) return;
  throw failed('fetch', test, result, 'is there room for the kernel in kexec.folder?');
}

/** The error for a command that ended with a code of its own. */
export function failed(
  stage: string,
  command: string,
  { code, output }: CommandResult,
  todo: string,
): InfraError {
  return new InfraError(stage, `"${command}" ended with ${code}`, todo, tail(output));
}

/** Whether the running system could start another kernel. Throws InfraError when not. */
export async function askForKexec(
  shell: Shell,
  commands: KexecCommands,
  timeoutMs: number,
): Promise<string> {
  const [program = ''] = commands.load.split(' ');
  const found = await shell.run(`command -v ${quoteWord(program)}`, timeoutMs);
  if (found.code !== 0) {
    throw failed('kexec', program, found, `install ${program} (kexec-tools) there`);
  }
  const allowed = '[ "$(cat /proc/sys/kernel/kexec_load_disabled 2>/dev/null)" = 0 ]';
  const may = await shell.run(allowed, timeoutMs);
  if (may.code !== 0) {
    throw failed('kexec', allowed, may, 'the running kernel needs CONFIG_KEXEC, and no lockdown');
  }
  return `${program} is there, and the running kernel allows it`;
}
