// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const src = fileURLToPath(new URL('../../../src', import.meta.url));

/** What each folder of src/ may import besides itself: the last column of the table in docs/architecture.md. */
const table = readFileSync(join(src, '..', 'docs', 'architecture.md'), 'utf8').matchAll(
  /^\| `src\/(\w+)\/` \|.*\| ((?!everything)[a-z, ]+) \|$/gm,
);
const allowed: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  [...table].map(([, folder = '', may = '']) => [folder, may === 'nothing' ? [] : may.split(', ')]),
);
/** These join the stages and may import everything but what stands above them. */
const joiners = ['pipeline', 'cli', 'main.ts'];
/** Of the project as a whole. */
const ofTheProject = [
  'imports.test.ts',
  'supply.test.ts',
  'fuzz.test.ts',
  'mutants-schemata.test.ts',
];
/** No effects: not even Node.js' own modules. */
const pure = ['model', 'console', 'ktap', 'verdict', 'payload'];
/** Libraries without effects. */
const pureLibraries = ['zod'];

interface Import {
  readonly file: string;
  readonly folder: string;
  readonly target: string;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(src, file), 'utf8');
  const folder = file.split('/')[0] ?? '';
  return [...text.matchAll(/(?:from|import\()\s*'([^']+)'/g)].map((match) => {
    const name = match[1] ?? '';
    const target = name.startsWith('.') ? normalize(join(dirname(file), name)) : name;
    return { file, folder, target };
  });
}

const imports = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .flatMap(importsOf);

/** What is wrong with an import, or undefined. */
function fault({ file, folder, target }: Import): string | undefined {
  const isOurs = /^[a-z]+(\/|\.js$)/.test(target) && !/^node:/.test(target);
  const targetFolder = target.split('/')[0] ?? '';
  if (pure.includes(folder) && !(targetFolder in allowed) && !pureLibraries.includes(target))
    return `${file}: ${target} is no part of the pure middle`;
  if (!isOurs || !(targetFolder in allowed || joiners.includes(targetFolder))) return undefined;
  if (joiners.includes(folder)) {
    return folder === 'pipeline' && targetFolder === 'cli'
      ? `${file}: ${target} stands above it`
      : undefined;
  }
  const may = [folder, ...(allowed[folder] ?? [])];
  return may.includes(targetFolder) ? undefined : `${file}: ${folder} may not import ${target}`;
}

test('every folder imports only what docs/architecture.md lets it', () => {
  assert.deepEqual(
    imports.map(fault).filter((one) => one !== undefined),
    [],
  );
});

test('the table has every folder, and no other', () => {
  const folders = readdirSync(src, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !joiners.includes(entry.name))
    .map(({ name }) => name);
  assert.deepEqual(Object.keys(allowed).sort(), folders.sort());
});

test('unit tests are named after what they test', () => {
  const subjects = [...Object.keys(allowed), ...joiners, 'guest-images', 'docs', 'bench'];
  const names = readdirSync(join(src, '..', 'test', 'unit'))
    .filter((name) => name.endsWith('.test.ts') && !ofTheProject.includes(name))
    .filter(
      (name) =>
        !subjects.some(
          (subject) => name.startsWith(`${subject}-`) || name === `${subject}.test.ts`,
        ),
    );
  assert.deepEqual(names, []);
});

test('the rule sees imports at all, and refuses the wrong ones', () => {
  assert.ok(imports.length > 100);
  const wrong = (file: string, target: string): Import => ({
    file,
    folder: file.split('/')[0] ?? '',
    target,
  });
  assert.ok(fault(wrong('ktap/x.ts', 'node:fs')));
  assert.ok(fault(wrong('jobs/x.ts', 'kernels/build.js')));
  assert.ok(fault(wrong('model/x.ts', 'system/files.js')));
  assert.ok(fault(wrong('pipeline/x.ts', 'cli/run.js')));
  assert.equal(fault(wrong('devices/x.ts', 'system/files.js')), undefined);
});
