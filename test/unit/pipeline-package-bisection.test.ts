// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { bisect, type BisectAnswer, type Candidate } from '../../src/pipeline/bisect.js';
import { PackageBisection } from '../../src/pipeline/package-bisection.js';
import type { BisectOutcome } from '../../src/verdict/bisect-outcome.js';

const signal = new AbortController().signal;
const row = (count: number): string[] => Array.from({ length: count }, (_, n) => `v${n}`);

async function folder(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true }));
  return dir;
}

/** Runs a bisection in `dir`; stops after so many tests, as if killed. */
async function find(
  dir: string,
  names: readonly string[],
  outcomeOf: (n: number) => BisectOutcome,
  atMost = 100,
  releaseOf: (n: number) => string = () => '',
): Promise<{ answer: BisectAnswer | undefined; tested: string[] }> {
  const tested: string[] = [];
  const look = ({ id }: Candidate) => {
    if (tested.length >= atMost) throw new Error('killed');
    tested.push(id);
    const n = Number(id.slice(1));
    return Promise.resolve({ outcome: outcomeOf(n), text: '', release: releaseOf(n) });
  };
  const candidates = new PackageBisection(dir, names, 'TURNED');
  const answer = await bisect(candidates, look, () => undefined, signal).catch((error: unknown) => {
    if ((error as Error).message !== 'killed') throw error;
    return undefined;
  });
  return { answer, tested };
}

const first = (answer: BisectAnswer | undefined): string | undefined =>
  answer?.end.kind === 'found' ? answer.end.first.id : undefined;

for (const planted of [1, 2, 7, 14, 15]) {
  test(`finds the first bad of 16 packages, ${planted}, and proves it`, async (context) => {
    const outcomeOf = (n: number): BisectOutcome => (n >= planted ? 'bad' : 'good');
    const { answer, tested } = await find(await folder(context), row(16), outcomeOf);
    assert.equal(first(answer), `v${planted}`);
    assert.equal(answer?.proven, true);
    assert.ok(tested.length <= 6, tested.join());
    assert.equal(new Set(tested).size, tested.length);
  });
}

test('what was seen of each package is said once', async (context) => {
  const said: string[] = [];
  const look = ({ id }: Candidate) =>
    Promise.resolve({
      outcome: Number(id.slice(1)) < 5 ? 'good' : 'bad',
      text: `reason ${id}.`,
    } as const);
  const candidates = new PackageBisection(await folder(context), row(9), '');
  await bisect(candidates, look, (line) => said.push(line), signal);
  const reasons = said.flatMap((line) => line.match(/reason v\d\./g) ?? []);
  assert.ok(reasons.length >= 4, said.join('\n'));
  assert.equal(new Set(reasons).size, reasons.length, said.join('\n'));
});

test('two packages: nothing lies between them, both are tested', async (context) => {
  const { answer, tested } = await find(await folder(context), row(2), (n) => (n ? 'bad' : 'good'));
  assert.deepEqual([first(answer), answer?.proven, tested], ['v1', true, ['v0', 'v1']]);
});

test('ends that leave nothing to look for: said at once, nothing else is tested', async (context) => {
  for (const [says, outcomeOf] of [
    [/v0 keeps the limit, and v4 keeps the limit too/, () => 'good'],
    [/v0 breaks the limit, and v4 breaks the limit too/, () => 'bad'],
    [/v0 tells nothing, and v4 keeps the limit/, (n) => (n === 4 ? 'good' : 'skip')],
  ] as const satisfies readonly (readonly [RegExp, (n: number) => BisectOutcome])[]) {
    const seen: number[] = [];
    const look = (n: number): BisectOutcome => {
      seen.push(n);
      return outcomeOf(n);
    };
    await assert.rejects(find(await folder(context), row(5), look), says);
    assert.deepEqual(seen, [0, 4]);
  }
});

test('the oldest is broken and the newest is not: the first that is fixed, and the proof', async (context) => {
  const { answer } = await find(await folder(context), row(9), (n) => (n >= 6 ? 'good' : 'bad'));
  assert.deepEqual([first(answer), answer?.sought, answer?.proven], ['v6', 'good', true]);
  const evidence = answer?.evidence.map(({ candidate, result }) => [candidate.id, result.outcome]);
  assert.deepEqual(evidence, [
    ['v6', 'good'],
    ['v5', 'bad'],
  ]);
});

test('a row that is newest first is refused with the command for the other way round', async (context) => {
  for (const outcomeOf of [
    (n: number): BisectOutcome => (n >= 2 ? 'good' : 'bad'),
    (n: number): BisectOutcome => (n >= 2 ? 'bad' : 'good'),
  ]) {
    const descending = (n: number): string => `7.${20 - n}.3-powerpc64le`;
    await assert.rejects(
      find(await folder(context), row(5), outcomeOf, 2, descending),
      /the row is newest first: v0 is kernel 7\.20\.3-\S+, and v4 is 7\.16\.3-\S+; the other way round: TURNED/,
    );
  }
  const ascending = (n: number): string => `6.${9 + n}.107+deb13`;
  const { answer } = await find(
    await folder(context),
    row(5),
    (n) => (n >= 2 ? 'bad' : 'good'),
    100,
    ascending,
  );
  assert.equal(first(answer), 'v2');
});

test('packages that cannot be told are skipped; when only they are left, all are named', async (context) => {
  const around = await find(await folder(context), row(9), (n) =>
    n === 4 ? 'skip' : n >= 3 ? 'bad' : 'good',
  );
  assert.equal(first(around.answer), 'v3');
  const { answer } = await find(await folder(context), row(9), (n) =>
    n >= 3 && n <= 5 ? 'skip' : n >= 6 ? 'bad' : 'good',
  );
  assert.ok(answer?.end.kind === 'skipped');
  assert.deepEqual(
    answer.end.among.map(({ id }) => id),
    ['v3', 'v4', 'v5', 'v6'],
  );
});

test('a killed bisection goes on where it was', async (context) => {
  const dir = await folder(context);
  const outcomeOf = (n: number): BisectOutcome => (n >= 11 ? 'bad' : 'good');
  const begun = await find(dir, row(16), outcomeOf, 4);
  assert.equal(begun.answer, undefined);
  const rest = await find(dir, row(16), outcomeOf);
  assert.equal(first(rest.answer), 'v11');
  // Only the ends and what the proof needs are looked at twice: their results are in the cache.
  const again = rest.tested.filter((one) => begun.tested.includes(one));
  assert.ok(rest.tested.length <= 6, rest.tested.join());
  assert.ok(
    again.every((one) => ['v0', 'v15', 'v10', 'v11'].includes(one)),
    again.join(),
  );
});
