// SPDX-License-Identifier: MIT
import { readFile, rm } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import { Option, type Command } from 'commander';
import { exitCode, InfraError, UsageError } from '../model/errors.js';
import { exists, projectDir, userHome, writeWhole } from '../system/files.js';
import { run } from '../system/processes.js';
import { isRemote } from '../system/rsync.js';
import { configDir } from '../system/secrets.js';
import { programFolders } from '../system/environment.js';
import { exits, type Declare } from './command.js';
import { matrixFile } from './matrix.js';
import { night } from './night.js';
import {
  addNightOptions,
  checkNightOptions,
  nightHelp,
  type NightOptions,
} from './night-options.js';
import { interruptible, interruptibleBetween } from './signals.js';
import { serviceUnit, timerUnit, unitMark, type UnitFacts } from './systemd-units.js';

interface UnitOptions {
  readonly system: boolean;
  readonly name: string;
}
interface InstallOptions extends NightOptions, UnitOptions {
  readonly at: string;
  readonly runAs?: string;
}

const out = (text: string): void => void process.stdout.write(`${text}\n`);

/** `busyguest nightly run`: one night, now. */
async function runNight(options: NightOptions): Promise<number> {
  await checkNightOptions(options);
  interruptibleBetween();
  return night(options);
}

/** `busyguest nightly install`: writes a unit and a timer of systemd, and starts the timer. */
async function install(options: InstallOptions): Promise<number> {
  await checkNightOptions({ ...options, kcidb: false });
  const { system, at, runAs } = options;
  if (!/^(?:[01]\d|2[0-3]):[0-5]\d$/.test(at)) {
    throw new UsageError(`--at ${at}: a time of day is needed, such as 02:17`);
  }
  if (runAs !== undefined && !system) throw new UsageError('--run-as is for --system');
  if (runAs !== undefined && !/^[a-z_][\w-]*$/i.test(runAs)) {
    throw new UsageError(`--run-as ${runAs}: the name of a user is needed`);
  }
  const files = unitFiles(options);
  const matrix = options.matrix && (await matrixFile(options.matrix));
  const facts: UnitFacts = {
    argv: nightCommand({ ...options, ...(matrix !== undefined && { matrix }) }),
    tree: options.tree,
    at,
    environmentFile: system ? '/etc/busyguest/nightly.env' : configDir('nightly.env'),
    path: programFolders().join(':'),
    ...(system && { user: runAs ?? process.env['SUDO_USER'] ?? userInfo().username }),
  };
  for (const file of Object.values(files)) await assertOurs(file);
  await writeWhole(files.service, serviceUnit(facts));
  await writeWhole(files.timer, timerUnit(facts));
  out(`wrote ${files.service}\nwrote ${files.timer}`);
  out(
    `secrets (KCIDB_REST, BUSYGUEST_SMTP), one NAME=VALUE a line, go into ${facts.environmentFile} (chmod 600)`,
  );
  const started = await systemctl(
    options,
    ['daemon-reload'],
    ['enable', '--now', timerOf(options)],
  );
  if (started && !system) {
    out('it runs while you are logged in; to let it run always: loginctl enable-linger');
  }
  return started ? exitCode.ok : exitCode.infrastructure;
}

/** `busyguest nightly remove`: stops the timer, and removes what `install` wrote. */
async function remove(options: UnitOptions): Promise<number> {
  const files = unitFiles(options);
  const there = await Promise.all(Object.values(files).map(exists));
  if (!there.includes(true)) throw new UsageError(`${files.timer}: there is no such nightly`);
  for (const file of Object.values(files)) await assertOurs(file);
  const stopped = await systemctl(options, ['disable', '--now', timerOf(options)]);
  for (const file of Object.values(files)) {
    await rm(file, { force: true });
    out(`removed ${file}`);
  }
  return (await systemctl(options, ['daemon-reload'])) && stopped
    ? exitCode.ok
    : exitCode.infrastructure;
}

const timerOf = ({ name }: UnitOptions): string => `busyguest-${name}.timer`;

