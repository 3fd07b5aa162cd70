// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { devicesOf, readMutants } from '../mutants/mutants.js';
import { mutantsDir } from '../mutants/build.js';
import { isJoinable, joinVariants, patchOf } from '../mutants/schemata.js';

const file = `#include <stdlib.h>
#include <string.h>

static int limit = 3;
static int seen;

static int allowed(int asked)
{
	return asked < limit;
}

/* Says what it saw. */
static void look(int asked,
		 int twice)
{
	if (twice)
		asked *= 2;
	seen = asked;
}

#define __init
#define early_param(name, function)
static int kstrtoint(const char *text, int base, int *to)
{
	*to = strtol(text, NULL, base);
	return 0;
}

int main(int count, char **words)
{
	extern int busyguest_mutant;

	busyguest_mutant = atoi(words[1]);
	look(2, 1);
	return allowed(seen) * 10 + seen;
}
`;
const name = 'a.c';
const base = new Map([[name, file]]);
const variant = (number: number, from: string, to: string) => {
  assert.ok(file.includes(from));
  return { number, files: new Map([[name, file.replace(from, to)]]) };
};

test('a joined file does what each variant does, and without a number what the base does', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-schemata-'));
  t.after(() => rm(dir, { recursive: true, force: true }));
  const variants = [
    variant(1, 'asked < limit', 'asked < limit + 2'),
    variant(2, 'asked *= 2', 'asked *= 3'),
    variant(
      3,
      'static int allowed(int asked)\n{\n\treturn asked < limit;',
      'static int more(void)\n{\n\treturn 9;\n}\n\nstatic int allowed(int asked)\n{\n\treturn asked < more();',
    ),
  ];
  assert.ok(variants.every((one) => isJoinable(base, one)));
  const joined = joinVariants(base, variants);
  await writeFile(join(dir, name), file);
  const patch = patchOf(base, joined);
  execFileSync('patch', ['-p1', '--fuzz=0', '--batch'], { cwd: dir, input: patch });
  assert.equal(await readFile(join(dir, name), 'utf8'), joined.get(name));
  execFileSync('cc', ['-o', 'joined', name], { cwd: dir });
  const says = (number: number): number => {
    try {
      execFileSync(join(dir, 'joined'), [String(number)]);
      return 0;
    } catch (error) {
      return (error as { status: number }).status;
    }
  };
  assert.deepEqual([0, 1, 2, 3].map(says), [4, 14, 6, 14]);
});

test('a variant that changes more than functions is built by itself', () => {
  assert.ok(!isJoinable(base, variant(1, 'limit = 3', 'limit = 4')));
  assert.ok(!isJoinable(base, { number: 1, files: new Map([['Kconfig', 'config KVM']]) }));
});

test('every mutant has its patch, every patch its row, and a reach that is there', async () => {
  const mutants = await readMutants();
  const all = [...mutants.wrong, ...mutants.right];
  const rows = all.map((kernel) => `${kernel.name}.patch`).sort();
  const patches = (await readdir(mutantsDir)).filter((one) => one.endsWith('.patch')).sort();
  assert.deepEqual(rows, patches);
  // Throws for a reach that is not there; what no device reaches has an empty one.
  for (const kernel of all) devicesOf(mutants, kernel);
  assert.ok(mutants.wrong.length >= 30 && mutants.right.length >= 5);
});
