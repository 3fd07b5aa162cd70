// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { commitOf, GitBisect, inOrder, type Commit } from '../../src/kernels/git-bisect.js';
import { bisect, type BisectAnswer, type Sought } from '../../src/pipeline/bisect.js';
import type { BisectOutcome } from '../../src/verdict/bisect-outcome.js';

const signal = new AbortController().signal;
type Oracle = (n: number) => BisectOutcome;

const sh = (cwd: string, script: string): string =>
  execFileSync('bash', ['-ec', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
    .toString()
    .trim();

/** A history of commits "0" to "12", the user's branch on an older one, with work that is not committed. */
async function history(context: TestContext): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'busyguest-test-'));
  context.after(() => rm(dir, { recursive: true }));
  const tree = join(dir, 'linux');
  await mkdir(tree);
  sh(
    tree,
    `git init -q -b main; git config user.name a; git config user.email a@example.org
    for n in $(seq 0 12); do git commit -q --allow-empty -m $n; git tag t$n; done
    git checkout -q -b mine t3; echo x > file; git add file; echo y > untracked`,
  );
  return tree;
}

const state = (tree: string): string =>
  sh(
    tree,
    'git status --porcelain; git for-each-ref; git worktree list; sha1sum .git/index .git/HEAD; ls .git',
  );

async function begin(tree: string, good: string, bad: string): Promise<GitBisect> {
  const git = new GitBisect(join(tree, '..', 'private.git'));
  const ends = [await commitOf(tree, good, signal), await commitOf(tree, bad, signal)] as const;
  await git.start(tree, ...(await inOrder(tree, ...ends, signal)), signal);
  return git;
}

/** Runs a bisection; gives the commits that were tested, in order. */
async function find(
  git: GitBisect,
  oracle: Oracle,
  atMost = 100,
  expected: Sought = 'bad',
): Promise<{ answer: BisectAnswer | undefined; tested: string[] }> {
  const tested: string[] = [];
  const look = (commit: { subject: string }) => {
    if (tested.length >= atMost) throw new Error('enough');
    tested.push(commit.subject);
    return Promise.resolve({ outcome: oracle(Number(commit.subject)), text: '' });
  };
  const answer = await bisect(git, look, () => undefined, signal, expected).catch(
    (error: unknown) => {
      if ((error as Error).message !== 'enough') throw error;
      return undefined;
    },
  );
  return { answer, tested };
}

const first = (answer: BisectAnswer | undefined): string | undefined =>
  answer?.end.kind === 'found' ? answer.end.first.subject : undefined;

for (const planted of [1, 2, 6, 11, 12]) {
  test(`finds the planted commit ${planted} and proves it`, async (context) => {
    const tree = await history(context);
    const before = state(tree);
    const { answer, tested } = await find(await begin(tree, 't0', 'main'), (n) =>
      n >= planted ? 'bad' : 'good',
    );
    assert.equal(first(answer), String(planted));
    assert.equal(answer?.proven, true);
    assert.deepEqual(
      answer?.evidence.map(({ candidate, result }) => [candidate.subject, result.outcome]),
      [
        [String(planted), 'bad'],
        [String(planted - 1), 'good'],
      ],
    );
    assert.ok(tested.length <= 6, `${tested.join()} were tested`);
    assert.equal(new Set(tested).size, tested.length, 'no commit is tested twice');
    assert.equal(state(tree), before, "the user's repository is as it was");
  });
}

test('an interrupted bisection goes on where it was', async (context) => {
  const tree = await history(context);
  const oracle: Oracle = (n) => (n >= 8 ? 'bad' : 'good');
  const whole = await find(await begin(tree, 't0', 'main'), oracle);
  await rm(join(tree, '..', 'private.git'), { recursive: true });
  const { tested } = await find(await begin(tree, 't0', 'main'), oracle, 4);
  const rest = await find(new GitBisect(join(tree, '..', 'private.git')), oracle);
  assert.equal(first(rest.answer), '8');
  assert.equal(first(whole.answer), '8');
  const again = rest.tested.filter((one) => tested.includes(one));
  assert.equal(tested.length, 4);
  assert.ok(rest.tested.length < whole.tested.length, again.join());
});

