// SPDX-License-Identifier: MIT
import { z } from 'zod';
import { patternFault } from '../../documents/pattern.js';
import { pathFacts } from '../../model/result.js';

/** A day: longer than any phase, and far below what a timer can hold. */
const longestS = 86_400;

const seconds = z.int().min(1).max(longestS);
const line = z
  .string()
  .min(1)
  .regex(/^[^\n]*$/, 'must be one line');
const argv = z.array(z.string().min(1)).min(1);
const expression = z.string().min(1).superRefine(isExpression);

/** What every device of a user's own has. */
const common = {
  title: line.optional().describe('One line for "busyguest devices".'),
  console: line
    .default('hvc0')
    .describe('Console device on the command line of the kernels under test.'),
  'command-line': z
    .array(z.string().regex(/^[^\s"']+$/, 'must have no blanks or quotes'))
    .default([])
    .describe('More options for the command line of every kernel on this machine.'),
  promises: z
    .partialRecord(z.enum(pathFacts), expression)
    .optional()
    .describe('What the test must see of the machine, as regular expressions; else ERROR.'),
};

const bmc = z.strictObject({
  host: line.describe('Name or address of the BMC.'),
  port: z.int().min(1).max(65535).default(623),
  user: line,
  'password-file': line
    .optional()
    .describe('File with the password, readable by its owner only; ~/ is the home folder.'),
  'password-env': z
    .string()
    .regex(/^[A-Z_][A-Z0-9_]*$/i, 'must be the name of an environment variable')
    .optional()
    .describe('Environment variable with the password.'),
  cipher: z.int().min(0).max(17).optional().describe("Cipher suite, ipmitool's -C."),
});

const power = z.strictObject({
  start: z
    .enum(['cycle', 'keep'])
    .default('cycle')
    .describe('Whether a machine that is on is switched off first, or its shell is used.'),
  end: z
    .enum(['off', 'default'])
    .default('off')
    .describe('At the end: switched off, or restarted into what it boots by itself.'),
  retries: z
    .int()
    .min(0)
    .max(3)
    .default(1)
    .describe('How often a machine whose shell does not come is power-cycled.'),
});

const key = z.strictObject({
  when: expression.describe('What the console shows, as a regular expression.'),
  send: z.string().describe('What is typed then; nothing is added.'),
});

const shell = z.strictObject({
  prompt: expression
    .default('[#$>] ?$')
    .describe('End of the line that waits for a command, as a regular expression.'),
  keys: z
    .array(key)
    .max(20)
    .default([{ when: 'Petitboot', send: 'x' }])
    .describe('What is typed on the way to the prompt, each once: menus, names, passwords.'),
});

const fetch = z.strictObject({
  command: line
    .default('wget -q -O {file} {url}')
    .describe(
      'Brings one file to the machine: {file} there, {url} here; or {path}, its path here, where the machine has the same file system.',
    ),
  address: line
    .optional()
    .describe('Address of this computer as the machine sees it; found when left out.'),
  listen: line.optional().describe('Address to serve on; the same when left out.'),
});

const kexec = z.strictObject({
  folder: z
    .string()
    .regex(/^\/[\w./-]*$/, 'must be an absolute path')
    .default('/tmp'),
  load: line.default('kexec -l {kernel} --initrd={initramfs} --command-line={command-line}'),
  start: line.default('kexec -e'),
});

const ipmi = z.strictObject({
  kind: z.literal('ipmi'),
  ...common,
  bmc,
  power: power.prefault({}),
  shell: shell.prefault({}),
  fetch: fetch.prefault({}),
  kexec: kexec.prefault({}),
  timeouts: z
    .strictObject({
      'power-s': seconds.default(60).describe('Switching the power, until the BMC says so.'),
      'shell-s': seconds.default(300).describe('Power on until the shell answers.'),
      'fetch-s': seconds.default(120).describe('Fetching one file.'),
      'kexec-s': seconds.default(60).describe('Loading the kernel.'),
    })
    .prefault({}),
});

const ssh = z.strictObject({
  kind: z.literal('ssh'),
  ...common,
  host: line.regex(/^[^-]/, 'must not begin with "-"').describe('[USER@]HOST as ssh takes it.'),
  options: z.array(line).default([]).describe('More arguments for ssh.'),
  kexec: z
    .union([z.literal(false), kexec])
    .prefault({ folder: '/var/tmp' })
    .describe('How to start another kernel; false: only the running kernel is tested.'),
  watch: argv
    .optional()
    .describe('Program here that prints the console, such as "conserver NAME".'),
  reset: argv.optional().describe('Program here that resets the machine.'),
  timeouts: z
    .strictObject({
      'ssh-s': seconds.default(30).describe('One command there.'),
      'copy-s': seconds.default(300).describe('Copying one file there.'),
      'kexec-s': seconds.default(60).describe('Loading the kernel.'),
      'back-s': seconds.default(600).describe('Until its own system answers again.'),
    })
    .prefault({}),
});

/** The schema of each kind of description. */
export const schemas = { ipmi, ssh } as const;

export type IpmiDescription = z.output<typeof ipmi>;
export type SshDescription = z.output<typeof ssh>;
export type KexecCommands = z.output<typeof kexec>;
export type Keys = z.output<typeof shell>['keys'];
/** A device of the user's own, with all defaults filled in. */
export type Description = IpmiDescription | SshDescription;

function isExpression(text: string, context: z.RefinementCtx<string>): void {
  const message = patternFault(text);
  if (message !== undefined) context.addIssue({ code: 'custom', message });
}
