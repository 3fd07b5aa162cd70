// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { usualArchitecture } from '../../src/architectures/architectures.js';
import { configure } from '../../src/kernels/config.js';
import { readKconfig } from '../../src/kernels/kconfig.js';
import type { Work } from '../../src/kernels/make.js';
import { JobError } from '../../src/model/errors.js';

/** fs/proc/Kconfig: PROC_SYSCTL selected SYSCTL until 7.2; since 7.3 SYSCTL has its place and its prompt. */
const sysctl72 = `config PROC_SYSCTL
	bool "Sysctl support (/proc/sys)" if EXPERT
	depends on PROC_FS
	select SYSCTL
	default y
	help
	  The sysctl interface provides a means of dynamically changing
	  certain kernel parameters.

config SYSCTL
	bool
`;
const sysctl73 = `config SYSCTL
	bool "Sysctl support (/proc/sys)" if EXPERT
	depends on PROC_FS
	default y
	help
	  config PROC_SYSCTL
	  is how this was called.
`;
/** kernel/Kconfig.preempt since 7.0, powerpc has ARCH_HAS_PREEMPT_LAZY. */
const preempt = `choice
	prompt "Preemption Model"
	default PREEMPT_LAZY if ARCH_HAS_PREEMPT_LAZY

config PREEMPT_VOLUNTARY
	bool "Voluntary Kernel Preemption (Desktop)"
	depends on !ARCH_HAS_PREEMPT_LAZY
	depends on !PREEMPT_RT

config PREEMPT_LAZY
	bool "Scheduler controlled preemption model"
	depends on ARCH_HAS_PREEMPT_LAZY

endchoice

if CGROUPS
menuconfig CGROUP_SCHED
	bool "CPU controller"
	default n

if CGROUP_SCHED
config CFS_BANDWIDTH
	bool "CPU bandwidth provisioning for FAIR_GROUP_SCHED"
	depends on FAIR_GROUP_SCHED && \\
		   !SCHED_OTHER
endif
endif

config EVENTFD
	bool
	default y
`;

