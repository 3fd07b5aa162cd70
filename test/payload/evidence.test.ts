// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { projectDir } from '../../src/system/files.js';

const program = join(projectDir, 'guest-images', 'busy-guest');
const dir = mkdtempSync(join(tmpdir(), 'busyguest-evidence-'));
after(() => rmSync(dir, { recursive: true }));

/** As many blocks of windows as the payload watches at most, and as many tests as it makes (contest.c). */
const blocks = 72;
const tests = 6;

interface Entry {
  readonly log10: number;
  readonly certain: boolean;
  readonly suspicious: boolean;
}

/** What the payload's own code says, built for this machine, of `pro` and `contra` pairs. */
function table(): Map<string, Entry> {
  const binary = join(dir, 'evidence-table');
  const sources = [
    join(projectDir, 'test', 'fixtures', 'c', 'evidence-table.c'),
    join(program, 'evidence.c'),
  ];
  const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-fsanitize=address,undefined'];
  execFileSync('gcc', [...flags, `-I${program}`, '-o', binary, ...sources]);
  const text = execFileSync(binary, [String(blocks), String(tests)], { encoding: 'utf8' });
  const lines = text.trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [pro, contra, milli, certain, suspicious] = line.split(' ').map(Number);
      const entry = {
        log10: (milli ?? NaN) / 1000,
        certain: certain === 1,
        suspicious: suspicious === 1,
      };
      return [`${pro} ${contra}`, entry];
    }),
  );
}

const entries = table();
const of = (pro: number, contra: number): Entry => {
  const entry = entries.get(`${pro} ${contra}`);
  assert.ok(entry, `${pro} ${contra}`);
  return entry;
};

test('evidence: 24 pairs without a contrary one are enough, 23 are not', () => {
  assert.equal(of(23, 0).certain, false);
  assert.equal(of(24, 0).certain, true);
  assert.equal(of(28, 1).certain, false);
  assert.equal(of(29, 1).certain, true);
  assert.equal(of(0, 72).certain, false);
});

test('evidence: concordant pairs say nothing', () => {
  assert.equal(of(0, 0).log10, 0);
});

test('evidence: the stake is fair', () => {
  const mean = (10 ** of(1, 0).log10 + 10 ** of(0, 1).log10) / 2;
  assert.ok(mean <= 1.001 && mean > 0.99, String(mean));
});

/** The probability that a fair coin, stopped at the best moment for us, ever meets the condition. */
function everMet(condition: (entry: Entry) => boolean): number {
  let alive = new Map<number, number>([[0, 1]]);
  let met = 0;
  for (let pairs = 1; pairs <= blocks; pairs += 1) {
    const next = new Map<number, number>();
    for (const [pro, probability] of alive) {
      for (const after of [pro, pro + 1]) {
        const half = probability / 2;
        if (condition(of(after, pairs - after))) met += half;
        else next.set(after, (next.get(after) ?? 0) + half);
      }
    }
    alive = next;
  }
  return met;
}

test('evidence: alike windows make one of the tests certain less than once in 10^6 jobs', () => {
  const error = tests * everMet(({ certain }) => certain);
  assert.ok(error > 0 && error < 1e-6, String(error));
});

test('evidence: alike windows look suspicious less than once in 20', () => {
  const error = everMet(({ suspicious }) => suspicious);
  assert.ok(error > 0 && error < 1 / 20, String(error));
});