function unitFiles({ system, name }: UnitOptions) {
  if (!/^[a-z0-9][\w.-]*$/i.test(name)) {
    throw new UsageError(`--name ${name}: letters, digits and ._- are allowed`);
  }
  const config = process.env['XDG_CONFIG_HOME'] || join(userHome(), '.config');
  const dir = system ? '/etc/systemd/system' : join(config, 'systemd', 'user');
  return {
    service: join(dir, `busyguest-${name}.service`),
    timer: join(dir, `busyguest-${name}.timer`),
  };
}

/** The command of the unit: this program by its path, and every option with whole paths. */
function nightCommand(options: InstallOptions): readonly string[] {
  const { tree, matrix, device, results, keepRuns, publish, baseUrl, kcidb, origin } = options;
  const { treeName, mailTo, mailFrom, notifyCommand, jobs } = options;
  const list = (all: readonly string[] | undefined): string | undefined => all?.join(',');
  const given: readonly (readonly [string, string | undefined])[] = [
    ['--tree', /^\.{0,2}\//.test(tree) || tree.startsWith('.') ? resolve(tree) : tree],
    ['--matrix', matrix && resolve(matrix)],
    ['--device', list(device)],
    ['--results', resolve(results)],
    ['--keep-runs', keepRuns],
    ['--publish', publish && (isRemote(publish) ? publish : resolve(publish))],
    ['--base-url', baseUrl],
    ['--origin', origin],
    ['--tree-name', treeName],
    ['--mail-to', list(mailTo)],
    ['--mail-from', mailFrom],
    ['--notify-command', notifyCommand],
    ['--jobs', jobs],
  ];
  const words = given.flatMap(([option, value]) => (value === undefined ? [] : [option, value]));
  const program = [process.execPath, join(projectDir, 'bin', 'busyguest.mjs')];
  return [...program, 'nightly', 'run', '--quiet', ...words, ...(kcidb ? ['--kcidb'] : [])];
}

/** What somebody else wrote under that name stays. */
async function assertOurs(file: string): Promise<void> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined || text.startsWith(unitMark)) return;
  throw new UsageError(`${file} is not of busyguest nightly; choose another --name`);
}

/** Runs systemctl; where it cannot be, says what to run. */
async function systemctl(
  { system }: UnitOptions,
  ...commands: readonly (readonly string[])[]
): Promise<boolean> {
  for (const command of commands) {
    const argv = ['systemctl', ...(system ? [] : ['--user']), ...command];
    try {
      await interruptible((signal) => run(argv, { stage: 'systemd', signal, env: busOf() }));
    } catch (error) {
      if (!(error instanceof InfraError)) throw error;
      process.stderr.write(`busyguest: ${error.report}\n  to run by hand: ${argv.join(' ')}\n`);
      return false;
    }
  }
  return true;
}

function busOf(): Record<string, string> {
  const bus = process.env['DBUS_SESSION_BUS_ADDRESS'];
  return bus === undefined ? {} : { DBUS_SESSION_BUS_ADDRESS: bus };
}

const addUnitOptions = (command: Command): Command =>
  command
    .option(
      '--name <name>',
      'name of the units, for several nightlies: busyguest-NAME.timer',
      'nightly',
    )
    .option(
      '--system',
      'install units of the system, in /etc/systemd/system (default: of the user)',
      false,
    );

/** Options and help of `busyguest nightly`. */
export const declare: Declare = (command) => {
  const own = (name: string, description: string): Command =>
    command.command(name).description(description).exitOverride();
  addNightOptions(own('run', 'test the tip now, and send mail if anything is new')).action(
    exits(runNight),
  );
  addUnitOptions(
    addNightOptions(own('install', 'install and start a systemd timer that runs it every night')),
  )
    .addOption(new Option('--at <time>', 'time of day, HH:MM').default('02:17'))
    .option('--run-as <name>', 'with --system: run as this user (default: you)')
    .action(exits(install));
  addUnitOptions(own('remove', 'stop the timer, and remove what "install" wrote')).action(
    exits(remove),
  );
  return command.addHelpText(
    'after',
    `
${nightHelp}

Examples:
  busyguest nightly run --tree https://HOST/linux.git#master --results ~/nights
  busyguest nightly install --tree https://HOST/linux.git#master --results ~/nights --mail-to me@example.org
  busyguest nightly remove`,
  );
};