async function treeWith(context: TestContext, proc: string, takes: string): Promise<string> {
  const tree = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(tree, { recursive: true }));
  const files = {
    Kconfig: 'mainmenu "Linux"\n\nsource "arch/$(SRCARCH)/Kconfig"\nsource "fs/proc/Kconfig"\n',
    'arch/powerpc/Kconfig':
      'config PPC64\n\tbool "64-bit kernel"\nsource "kernel/Kconfig.preempt"\n',
    'arch/x86/Kconfig': 'config X86_64\n\tbool "64-bit kernel"\n',
    'fs/proc/Kconfig': proc,
    'kernel/Kconfig.preempt': preempt,
    // What Kconfig would give: of what it is asked for, that which matches.
    Makefile: `allnoconfig:\n\t-grep -E '${takes}' $(KCONFIG_ALLCONFIG) > $(O)/.config\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await writeFile(join(tree, name), text);
  }
  return tree;
}

const toolchain = {
  ...({ kind: 'gcc', choice: '', compiler: 'cc', versions: [] } as const),
  architecture: usualArchitecture,
};

const ownerIn =
  (dir: string) =>
  async (name: string): Promise<number> =>
    (await stat(join(dir, name))).uid;

/** The facts, or what is wrong, of a fragment in a tree whose Kconfig takes what matches. */
async function configured(
  context: TestContext,
  text: string,
  { ships = true, proc = sysctl73, takes = '^CONFIG_(SYSCTL|PROC_FS|PREEMPT_LAZY)=' } = {},
): Promise<unknown> {
  const tree = await treeWith(context, proc, takes);
  const { signal } = new AbortController();
  const work: Work = { kernel: 'k', key: 'k', tree, obj: tree, toolchain, signal, log: [] };
  try {
    const fragments = [{ file: '/x/some.config', text, ships }];
    const facts = await configure(work, { fragments });
    // Who builds upon this dates every file, which only its owner can.
    const [folder, asked] = await Promise.all(['.', 'busyguest.config'].map(ownerIn(tree)));
    assert.equal(asked, folder, 'as root: who owns what was written for the build');
    return { facts, config: await readFile(join(tree, '.config'), 'utf8') };
  } catch (error) {
    if (!(error instanceof JobError)) throw error;
    return error.problems.map(({ message, hint }) => `${message} -- ${hint}`);
  }
}

test('Kconfig files are read as ARCH=powerpc reads them: prompts, conditions, no help texts', async (context) => {
  const kconfig = await readKconfig(await treeWith(context, sysctl73, ''), usualArchitecture);
  assert.deepEqual([...kconfig.keys()].sort(), [
    ...['CFS_BANDWIDTH', 'CGROUP_SCHED', 'EVENTFD', 'PPC64', 'PREEMPT_LAZY', 'PREEMPT_VOLUNTARY'],
    'SYSCTL',
  ]);
  assert.deepEqual(kconfig.get('SYSCTL'), { prompt: true, needs: ['EXPERT', 'PROC_FS'] });
  assert.deepEqual(kconfig.get('EVENTFD'), { prompt: false, needs: [] });
  assert.deepEqual(kconfig.get('CFS_BANDWIDTH')?.needs, [
    ...['CGROUPS', 'CGROUP_SCHED', 'FAIR_GROUP_SCHED && !SCHED_OTHER'],
  ]);
  const before = await readKconfig(await treeWith(context, sysctl72, ''), usualArchitecture);
  assert.deepEqual(before.get('SYSCTL'), { prompt: false, needs: [] });
  assert.equal(before.get('PROC_SYSCTL')?.prompt, true);
});

test('no Kconfig file is read from outside of its tree', async (context) => {
  const tree = await treeWith(context, '', '');
  await writeFile(join(tree, 'outside.kconfig'), 'config OUTSIDE\n\tbool "x"\n');
  const inner = join(tree, 'inner');
  await mkdir(join(inner, 'fs'), { recursive: true });
  await writeFile(join(inner, 'Kconfig'), 'source "fs/link"\nsource "../outside.kconfig"\n');
  await symlink(join(tree, 'outside.kconfig'), join(inner, 'fs/link'));
  assert.deepEqual([...(await readKconfig(inner, usualArchitecture)).keys()], []);
});

test('renamed: the alternative of the line is taken, and the facts say so', async (context) => {
  assert.deepEqual(await configured(context, 'CONFIG_PROC_SYSCTL=y # or CONFIG_SYSCTL\n'), {
    facts: { kernel_config_instead: 'CONFIG_SYSCTL=y for CONFIG_PROC_SYSCTL=y' },
    config: 'CONFIG_SYSCTL=y\n',
  });
  // Where the first is there, the second is never asked for.
  const takes = '^CONFIG_(PROC_SYSCTL|SYSCTL)=';
  const line = 'CONFIG_PROC_SYSCTL=y # or CONFIG_SYSCTL\n';
  assert.deepEqual(await configured(context, line, { proc: sysctl72, takes }), {
    facts: {},
    config: 'CONFIG_PROC_SYSCTL=y\n',
  });
});

test('gone: what the test needs is an error that names it, other shipped lines are a fact', async (context) => {
  assert.deepEqual(
    await configured(context, 'CONFIG_OLD_OPTION=y\nCONFIG_SYSCTL=y\nCONFIG_EVENTFD=y\n'),
    {
      facts: {
        kernel_config_missing:
          'CONFIG_OLD_OPTION: wanted y, is gone; CONFIG_EVENTFD: wanted y, is n',
      },
      config: 'CONFIG_SYSCTL=y\n',
    },
  );
  const [problem, ...more] = (await configured(context, 'CONFIG_CFS_BANDWIDTH=y\n')) as string[];
  assert.deepEqual(more, []);
  assert.match(
    problem ?? '',
    /^kernel k: CONFIG_CFS_BANDWIDTH: wanted y, is n -- the test needs CONFIG_CFS_BANDWIDTH=y/,
  );
  assert.match(problem ?? '', /it needs CGROUPS, CGROUP_SCHED, FAIR_GROUP_SCHED && !SCHED_OTHER$/);
  // The same need, met by another symbol: a line that is gone is then none of the test's.
  assert.deepEqual(await configured(context, 'CONFIG_PROC_SYSCTL=y\nCONFIG_SYSCTL=y\n'), {
    facts: { kernel_config_missing: 'CONFIG_PROC_SYSCTL: wanted y, is gone' },
    config: 'CONFIG_SYSCTL=y\n',
  });
  const lone = (await configured(context, 'CONFIG_PROC_SYSCTL=y\n')) as string[];
  assert.match(
    lone.join(),
    /PROC_SYSCTL: wanted y, is gone -- the test needs CONFIG_PROC_SYSCTL or CONFIG_SYSCTL=y/,
  );
});

test('does not stick: an error with what the symbol needs, shipped or not, unless nothing will do too', async (context) => {
  for (const ships of [true, false]) {
    const found = await configured(context, 'CONFIG_PREEMPT_VOLUNTARY=y\n', { ships });
    assert.deepEqual(found, [
      "kernel k: CONFIG_PREEMPT_VOLUNTARY: wanted y, is n -- some.config asks for it, but this tree's Kconfig does not allow it: it needs !ARCH_HAS_PREEMPT_LAZY, !PREEMPT_RT",
    ]);
  }
  assert.deepEqual(
    await configured(context, 'CONFIG_PREEMPT_VOLUNTARY=y # or CONFIG_PREEMPT_LAZY\n'),
    {
      facts: { kernel_config_instead: 'CONFIG_PREEMPT_LAZY=y for CONFIG_PREEMPT_VOLUNTARY=y' },
      config: 'CONFIG_PREEMPT_LAZY=y\n',
    },
  );
  assert.deepEqual(await configured(context, 'CONFIG_PREEMPT_VOLUNTARY=y # or nothing\n'), {
    facts: { kernel_config_missing: 'CONFIG_PREEMPT_VOLUNTARY: wanted y, is n' },
    config: '',
  });
});

test("a user's fragment: a symbol that is gone may be misspelt, so it is an error", async (context) => {
  const own = { ships: false };
  const found = async (text: string): Promise<string> =>
    ((await configured(context, text, own)) as string[]).join();
  assert.match(
    await found('CONFIG_PREEMPT_LAZZY=y\n'),
    /no such symbol.*; did you mean CONFIG_PREEMPT_LAZY\?$/,
  );
  assert.doesNotMatch(await found('CONFIG_X86_64=y\n'), /did you mean/);
  assert.match(
    await found('CONFIG_EVENTFD=y\n'),
    /it has no prompt: other symbols and defaults decide its value$/,
  );
  assert.deepEqual(await configured(context, 'CONFIG_X86_64=y # or nothing\n', own), {
    facts: { kernel_config_missing: 'CONFIG_X86_64: wanted y, is gone' },
    config: '',
  });
});

test('several alternatives are tried in their order; none of them: the error names all', async (context) => {
  const line = 'CONFIG_A_OLD=y # or CONFIG_B_OLD or CONFIG_PREEMPT_LAZY\n';
  assert.deepEqual(await configured(context, line), {
    facts: { kernel_config_instead: 'CONFIG_PREEMPT_LAZY=y for CONFIG_A_OLD=y' },
    config: 'CONFIG_PREEMPT_LAZY=y\n',
  });
  const none = await configured(context, 'CONFIG_PREEMPT_VOLUNTARY=y # or CONFIG_PREEMPT_NONE=y\n');
  assert.match((none as string[]).join(), /asks for it or CONFIG_PREEMPT_NONE=y, but/);
});
