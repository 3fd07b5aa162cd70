// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { diffText } from '../../src/kernels/diff-text.js';
import { seriesDigest } from '../../src/kernels/series.js';
import { projectDir } from '../../src/system/files.js';

const diff = `diff --git a/f b/f
--- a/f
+++ b/f
@@ -1,2 +1,2 @@ int main(void)
 a
-b
+c
@@ -9 +9 @@
-x
\\ No newline at end of file
+y
\\ No newline at end of file
`;
const mail = (message: string): string =>
  `From 1234 Mon Sep 17 00:00:00 2001\nSubject: [PATCH] x\n\n${message}\n---\n f | 2 +-\n\n${diff}-- \n2.39.5\n`;
const digest = (text: string): string => seriesDigest([{ name: 'p', text }]);

test('a reworded message, another git, a moved function name: the same patch', () => {
  const same = digest(diff);
  assert.equal(digest(mail('one')), same);
  assert.equal(digest(mail('two\n\nSigned-off-by: A <a@example.org>')), same);
  assert.equal(digest(diff.replace('int main(void)', 'int start(void)')), same);
  assert.equal(digest(diff.replace('--- a/f', 'index 1234..5678 100644\n--- a/f')), same);
});

test('what changes files changes the identity', () => {
  const changes: [string, string][] = [
    ['+c', '+d'],
    [' a\n', ' A\n'],
    ['+++ b/f', '+++ b/g'],
    ['@@ -9 +9 @@', '@@ -8 +8 @@'],
    ['+y\n\\ No newline at end of file', '+y'],
    ['--- a/f', 'new file mode 100755\n--- a/f'],
    ['--- a/f', 'rename from g\n--- a/f'],
  ];
  for (const [from, to] of changes) {
    assert.ok(diff.includes(from));
    assert.notEqual(digest(diff.replace(from, to)), digest(diff), `${from} -> ${to}`);
  }
});

test('lines of a hunk that look like the end of a mail, or like headers, stay', () => {
  const odd = '--- a/f\n+++ b/f\n@@ -1,3 +1,2 @@\n--- a\n-- \n+++ b\n -- ';
  assert.equal(diffText(`${odd}\n-- \n2.39.5\n`), odd);
});

test('what might be another kind of diff is taken as a whole', () => {
  const context = '*** a/f\n--- b/f\n***************\n*** 1 ****\n! a\n--- 1 ----\n! b\n';
  const indented = `  --- a/f\n  +++ b/f\n  @@ -1 +1 @@\n  -a\n  +b\n${diff}`;
  for (const text of [
    context,
    indented,
    `3c3\n< a\n---\n> b\n${diff}`,
    'nothing',
    diff.slice(0, 40),
  ])
    assert.equal(diffText(text), text);
  const cut = diff.slice(0, diff.indexOf('-x'));
  assert.equal(diffText(cut), cut);
});

test('the fix that ships: its diff and no word of its message', () => {
  const file = '0001-KVM-PPC-Book3S-HV-Run-pending-task-work-before-guest.patch';
  const path = join(projectDir, 'jobs/patches/kvm-hv-xfer-to-guest', file);
  const text = diffText(readFileSync(path, 'utf8'));
  assert.doesNotMatch(text, /Subject|Signed-off|^index /m);
  assert.match(text, /^diff --git .*\n--- a/);
  assert.match(text, /VIRT_XFER_TO_GUEST_WORK/);
});
