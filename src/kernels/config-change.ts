// SPDX-License-Identifier: MIT
import { posix } from 'node:path';
import { run } from '../system/processes.js';
import { changedSymbols, hasEffect, mentioned, readSymbols, redefined } from './config-effect.js';
import { make, type Work } from './make.js';
import { dateBuilt, readBuilt } from './tree-file.js';

/** Of more changed symbols than this, nearly everything sees one. */
const mostSymbols = 50;

/**
 * After a kept object tree was configured anew: keeps from being compiled again what cannot see that symbols of its
 * config have changed. kbuild compiles all that includes a file in which a symbol is named; of these files, those that
 * mean the same under both configs do not count. `seconds` is the time of what is kept.
 */
export async function narrowConfigChange(work: Work, seconds: number): Promise<void> {
  const { obj, tree } = work;
  const autoConf = 'include/config/auto.conf';
  const old = await readBuilt(obj, autoConf);
  if (old === undefined) return;
  await make(work, ['-s', 'syncconfig']);
  const [before, after] = [readSymbols(old), readSymbols((await readBuilt(obj, autoConf)) ?? '')];
  const changed = new Set(changedSymbols(before, after));
  if (changed.size === 0 || changed.size > mostSymbols) return;
  const marks = [...changed].map((name) => `include/config/${name.slice('CONFIG_'.length)}`);
  const users = await usersOf(marks, work);
  const texts = new Map<string, string>();
  for (const path of users) {
    const text = await readBuilt(tree, fromTree(path));
    if (text !== undefined) texts.set(path, text);
  }
  const unknown = new Set([...texts.values()].flatMap(redefined));
  for (const [path, text] of texts) {
    if (path.endsWith('/autoconf.h')) continue;
    if (![...mentioned(text)].some((name) => changed.has(name))) continue;
    if (!hasEffect(text, before, after, unknown)) continue;
    await dateBuilt(tree, fromTree(path), seconds + 1);
  }
  const named = await namedByMakefiles(marks, work);
  for (const mark of marks.filter((one) => !named.has(one))) {
    await dateBuilt(obj, mark, seconds);
  }
}

/** A path that a build names from its object tree, from the top of the tree: the build's word, so perhaps outside. */
const fromTree = (path: string): string => posix.join('obj', path);

/** Files, relative to the object tree, that something was compiled from which depends on one of the marks. */
async function usersOf(marks: readonly string[], { obj, signal }: Work): Promise<Set<string>> {
  const found = new Set<string>();
  const { stdout } = await run(['find', '.', '-name', '.*.cmd', '-print0'], {
    stage: 'build',
    cwd: obj,
    signal,
  });
  const wanted = marks.map((mark) => `(wildcard ${mark})`);
  for (const name of stdout.split('\0').filter(Boolean)) {
    const text = (await readBuilt(obj, posix.normalize(name))) ?? '';
    if (!wanted.some((mark) => text.includes(mark))) continue;
    const source = /^source_\S+ := (\S+)$/m.exec(text)?.[1];
    const deps = /^deps_\S+ := \\\n((?:.*\\\n)*)/m.exec(text)?.[1] ?? '';
    const paths = deps.split(/[\s\\]+/).filter((path) => path !== '' && !/^\$|\)$/.test(path));
    for (const path of [...(source === undefined ? [] : [source]), ...paths]) found.add(path);
  }
  return found;
}

/** Marks that makefiles of kbuild itself look at. */
async function namedByMakefiles(marks: readonly string[], work: Work): Promise<Set<string>> {
  const argv = ['grep', '-rhoE', 'include/config/[A-Z0-9_]+', 'scripts', '--include=Makefile*'];
  const options = { stage: 'build', cwd: work.tree, signal: work.signal, okCodes: [0, 1, 2] };
  const { stdout } = await run(argv, options);
  const named = new Set(stdout.split('\n'));
  return new Set(marks.filter((mark) => named.has(mark)));
}
