// SPDX-License-Identifier: MIT
import { getuid } from 'node:process';
import { execa } from 'execa';
import type { Architecture } from '../architectures/architecture.js';
import { architectureNamed } from '../architectures/architectures.js';
import { findQemu } from '../devices/qemu/binary.js';
import { exitCode } from '../model/errors.js';
import { version } from '../model/version.js';
import { sandboxWord } from '../kernels/trusted.js';
import { environmentFor } from '../system/environment.js';
import { projectDir } from '../system/files.js';
import { firstLine } from '../system/processes.js';
import {
  findTools,
  installArgv,
  packageManager,
  testTools,
  toolsFor,
  type Finding,
  type PackageManager,
} from '../system/tools.js';
import { Option } from 'commander';
import { exits, type Declare } from './command.js';
import { shared } from './shared-options.js';

const isMissing = ({ tool, version }: Finding): boolean => version === undefined && !tool.optional;

/** `busyguest doctor`: what is needed, what is there, and the line that installs the rest. */
export async function doctor(options: {
  readonly install: boolean;
  readonly for: string;
  readonly arch: string;
}): Promise<number> {
  const architecture = architectureNamed(options.arch);
  const tools = toolsFor(architecture);
  const system = await findTools(options.for === 'test' ? [...tools, ...testTools] : tools);
  const findings = await withUsedQemu(system, architecture);
  if (!options.install) {
    show(findings);
    const word = await sandboxWord();
    // Where it is missing, its own line says so.
    if (word !== undefined && !/ is missing/.test(word)) process.stdout.write(`${word}\n`);
  }
  const manager = await packageManager();
  const isRelative = manager === 'apt' && (await isRelativeOfDebian());
  const lacking = findings.filter(
    ({ tool, version }) => version === undefined && !(isRelative && tool.debianOnly),
  );
  if (lacking.length === 0) return exitCode.ok;
  if (manager === undefined) return nameForAll(lacking);
  const line = installLine(manager, lacking, isRelative);
  process.stdout.write(
    `${options.install ? 'Installing' : 'To install what is missing'}:\n  ${line.join(' ')}\n`,
  );
  if (!options.install) return findings.some(isMissing) ? exitCode.infrastructure : exitCode.ok;
  return install(manager, line);
}

/** Runs may take another QEMU than the system's: one that was fetched, or that BUSYGUEST_QEMU names. */
async function withUsedQemu(
  findings: readonly Finding[],
  architecture: Architecture,
): Promise<readonly Finding[]> {
  const used = (await findQemu(architecture))?.versionText;
  return findings.map((finding) => {
    const { tool, version } = finding;
    if (tool.name !== architecture.qemu.program || used === undefined || used === version)
      return finding;
    const also = version === undefined ? '' : `; the system has ${version}`;
    return { tool, version: `${used}, which runs take${also}` };
  });
}

function show(findings: readonly Finding[]): void {
  const width = Math.max(...findings.map(({ tool }) => tool.name.length));
  process.stdout.write(
    `${'busyguest'.padEnd(width)}  ${version} in ${projectDir}, where its documents (docs/) are too\n`,
  );
  process.stdout.write(`${'node'.padEnd(width)}  ${process.version} (20.19 or newer is needed)\n`);
  for (const { tool, version } of findings) {
    const found = version ?? (tool.optional ? 'missing (works without)' : 'MISSING');
    process.stdout.write(
      `${tool.name.padEnd(width)}  ${found}\n${' '.repeat(width)}    ${tool.why}\n`,
    );
  }
}

function nameForAll(lacking: readonly Finding[]): number {
  for (const manager of ['apt', 'dnf', 'zypper'] as const) {
    const packages = lacking.map(({ tool }) => tool.packages[manager]);
    process.stdout.write(`${manager}: ${packages.join(' ')}\n`);
  }
  return lacking.some(isMissing) ? exitCode.infrastructure : exitCode.ok;
}

const isRoot = (): boolean => getuid?.() === 0;

async function isRelativeOfDebian(): Promise<boolean> {
  const id = await firstLine(['grep', '^ID=', '/etc/os-release']);
  return /^ID=(?!debian)/.test(id ?? '');
}

function installLine(
  manager: PackageManager,
  lacking: readonly Finding[],
  isRelative: boolean,
): string[] {
  const packages = lacking.map(({ tool }) => tool.packages[manager]);
  // They do not know Debian's archive; debootstrap does.
  if (isRelative) packages.push('debootstrap');
  const argv = installArgv(manager, [...new Set(packages)]);
  return isRoot() ? argv : ['sudo', '-n', ...argv];
}

async function install(manager: PackageManager, line: readonly string[]): Promise<number> {
  if (!isRoot() && (await firstLine(['sudo', '-n', 'echo', 'ok'])) === undefined) {
    process.stdout.write(
      'busyguest may not install packages here: run that line, then try again\n',
    );
    return exitCode.infrastructure;
  }
  const sudo = isRoot() ? [] : ['sudo', '-n'];
  const env = environmentFor('network', { DEBIAN_FRONTEND: 'noninteractive' });
  const steps = manager === 'apt' ? [[...sudo, 'apt-get', 'update', '-q'], line] : [line];
  for (const [program = '', ...args] of steps) {
    const { exitCode: code } = await execa(program, args, {
      stdio: ['ignore', 'inherit', 'inherit'],
      env,
      extendEnv: false,
      reject: false,
    });
    if (code !== 0) {
      process.stdout.write(
        `that line failed (exit code ${code ?? 'none'}): mend it, then try again\n`,
      );
      return exitCode.infrastructure;
    }
  }
  return exitCode.ok;
}

/** Options and help of `busyguest doctor`. */
export const declare: Declare = (command) =>
  command
    .option('--install', 'run this command, as root or with a sudo that needs no password', false)
    .addOption(
      new Option('--for <what>', 'show the tools for running jobs, or those for the tests too')
        .choices(['run', 'test'])
        .default('run'),
    )
    .addOption(shared.architecture)
    .addHelpText(
      'after',
      '\nExamples:\n  busyguest doctor\n  busyguest doctor --install --for test\n  busyguest doctor --arch arm64',
    )
    .action(exits(doctor));