test('commits that cannot be told are skipped; when only they are left, all are named', async (context) => {
  const tree = await history(context);
  const around = await find(await begin(tree, 't0', 'main'), (n) =>
    n === 6 ? 'skip' : n >= 4 ? 'bad' : 'good',
  );
  assert.equal(first(around.answer), '4');
  await rm(join(tree, '..', 'private.git'), { recursive: true });
  const { answer } = await find(await begin(tree, 't0', 'main'), (n) =>
    n >= 5 && n <= 7 ? 'skip' : n >= 6 ? 'bad' : 'good',
  );
  assert.ok(answer?.end.kind === 'skipped');
  const among = answer.end.among
    .map(({ subject }: Commit) => Number(subject))
    .sort((a, b) => a - b);
  assert.deepEqual(among, [5, 6, 7, 8]);
  assert.equal(answer.proven, false);
});

test('the older end is broken and the newer one is not: the commit that mended it, whatever the ends are called', async (context) => {
  const tree = await history(context);
  const oracle: Oracle = (n) => (n >= 7 ? 'good' : 'bad');
  for (const [good, bad] of [
    ['t0', 'main'],
    ['main', 't0'],
  ] as const) {
    const { answer } = await find(await begin(tree, good, bad), oracle);
    assert.deepEqual([first(answer), answer?.sought, answer?.proven], ['7', 'good', true]);
    assert.deepEqual(
      answer?.evidence.map(({ candidate, result }) => [candidate.subject, result.outcome]),
      [
        ['7', 'good'],
        ['6', 'bad'],
      ],
    );
    await rm(join(tree, '..', 'private.git'), { recursive: true });
  }
});

test('--good and --bad swapped: the commit that broke it is found all the same', async (context) => {
  const tree = await history(context);
  const { answer } = await find(await begin(tree, 'main', 't0'), (n) => (n >= 5 ? 'bad' : 'good'));
  assert.deepEqual([first(answer), answer?.sought, answer?.proven], ['5', 'bad', true]);
});

test('ends that leave nothing to look for: said before anything between them is tested', async (context) => {
  const tree = await history(context);
  const fails = async (oracle: Oracle, says: RegExp, expected?: Sought): Promise<void> => {
    await assert.rejects(find(await begin(tree, 't0', 'main'), oracle, 2, expected), says);
    await rm(join(tree, '..', 'private.git'), { recursive: true });
  };
  await fails(() => 'bad', /[0-9a-f]{12} 0 breaks the limit, and [0-9a-f]{12} 12 breaks the limit/);
  await fails(() => 'good', /[0-9a-f]{12} 0 keeps the limit, and [0-9a-f]{12} 12 keeps the limit/);
  // One end alone does not turn what the user looks for into its opposite.
  const untold: Oracle = (n) => (n === 0 ? 'skip' : 'good');
  await fails(untold, / 0 tells nothing, and .* 12 keeps the limit: this is not what/);
  await fails((n) => (n === 0 ? 'good' : 'skip'), / 12 tells nothing/, 'good');
});

test('ends of two branches: git tests where they part, and what began there is not blamed on the branch', async (context) => {
  const tree = await history(context);
  sh(tree, 'git commit -q -m 20; git tag stable');
  const { answer } = await find(await begin(tree, 'stable', 'main'), (n) =>
    n >= 8 && n <= 12 ? 'bad' : 'good',
  );
  assert.equal(first(answer), '8');
  await rm(join(tree, '..', 'private.git'), { recursive: true });
  const mendedOnBranch: Oracle = (n) => (n === 20 ? 'good' : 'bad');
  await assert.rejects(
    find(await begin(tree, 'stable', 'main'), mendedOnBranch),
    /^JobError: [0-9a-f]{12}, where the histories of the two ends part, is as the newer end already; take [0-9a-f]{12} in place/,
  );
});

test('refs that are not there', async (context) => {
  const tree = await history(context);
  await assert.rejects(commitOf(tree, 'nowhere', signal), /no commit "nowhere"/);
  await assert.rejects(commitOf(join(tree, '..'), 'HEAD', signal), /not a git repository/);
});

test('a shallow clone: the bisection goes as far back as it has history', async (context) => {
  const tree = await history(context);
  sh(join(tree, '..'), `git clone -q --depth 8 -b main file://${tree} shallow`);
  const shallow = join(tree, '..', 'shallow');
  const { answer } = await find(await begin(shallow, 'main~7', 'main'), (n) =>
    n >= 9 ? 'bad' : 'good',
  );
  assert.equal(first(answer), '9');
});
