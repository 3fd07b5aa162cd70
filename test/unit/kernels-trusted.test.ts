// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chownSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { withWorkTree } from '../../src/kernels/work-tree.js';
import { treeInCache } from '../../src/kernels/debian-source.js';
import { InfraError } from '../../src/model/errors.js';
import { projectDir } from '../../src/system/files.js';
import { programPath } from '../../src/system/program.js';
import { noSandbox } from './needs-sandbox.js';
import { ownCache } from './own-cache.js';

/** Runs a script where bubblewrap is not to be found; its lines. */
function without(script: string, env: Record<string, string> = {}): string[] {
  const code = `
    const { assertMayRun, sandboxWord } = await import(${JSON.stringify(join(projectDir, 'dist/src/kernels/trusted.js'))});
    const { caged } = await import(${JSON.stringify(join(projectDir, 'dist/src/system/cage.js'))});
    const tell = (what) => what.then(() => console.log('goes on'), (error) => console.log(error.stage, error.message));
    ${script}`;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    env: { ...process.env, PATH: '/nonexistent', BUSYGUEST_SANDBOX: '', ...env },
    encoding: 'utf8',
  });
  return out.trim().split('\n');
}

const own = join(projectDir, 'jobs/patches/kvm-hv-xfer-to-guest');

test("without a sandbox Debian's sources and the user's own trees are built, and no patch of others", async (context) => {
  const { dir } = await ownCache(context);
  const [mine, other] = [join(dir, 'mine'), join(dir, 'other')];
  for (const path of [mine, other]) mkdirSync(path);
  if (process.getuid?.() === 0) chownSync(other, 4242, 4242);
  const ask = (source: string, ...patches: string[]): string =>
    `await tell(assertMayRun(${JSON.stringify([source])}, ${JSON.stringify(patches)}));`;
  const goesOn = ['debian:linux-source', mine, `${mine}#v7.2`].map((source) => ask(source, own));
  assert.deepEqual(without(goesOn.join('\n')), ['goes on', 'goes on', 'goes on']);
  const foreign = process.getuid?.() === 0 ? [other, `${other}#v7.2`] : [];
  const refused = [
    ...foreign.map((source) => ask(source)),
    ask('git+https://example.org/linux.git#main'),
    ask('linux-7.2.tar.xz'),
    ask('debian:linux-source', own, 'series.mbox'),
    ask(mine, `${own}/../../../../series.mbox`),
  ];
  for (const line of without(refused.join('\n')))
    assert.match(line, /^sandbox .* there is no sandbox: bubblewrap is missing/);
  assert.deepEqual(without(refused.join('\n'), { BUSYGUEST_SANDBOX: 'off' }), [
    ...refused.map(() => 'goes on'),
  ]);
});

test('without a sandbox nothing is run that nobody has said is trusted, and there is a word', () => {
  const script = `await tell(caged(['true'], {})); await tell(caged(['true'], { trusted: true }));
    console.log(await sandboxWord());`;
  const [one, two, word] = without(script);
  assert.match(one ?? '', /^sandbox true would run .* no sandbox/);
  assert.equal(two, 'goes on');
  assert.match(
    word ?? '',
    /^no sandbox: bubblewrap is missing.*only Debian's sources and your own/,
  );
  assert.deepEqual(without(script, { BUSYGUEST_SANDBOX: 'off' }), [
    ...['goes on', 'goes on', 'no sandbox: BUSYGUEST_SANDBOX=off'],
  ]);
});

/** bubblewrap as it is where AppArmor holds it; the words are Ubuntu's. */
const held: readonly (readonly [says: string, script: string])[] = [
  [
    'setting up uid map: Permission denied',
    'echo "bwrap: setting up uid map: Permission denied" >&2; exit 1',
  ],
  [
    'loopback: Failed RTM_NEWADDR: Operation not permitted',
    'echo "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted" >&2; exit 1',
  ],
  // The profile bwrap-userns-restrict: what bwrap starts has no power, so root cannot become nobody.
  [
    'setresuid failed: Operation not permitted',
    'args=(); while [ $# -gt 0 ]; do if [ "$1" = --cap-add ]; then shift; else args+=("$1"); fi; shift; done; exec BWRAP --cap-drop ALL "${args[@]}"',
  ],
];

test('where AppArmor holds bubblewrap, that is said, and what to do', async (context) => {
  const { dir } = await ownCache(context);
  const docs = readFileSync(join(projectDir, 'docs/security.md'), 'utf8').replace(/\s+/g, ' ');
  const real = await programPath('bwrap');
  for (const [index, [says, script]] of held.entries()) {
    if (script.includes('BWRAP') && (noSandbox || process.getuid?.() !== 0)) continue;
    const bin = join(dir, `bin${index}`);
    mkdirSync(bin);
    const stub = `#!/bin/bash\n[ "$1" = --version ] && { echo bubblewrap 0.9.0; exit; }\n${script}\n`;
    writeFileSync(join(bin, 'bwrap'), stub.replace('BWRAP', real ?? ''), { mode: 0o755 });
    const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const tell = `await tell(assertMayRun(['linux.tar.xz'], [])); console.log(await sandboxWord());`;
    const [asked, word] = without(tell, env);
    assert.match(asked ?? '', /^sandbox linux.tar.xz would run what strangers wrote/);
    for (const line of [asked, word]) assert.ok(line?.includes(says), line);
    assert.ok(docs.includes(says), says);
  }
});

test("a cache in whose path make takes no kernel is not the kernel's fault", async (context) => {
  const { dir } = await ownCache(context);
  const { signal } = new AbortController();
  for (const name of ['a b', 'a:b', 'a$b', "a'b", 'a#b']) {
    process.env['BUSYGUEST_CACHE'] = join(dir, name);
    const source = treeInCache('one', 'one', join(dir, 'one'));
    const work = withWorkTree(source, signal, () => Promise.resolve());
    await assert.rejects(work, (error) => error instanceof InfraError && error.stage === 'cache');
  }
});
